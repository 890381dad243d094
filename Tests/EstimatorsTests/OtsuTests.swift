import Estimators
import Foundation
import Testing

@Suite struct OtsuTests {
  /// The lines "otsu" of Tests/Fixtures/labels: classes, levels, thresholds.
  private func goldens() throws -> [(classes: Int, levels: [UInt8], thresholds: [Int])] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Fixtures/labels")
    let blob = [UInt8](try Data(contentsOf: folder.appendingPathComponent("golden.bin")))
    let text = try String(
      contentsOf: folder.appendingPathComponent("golden.txt"), encoding: .utf8)
    return text.split(separator: "\n").filter { $0.hasPrefix("otsu") }.map { line in
      let w = line.split(separator: " ")
      let (input, output) = (w[2].split(separator: ":"), w[3].split(separator: ":"))
      let (first, second) = (Int(input[1]) ?? 0, Int(output[1]) ?? 0)
      let classes = Int(w[1]) ?? 0
      let thresholds = (0..<classes - 1).map { k in
        let bits = (0..<8).reduce(UInt64(0)) { $0 | UInt64(blob[second + 8 * k + $1]) << (8 * $1) }
        return Int(Double(bitPattern: bits))
      }
      return (classes, Array(blob[first..<first + 3500]), thresholds)
    }
  }

  private func histogram(_ levels: [UInt8]) -> [Int] {
    var counts = [Int](repeating: 0, count: 256)
    for level in levels { counts[Int(level)] += 1 }
    return counts
  }

  @Test func givesTheThresholdsOfScikitImage() throws {
    let cases = try goldens()
    #expect(cases.count == 9)
    for golden in cases {
      let found = otsuThresholds(counts: histogram(golden.levels), classes: golden.classes)
      #expect(found == golden.thresholds, "\(golden.classes) classes")
    }
  }

  @Test func noOtherThresholdsHaveLessInertia() {
    let counts = [3, 0, 5, 2, 9, 0, 0, 4, 1, 6, 2, 0]
    func inertia(_ thresholds: [Int]) -> Double {
      var (sum, low) = (0.0, 0)
      for high in thresholds.map({ $0 + 1 }) + [counts.count] {
        let n = (low..<high).reduce(0) { $0 + counts[$1] }
        if n == 0 { return .infinity }
        let mean = Double((low..<high).reduce(0) { $0 + counts[$1] * $1 }) / Double(n)
        sum += (low..<high).reduce(0) { $0 + Double(counts[$1]) * pow(Double($1) - mean, 2) }
        low = high
      }
      return sum
    }
    let found = inertia(otsuThresholds(counts: counts, classes: 3) ?? [])
    for a in 0..<10 {
      // Sums of a dozen squares below 1e3: 1e-9 is 1e4 roundings of a sum.
      for b in a + 1..<11 { #expect(inertia([a, b]) >= found - 1e-9) }
    }
  }

  @Test func fewLevelsGiveNoThresholds() {
    #expect(otsuThresholds(counts: [0, 7, 0], classes: 2) == nil)
    #expect(otsuThreshold(counts: [0, 7, 1]) == 1)
    #expect(otsuThresholds(counts: [4], classes: 1) == [])
  }
}
