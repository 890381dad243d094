import Files
import Microstructures
import Pipelines
import Testing

@Suite struct NoveltyTests {
  private let folder = ScratchFolder()

  private func classified(
    _ model: ClusterModel, _ kinds: [MicrographKind], count: Int, seed: UInt64
  ) throws -> ClassificationResult {
    let place = folder("set-\(seed)")
    try makeFolder(place)
    let paths = try SmallMicrographs.write(kinds, count: count, seed: seed, to: place)
    let images = ImageSet(paths: paths, workingFolder: "/")
    return try MicrographClassification(model: model, images: images).run()
  }

  @Test func foreignTexturesAreFlaggedAndKnownOnesAreNot() throws {
    let known: [MicrographKind] = [.lamellarPearlite, .scratches]
    try makeFolder(folder("training"))
    let paths = try SmallMicrographs.write(known, count: 40, to: folder("training"))
    let fit = try SmallMicrographs.job(paths) { $0.clusters = "2" }.run()
    #expect(fit.model.limits.distance.isFinite && fit.model.limits.residual.isFinite)
    #expect(fit.model.limits.distance > 0 && fit.model.limits.residual > 0)
    // The limits leave 99 % of held-out training images below them: 2 limits, 80 images of the
    // same kinds, at most 1 in 10 beyond either.
    let same = try classified(fit.model, known, count: 40, seed: 500)
    #expect(same.flaggedCount <= 8, "\(same.flaggedCount) of 80")
    let foreign = try classified(
      fit.model, [.castDendrites, .dualPhaseIslands], count: 20, seed: 501)
    #expect(foreign.flaggedCount >= 38, "\(foreign.flaggedCount) of 40")
    #expect(foreign.csv.contains(",unusual,"))
  }

  @Test func theScoreIsTheGreaterShareOfItsLimit() throws {
    let paths = try SmallMicrographs.write(count: 4, to: folder.path)
    var limits = try SmallMicrographs.job(paths).run().model.limits
    (limits.distance, limits.residual) = (4, 10)
    #expect(limits.score(distance: 2, residual: 1) == 0.5)
    #expect(limits.score(distance: 2, residual: 20) == 2)
    #expect(limits.score(distance: 4, residual: 10) == 1)
  }
}
