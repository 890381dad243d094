// Singular values against 60-digit truth: Tests/Fixtures/generate_svd.py (mpmath).

import LinearAlgebra
import Tensors
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

@Suite struct SVDTruthTests {
  @Test(arguments: [
    "hilbert12", "kahan30", "graded30", "graded40x20", "rising30", "rank5", "geometric20",
  ])
  func agreesWithSixtyDigits(_ name: String) throws {
    try check(name + "-f64", Double.self)
    try check(name + "-f32", Float.self)
  }

  private func check<Scalar: KernelScalar>(_ name: String, _: Scalar.Type) throws {
    let (A, truth) = try fixture(name, Scalar.self)
    let n = A.shape.max() ?? 0
    for values in [try singularValues(A), try singularValues(A.transposed())] {
      #expect(values.count == truth.count)
      for (value, exact) in zip(values, truth) {
        #expect(
          abs(Double(value) - exact) <= 35 * Double(n) * Double(Scalar.ulpOfOne) * truth[0],
          "\(name)")
      }
    }
  }

  /// A = B D with cond(B) = 100 and D over twelve decades: what no bidiagonal method achieves.
  @Test(arguments: ["graded30", "graded40x20", "rising30"])
  func isAccurateInEverySingularValueOfAGradedMatrix(_ name: String) throws {
    try checkRelative(name + "-f64", Double.self)
    try checkRelative(name + "-f32", Float.self)
  }

  private func checkRelative<Scalar: KernelScalar>(_ name: String, _: Scalar.Type) throws {
    let (A, truth) = try fixture(name, Scalar.self)
    let n = Double(A.shape.max() ?? 0)
    for values in [try singularValues(A), try SVD(A).S] {
      for (value, exact) in zip(values, truth) {
        let relative = abs(Double(value) - exact) / exact
        #expect(relative <= 50 * n * Double(Scalar.ulpOfOne), "\(name) \(exact)")
      }
    }
  }
}

private func fixture<Scalar: KernelScalar>(
  _ name: String, _: Scalar.Type
) throws -> (A: Tensor<Scalar>, truth: [Double]) {
  let numbers = try fixtureText("svd/\(name).txt").split(whereSeparator: \.isWhitespace)
    .compactMap { Double($0) }
  let (m, n) = (Int(numbers[0]), Int(numbers[1]))
  let entries = numbers[2..<2 + m * n].map { Scalar($0) }
  return (Tensor(shape: [m, n], scalars: entries), Array(numbers[(2 + m * n)...]))
}

/// The text of a file below Tests/Fixtures.
func fixtureText(_ name: String, from file: String = #filePath) throws -> String {
  let tests = file.split(separator: "/").dropLast(2).joined(separator: "/")
  let path = "/\(tests)/Fixtures/\(name)"
  let stream = try #require(fopen(path, "r"), "\(path) is missing")
  defer { fclose(stream) }
  var bytes: [UInt8] = []
  while case let byte = getc(stream), byte != EOF { bytes.append(UInt8(byte)) }
  return String(decoding: bytes, as: UTF8.self)
}
