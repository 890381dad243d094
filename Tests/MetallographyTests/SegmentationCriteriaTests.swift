import Metallography
import Tensors
import Testing

/// The options that a golden record was made with.
private func options(_ record: GoldenMetallography.Criteria) throws -> SegmentationCriteriaOptions {
  var result = SegmentationCriteriaOptions()
  result.region = try #require(.init(rawValue: record.region))
  result.error = try #require(.init(rawValue: record.error))
  result.logarithm = try #require(.init(rawValue: record.logarithm))
  result.colours = try #require(.init(rawValue: record.colours))
  return result
}

/// Whether `a` is `b` to a share of it.
private func isClose(_ a: Double, _ b: Double, _ share: Double) -> Bool {
  abs(a - b) <= share * abs(b) + 1e-18
}

@Suite struct SegmentationCriteriaTests {
  /// Ten maps, 24 choices each.
  ///
  /// RGB: sums of n <= 1089 terms in Double stray by n 2^-53 at most, 1.3e-13.
  /// Lab: our colours are rounded to Float, 2^-24 of 100 in values whose distances are squared.
  @Test func equalADirectEvaluationInNumPy() throws {
    let (golden, pictures) = (try GoldenMetallography.values.get(), try LabelledPicture.all.get())
    #expect(golden.maps.count == 10)
    for (k, (map, picture)) in zip(golden.maps, pictures).enumerated() {
      #expect(map.criteria.count == 24)
      for record in map.criteria {
        let options = try options(record)
        let found = SegmentationCriteria(picture.map, image: picture.image, options: options)
        let share = options.colours == .rgb ? 1.3e-13 : 2e-5
        #expect(found.regions == record.R, "map \(k)")
        #expect(isClose(found.F, record.F, share), "map \(k), \(options)")
        #expect(isClose(found.FPrime, record.FPrime, share), "map \(k), \(options)")
        #expect(isClose(found.Q, record.Q, share), "map \(k), \(options)")
      }
    }
  }

  @Test func equalTheirTwin() throws {
    for picture in try LabelledPicture.all.get() {
      for options in SegmentationCriteriaOptions.all {
        let regions =
          switch options.region {
          case .four: picture.map.regions(.sides).map
          case .eight: picture.map.regions(.corners).map
          case .label: picture.map.compacted
          }
        let found = SegmentationCriteria(picture.map, image: picture.image, options: options)
        let twin = segmentationCriteriaReference(regions, image: picture.image, options: options)
        #expect(isClose(found.F, twin.F, 1.3e-13))
        #expect(isClose(found.FPrime, twin.FPrime, 1.3e-13))
        #expect(isClose(found.Q, twin.Q, 1.3e-13))
      }
    }
  }

  /// Two halves of one grey level each: no colour error, and Q counts their areas alone.
  @Test func aPerfectSegmentationHasNoError() {
    let map = LabelMap(height: 2, width: 4, labels: [0, 0, 1, 1, 0, 0, 1, 1])
    let image = Tensor<Float>(shape: [2, 4], scalars: [0, 0, 1, 1, 0, 0, 1, 1])
    let found = SegmentationCriteria(map, image: image)
    #expect(found.F == 0 && found.FPrime == 0 && found.regions == 2)
    // sqrt(2) / 8000 times twice (2 / 4)^2.
    #expect(isClose(found.Q, 2.0.squareRoot() / 8000 * 0.5, 1e-15))
    let one = SegmentationCriteria(
      LabelMap(height: 1, width: 1, labels: [9]), image: Tensor(shape: [1, 1], scalars: [0.5]))
    #expect(one.F == 0 && isClose(one.Q, 0.001, 1e-15))
  }
}
