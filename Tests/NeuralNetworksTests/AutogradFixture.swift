// Named arrays of Tests/Fixtures/autograd, and gradients of any operation; see generate_autograd.py.

import NeuralNetworks
import Tensors
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Named arrays from a text file: lines "name; shape; values".
struct AutogradFixture {
  private var arrays: [String: Tensor<Double>] = [:]

  init(_ name: String) throws {
    let folder = "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    let file = try #require(fopen("\(folder)/Fixtures/autograd/\(name)", "r"), "no \(name)")
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let n = fread(&chunk, 1, chunk.count, file)
      if n == 0 { break }
      bytes += chunk[..<n]
    }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: ";", omittingEmptySubsequences: false)
      let shape = parts[1].split(separator: " ").compactMap { Int($0) }
      let values = parts[2].split(separator: " ").compactMap { Double($0) }
      arrays[String(parts[0])] = Tensor(shape: shape, scalars: values)
    }
  }

  func tensor<Scalar: KernelScalar>(_ name: String, _: Scalar.Type = Scalar.self) throws -> Tensor<
    Scalar
  > {
    let array = try #require(arrays[name], "no array \(name)")
    return Tensor(shape: array.shape, scalars: array.scalars.map { Scalar($0) })
  }

  func has(_ name: String) -> Bool { arrays[name] != nil }

  func labels(_ name: String) throws -> [Int32] {
    try tensor(name, Double.self).scalars.map { Int32($0) }
  }
}

/// The largest difference over the largest magnitude of the golden array.
func relativeError<Scalar: KernelScalar>(_ a: Tensor<Scalar>, _ golden: Tensor<Scalar>) -> Double {
  guard a.shape == golden.shape else { return .infinity }
  var (difference, magnitude) = (0.0, 1e-300)
  for (x, y) in zip(a.scalars, golden.scalars) {
    guard x.isFinite else { return .infinity }
    difference = max(difference, abs(Double(x) - Double(y)))
    magnitude = max(magnitude, abs(Double(y)))
  }
  return difference / magnitude
}

/// An operation's result, and the gradients of the sum of g y by each input.
func valueAndGradients<Scalar: KernelScalar>(
  _ inputs: [Tensor<Scalar>], weights g: Tensor<Scalar>, recomputation: Recomputation = .none,
  _ build: (Tape<Scalar>, [Variable<Scalar>]) -> Variable<Scalar>
) -> (value: Tensor<Scalar>, gradients: [Tensor<Scalar>]) {
  let tape = Tape<Scalar>()
  let variables = inputs.map { tape.input($0.shape, needsGradient: true) }
  let y = build(tape, variables)
  let weights = tape.input([y.count, 1])
  let loss = tape.linear(tape.reshaped(y, to: [1, y.count]), weights)
  let run = TapeRun(tape, loss: loss, outputs: [y], recomputation: recomputation)
  for (variable, input) in zip(variables, inputs) { run.set(variable, input) }
  run.set(weights, g.reshaped(to: [g.count, 1]))
  run.forward()
  run.backward()
  return (run.value(y), variables.map { run.gradient($0) })
}

/// Numbers in -1 ..< 1.
func randomTensor<Scalar: KernelScalar>(
  _ shape: [Int], _ generator: inout SeededGenerator
) -> Tensor<Scalar> {
  Tensor(
    shape: shape,
    scalars: (0..<shape.reduce(1, *)).map { _ in Scalar(generator.uniform(-1, 1)) })
}
