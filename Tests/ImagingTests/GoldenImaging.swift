// Reads the golden values that Tests/Fixtures/generate_imaging.py wrote.

import Foundation
import Imaging
import Tensors

/// One line of imaging/golden.txt: the words before the arrays, the input and the expected result.
struct GoldenCase {
  let words: [String]
  let input: GoldenArray
  let expected: GoldenArray

  /// All cases of one kind in a folder of fixtures: "clahe", "resize", "colour" of "imaging".
  static func all(_ kind: String, in name: String = "imaging") throws -> [GoldenCase] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Fixtures/" + name)
    let blob = [UInt8](try Data(contentsOf: folder.appendingPathComponent("golden.bin")))
    let text = try String(
      contentsOf: folder.appendingPathComponent("golden.txt"), encoding: .utf8)
    return text.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ").map(String.init)
      guard words.first == kind else { return nil }
      return GoldenCase(
        words: Array(words.dropLast(2)), input: GoldenArray(words[words.count - 2], blob),
        expected: GoldenArray(words[words.count - 1], blob))
    }
  }
}

/// An array of the blob: "type:offset:AxBxC".
struct GoldenArray {
  let type: String
  let shape: [Int]
  private let bytes: ArraySlice<UInt8>

  init(_ text: String, _ blob: [UInt8]) {
    let parts = text.split(separator: ":")
    type = String(parts[0])
    shape = parts[2].split(separator: "x").compactMap { Int($0) }
    let size = ["uint8": 1, "uint16": 2, "float32": 4, "float64": 8][type] ?? 0
    let first = Int(parts[1]) ?? 0
    bytes = blob[first..<first + size * shape.reduce(1, *)]
  }

  /// The values as stored.
  var values: [Double] {
    let b = Array(bytes)
    func word(_ i: Int, _ size: Int) -> UInt64 {
      (0..<size).reduce(0) { $0 | UInt64(b[i * size + $1]) << UInt64(8 * $1) }
    }
    let n = shape.reduce(1, *)
    switch type {
    case "uint8": return b.map { Double($0) }
    case "uint16": return (0..<n).map { Double(word($0, 2)) }
    case "float32": return (0..<n).map { Double(Float(bitPattern: UInt32(word($0, 4)))) }
    default: return (0..<n).map { Double(bitPattern: word($0, 8)) }
    }
  }

  /// The values divided by the greatest of a whole type, in single precision.
  var unit: Tensor<Float> {
    Tensor(shape: shape, scalars: values.map { Float($0 / fullScale) })
  }

  /// The values divided by the greatest of a whole type, in double precision.
  var unitDouble: Tensor<Double> {
    Tensor(shape: shape, scalars: values.map { $0 / fullScale })
  }

  /// Whole numbers of 8 or 16 bits as a picture; `nil` for other types.
  var image: Image? {
    let C = shape.count == 3 ? shape[2] : 1
    let v = values
    switch type {
    case "uint8":
      return Image(
        height: shape[0], width: shape[1], channels: C, samples: .uint8(v.map { UInt8($0) }))
    case "uint16":
      return Image(
        height: shape[0], width: shape[1], channels: C, samples: .uint16(v.map { UInt16($0) }))
    default: return nil
    }
  }

  private var fullScale: Double {
    switch type {
    case "uint8": 255
    case "uint16": 65535
    default: 1
    }
  }
}

/// The greatest difference of two lists.
func worstDifference(_ a: [Double], _ b: [Double]) -> Double {
  guard a.count == b.count else { return .infinity }
  return zip(a, b).map { ($0 - $1).magnitude }.max() ?? 0
}
