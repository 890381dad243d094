import Metallography
import Testing

@Suite struct PhaseFractionTests {
  /// SciPy's quantiles; bisection stops at 2^-60 of an interval that has the quantile's size.
  @Test func quantilesOfStudentsTEqualSciPys() throws {
    for row in try GoldenMetallography.values.get().t {
      let t = StudentT.quantile(confidence: row[0], degrees: Int(row[1]))
      #expect(abs(t / row[2] - 1) <= 1e-9, "\(row)")
    }
    #expect(StudentT.centralProbability(0, degrees: 3) == 0)
    #expect(abs(StudentT.centralProbability(1, degrees: 1) - 0.5) <= 1e-15)
  }

  @Test func theIntervalOverFieldsIsSciPys() throws {
    let golden = try GoldenMetallography.values.get()
    let found = PhaseFraction(fields: golden.fields)
    let half = try #require(found.halfWidth)
    #expect(abs(found.mean - golden.mean) <= 1e-15)
    #expect(abs(try #require(found.deviation) - golden.deviation) <= 1e-15)
    #expect(abs(found.mean - half - golden.low) <= 1e-10)
    #expect(abs(found.mean + half - golden.high) <= 1e-10)
    let accuracy = try #require(found.relativeAccuracy)
    #expect(abs(accuracy - half / golden.mean) <= 1e-14)
  }

  @Test func oneFieldGivesNoInterval() {
    let found = PhaseFraction(fields: [0.25])
    #expect(found.mean == 0.25 && found.halfWidth == nil && found.relativeAccuracy == nil)
    #expect(PhaseFraction(fields: [0, 0]).relativeAccuracy == nil)
  }

  @Test func areasAndPointsOfStripes() {
    let stripes = LabelMap(height: 12, width: 12, labels: (0..<144).map { $0 % 12 < 9 ? 1 : 5 })
    #expect(stripes.areaFractions(of: [1, 5, 8]) == [0.75, 0.25, 0])
    // Four columns of points at 1.5, 4.5, 7.5 and 10.5: one of them in the second stripe.
    #expect(stripes.pointFractions(of: [1, 5], rows: 3, columns: 4) == [0.75, 0.25])
    // One point lies in the middle.
    let centre = LabelMap(height: 3, width: 5, labels: (0..<15).map { $0 == 7 ? 1 : 0 })
    #expect(centre.pointFractions(of: [1], rows: 1, columns: 1) == [1])
    // Two rows and three columns of points on 4 x 9 pixels: rows 1 and 3, columns 1, 4 and 7.
    let grid = LabelMap(
      height: 4, width: 9,
      labels: (0..<36).map { [1, 3].contains($0 / 9) && [1, 4, 7].contains($0 % 9) ? 1 : 0 })
    #expect(grid.pointFractions(of: [1], rows: 2, columns: 3) == [1])
    let found = phaseFractions([stripes, stripes], classes: [1, 5], points: (1, 1))
    #expect(found.map(\.mean) == [1, 0] && found[0].halfWidth == 0)
  }
}

@Suite struct LabelMatchingTests {
  @Test func theBestMatchingIsSciPys() throws {
    let golden = try GoldenMetallography.values.get()
    for (k, (map, picture)) in zip(golden.maps, try LabelledPicture.all.get()).enumerated() {
      let found = LabelMatching(picture.map, truth: picture.truth)
      #expect(abs(found.accuracy - map.accuracy) <= 1e-15, "map \(k)")
      // Matchings of equal gain may differ in the phases that they serve.
      if found.intersectionOverUnion.count == map.iou.count, k < 2 || k == 9 {
        for (a, b) in zip(found.intersectionOverUnion, map.iou) {
          #expect(abs(a - b) <= 1e-15, "map \(k)")
        }
      }
    }
  }

  @Test func namesOfLabelsDoNotMatter() {
    let truth = LabelMap(height: 2, width: 3, labels: [0, 1, 2, 0, 1, 2])
    let same = LabelMap(height: 2, width: 3, labels: [9, -4, 5, 9, -4, 5])
    let found = LabelMatching(same, truth: truth)
    #expect(found.accuracy == 1 && found.meanIntersectionOverUnion == 1)
    #expect(found.labels == [-4, 5, 9] && found.assigned == [1, 2, 0])
  }

  @Test func labelsBeyondThePhasesStayUnmatchedUnlessMerged() {
    let truth = LabelMap(height: 1, width: 6, labels: [0, 0, 0, 0, 1, 1])
    let map = LabelMap(height: 1, width: 6, labels: [3, 3, 4, 4, 5, 5])
    let found = LabelMatching(map, truth: truth)
    #expect(found.assigned.count { $0 == nil } == 1)
    #expect(abs(found.accuracy - 4.0 / 6) < 1e-15)
    let merged = LabelMatching.merged(map, truth: truth)
    #expect(merged.assigned == [0, 0, 1] && merged.accuracy == 1)
    #expect(merged.meanIntersectionOverUnion == 1)
  }

  /// Taking the best cell of each row first would give 5 + 0; the best sum is 4 + 4.
  @Test func theMatchingIsTheBestOfAllNotOfEachRow() {
    var (labels, phases) = ([Int](), [Int]())
    for (label, phase, count) in [(0, 0, 5), (0, 1, 4), (1, 0, 4)] {
      labels += [Int](repeating: label, count: count)
      phases += [Int](repeating: phase, count: count)
    }
    let found = LabelMatching(
      LabelMap(height: 1, width: 13, labels: labels),
      truth: LabelMap(height: 1, width: 13, labels: phases))
    #expect(found.assigned == [1, 0] && abs(found.accuracy - 8.0 / 13) < 1e-15)
  }
}
