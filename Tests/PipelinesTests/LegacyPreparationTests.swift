import Files
import NeuralNetworks
import Pipelines
import Tensors
import Testing

@Suite struct LegacyPreparationTests {
  /// The lines of Tests/Fixtures/pipelines/legacy.txt as numbers.
  private func lines(_ file: String = #filePath) throws -> [[Int]] {
    let folder = file.split(separator: "/").dropLast(2).joined(separator: "/")
    let text = try CheckedBytes(contentsOf: "/\(folder)/Fixtures/pipelines/legacy.txt").array
    return String(decoding: text, as: UTF8.self).split(separator: "\n").map { line in
      line.split(separator: " ").compactMap { Int($0) }
    }
  }

  @Test func theOrderOf2018GivesPillowsBytes() throws {
    let lines = try lines()
    #expect(lines.count == 12)
    for first in stride(from: 0, to: lines.count, by: 3) {
      let (height, width, side) = (lines[first][0], lines[first][1], lines[first][2])
      let grey = Tensor(
        shape: [height, width], scalars: lines[first + 1].map { Float($0) / 255 })
      let result = legacyInput(Preprocessing.keras(grey), side: side)
      #expect(result.shape == [side, side, 3])
      #expect(result.scalars == lines[first + 2].map { Float($0) }, "\(height) x \(width)")
    }
  }

  @Test func aConstantPictureIsBlack() {
    let flat = stretchedBytes(Tensor(repeating: -7, shape: [4, 4, 3]))
    #expect(flat.scalars.allSatisfy { $0 == 0 })
    #expect(legacyInput(Tensor(repeating: 3, shape: [4, 4, 3]), side: 6).count == 108)
  }
}
