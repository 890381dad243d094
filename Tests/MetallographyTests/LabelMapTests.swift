import Metallography
import Testing

@Suite struct LabelMapTests {
  @Test func regionsAreNumberedByTheirFirstPixels() {
    // A spiral meets itself; two diagonal neighbours touch at a corner alone.
    let map = LabelMap(
      height: 4, width: 5,
      labels: [
        1, 1, 1, 1, 1,
        1, 0, 0, 0, 1,
        1, 0, 1, 0, 1,
        0, 0, 1, 1, 0,
      ])
    let four = map.regions(.sides)
    #expect(four.count == 4)
    #expect(
      four.map.labels == [0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 2, 1, 0, 1, 1, 2, 2, 3])
    let eight = map.regions(.corners)
    #expect(eight.count == 2)
    #expect(eight.map.labels[12] == 0 && eight.map.labels[19] == 1)
  }

  @Test func emptyAndSinglePixelMapsHaveTheirRegions() {
    #expect(LabelMap(height: 0, width: 3, labels: []).regions(.sides).count == 0)
    #expect(LabelMap(height: 1, width: 1, labels: [-5]).regions(.corners).count == 1)
    #expect(LabelMap(height: 1, width: 4, labels: [7, -2, 7, 7]).classes == [-2, 7])
    #expect(LabelMap(height: 1, width: 4, labels: [7, -2, 7, 7]).compacted.labels == [1, 0, 1, 1])
  }
}

@Suite struct RegionStatisticsTests {
  /// scikit-image's regions, sorted by their first pixels; moments are sums of n squares in Double.
  ///
  /// Its pixels are points: the variance of a square, 1 / 12, is missing from its eigenvalues.
  @Test func equalScikitImage() throws {
    let golden = try GoldenMetallography.values.get()
    for (map, picture) in zip(golden.maps, try LabelledPicture.all.get()) {
      let found = picture.map.regionStatistics()
      try #require(found.count == map.regions.count)
      for (a, b) in zip(found, map.regions) {
        #expect(Double(a.area) == b.area)
        #expect(picture.map.labels[b.first] == a.label)
        #expect(abs(a.perimeter - b.perimeter) <= 1e-11)
        #expect(abs(a.centreY - b.y) <= 1e-11 && abs(a.centreX - b.x) <= 1e-11)
        for (axis, golden) in [(a.majorAxis, b.major), (a.minorAxis, b.minor)] {
          let (ours, theirs) = (axis * axis / 16 - 1.0 / 12, golden * golden / 16)
          #expect(abs(ours - theirs) <= 1e-12 * max(1, theirs))
        }
        #expect(abs(a.equivalentDiameter - b.diameter) <= 1e-11)
      }
    }
  }

  /// A disc of radius r: perimeter 2 pi r to 2 %, circularity near 1; a bar lies along its length.
  @Test func shapesAreWhatTheyAre() throws {
    var labels = [Int](repeating: 0, count: 101 * 101)
    for y in 0..<101 {
      for x in 0..<101 where (y - 50) * (y - 50) + (x - 50) * (x - 50) <= 40 * 40 {
        labels[y * 101 + x] = 1
      }
    }
    let disc = try #require(
      LabelMap(height: 101, width: 101, labels: labels).regionStatistics().first { $0.label == 1 })
    #expect(abs(disc.perimeter / (80 * .pi) - 1) < 0.02)
    #expect(abs(disc.circularity - 1) < 0.04 && abs(disc.aspectRatio - 1) < 0.001)
    #expect(!disc.touchesEdge)
    let bar = LabelMap(height: 2, width: 9, labels: [Int](repeating: 4, count: 18))
      .regionStatistics()[0]
    #expect(bar.touchesEdge && bar.orientation == 0)
    #expect(abs(bar.aspectRatio - 4.5) < 1e-12)
  }

  /// One pixel at each side of the picture, and one inside; a diagonal downwards to the right.
  @Test func edgesAndDirectionsAreTold() {
    var labels = [Int](repeating: 0, count: 25)
    for (place, label) in [(2, 1), (10, 2), (22, 3), (14, 4), (12, 5)] { labels[place] = label }
    let found = LabelMap(height: 5, width: 5, labels: labels).regionStatistics()
    for region in found { #expect(region.touchesEdge == (region.label != 5), "\(region.label)") }
    let diagonal = (0..<36).map { $0 / 6 == $0 % 6 ? 1 : 0 }
    let falling = LabelMap(height: 6, width: 6, labels: diagonal).regionStatistics(.corners)
    let rising = LabelMap(
      height: 6, width: 6, labels: (0..<36).map { $0 / 6 + $0 % 6 == 5 ? 1 : 0 }
    ).regionStatistics(.corners)
    for (regions, direction) in [(falling, 1.0), (rising, -1)] {
      let line = regions.first { $0.label == 1 }
      #expect(abs((line?.orientation ?? 9) - direction * .pi / 4) <= 1e-15)
    }
  }
}
