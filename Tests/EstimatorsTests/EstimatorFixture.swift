// Reads the text fixtures that Tests/Fixtures/generate_estimators.py makes.

import Tensors
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The numbers of a fixture, one row a line.
func fixtureRows(_ name: String, file: String = #filePath) -> [[Double]] {
  let folder = file.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
  let path = (folder + ["Fixtures", "estimators", Substring(name)]).joined(separator: "/")
  guard let stream = fopen(path, "rb") else { return [] }
  defer { fclose(stream) }
  var bytes: [UInt8] = []
  var byte = getc(stream)
  while byte != EOF {
    bytes.append(UInt8(truncatingIfNeeded: byte))
    byte = getc(stream)
  }
  return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { line in
    line.split(separator: " ").compactMap { Double($0) }
  }
}

/// A fixture as a matrix.
func fixtureMatrix(_ name: String) -> Tensor<Double> {
  let rows = fixtureRows(name)
  return Tensor(shape: [rows.count, rows.first?.count ?? 0], scalars: rows.flatMap { $0 })
}

/// A fixture as a list of whole numbers.
func fixtureIntegers(_ name: String) -> [Int] { fixtureRows(name).flatMap { $0.map { Int($0) } } }

/// Normal numbers around `groups` centres that lie `spread` apart.
func groupedSamples(
  _ n: Int, _ d: Int, groups: Int, spread: Double, seed: UInt64
) -> Tensor<Double> {
  var generator = SeededGenerator(seed: seed)
  let centres = (0..<groups * d).map { _ in spread * generator.normal() }
  let values = (0..<n * d).map { p in
    centres[(p / d) % groups * d + p % d] + generator.normal()
  }
  return Tensor(shape: [n, d], scalars: values)
}

extension Tensor where Scalar == Double {
  /// The same values rounded to Float.
  var inFloat: Tensor<Float> { Tensor<Float>(shape: shape, scalars: scalars.map { Float($0) }) }

  /// The rows in another order.
  func rows(_ order: [Int]) -> Tensor<Double> {
    let d = shape[1]
    return Tensor(
      shape: [order.count, d], scalars: order.flatMap { scalars[$0 * d..<($0 + 1) * d] })
  }
}
