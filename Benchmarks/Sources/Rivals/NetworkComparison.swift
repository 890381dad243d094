// A whole network with the rival's matrix product under it, beside Nital's own.
//
// The seam is the pair of closures of `networkReference`: convolution by patches and cblas_sgemm, matrices
// by cblas_sgemm, everything else as in the plain twin of the network.

import Measuring
import NeuralNetworks
import Tensors

/// Seconds of VGG16's convolutions and fc1, a sample each, and how far the results are apart.
public struct NetworkMeasurement: Sendable {
  /// Nital's, by the direct algorithm.
  public var direct: [Double] = []
  /// Nital's, by the algorithm that it chooses.
  public var automatic: [Double] = []
  /// With OpenBLAS's product under all layers.
  public var theirs: [Double] = []
  /// The greatest difference of ours from theirs over the greatest value.
  public var difference = 0.0
}

/// VGG16 to fc1 with He-scaled random weights on `batch` images of 224 x 224 pixels.
public func compareVGG16(
  batch: Int, threads: Int, samples: Int, rival: OpenBLAS
) throws -> NetworkMeasurement {
  let description = NetworkDescription.vgg16(classes: 10)
  guard let target = description.layers.firstIndex(where: { $0.names.contains("fc1") }) else {
    stop("VGG16 has no layer fc1")
  }
  let weights = randomWeights(description, through: target)
  let tensors = namedTensors(description, weights)
  let direct = try Network(description, tensors, through: "fc1", algorithm: .direct)
  let automatic = try Network(description, tensors, through: "fc1")
  let images = randomTensor([batch, 224, 224, 3], scale: 1, seed: 9)
  var result = NetworkMeasurement()
  func seconds(_ body: () throws -> Tensor<Float>) rethrows -> (Double, Tensor<Float>) {
    letThreadsSleep(threads)
    let start = now()
    let value = try body()
    return (now() - start, value)
  }
  for sample in 0...samples {
    let (a, x) = try seconds { try direct(images, layer: "fc1") }
    let (b, y) = try seconds { try automatic(images, layer: "fc1") }
    let (c, z) = seconds {
      networkReference(
        description, images, weights: weights, target: target,
        convolve: { patchConvolution($0, $1, $2, $3, rival) },
        multiply: { product($0, $1, rival) })
    }
    for other in [x, y] {
      let apart = zip(other.scalars, z.scalars).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
      let largest = z.scalars.reduce(Float(0)) { max($0, abs($1)) }
      result.difference = max(result.difference, Double(apart / largest))
    }
    guard sample > 0 else { continue }  // the first round warms up
    result.direct.append(a)
    result.automatic.append(b)
    result.theirs.append(c)
  }
  return result
}

/// All patches of an image at a time, then one product.
private func patchConvolution(
  _ input: Tensor<Float>, _ filters: Tensor<Float>, _ bias: Tensor<Float>,
  _ g: ConvolutionGeometry, _ rival: OpenBLAS
) -> Tensor<Float> {
  let shape = g.outputShape(input: input.shape, filters: filters.shape)
  let (m, n) = (shape[1] * shape[2], shape[3])
  let k = filters.count / n
  var output = Tensor<Float>.zeros(shape)
  var patches = [Float](repeating: 0, count: m * k)
  for image in 0..<shape[0] {
    fillPatches(
      input, image: image, (filters.shape[0], filters.shape[1]), g, (shape[1], shape[2]), &patches)
    output.scalars.withUnsafeMutableBufferPointer { target in
      guard let to = target.baseAddress else { return }
      rival.multiply(m, n, k, patches, filters.scalars, to + image * m * n)
      for i in (image * m * n)..<((image + 1) * m * n) { to[i] += bias.scalars[i % n] }
    }
  }
  return output
}

private func product(
  _ A: Tensor<Float>, _ B: Tensor<Float>, _ rival: OpenBLAS
) -> Tensor<Float> {
  var C = [Float](repeating: 0, count: A.shape[0] * B.shape[1])
  rival.multiply(A.shape[0], B.shape[1], A.shape[1], A.scalars, B.scalars, &C)
  return Tensor(shape: [A.shape[0], B.shape[1]], scalars: C)
}

// MARK: - Weights

private func randomTensor(_ shape: [Int], scale: Float, seed: UInt64) -> Tensor<Float> {
  var generator = SeededGenerator(seed: seed)
  let count = shape.reduce(1, *)
  return Tensor(
    shape: shape, scalars: (0..<count).map { _ in Float(generator.uniform(-1, 1)) * scale })
}

/// Filters [R, S, C, K] and matrices [inputs, outputs] whose results are about as large as their inputs.
private func randomWeights(
  _ description: NetworkDescription, through target: Int
) -> [(values: Tensor<Float>, bias: Tensor<Float>)?] {
  var channels = 3
  return description.layers.enumerated().map { index, layer in
    var shape: [Int]
    switch layer.operation {
    case .convolution(let R, let S, let K, _, _): (shape, channels) = ([R, S, channels, K], K)
    case .linear(let n, let H, let W, let C) where index <= target: shape = [H * W * C, n]
    default: return nil
    }
    let outputs = shape[shape.count - 1]
    let inputs = shape.reduce(1, *) / outputs
    let scale = (6 / Float(inputs)).squareRoot()
    return (
      randomTensor(shape, scale: scale, seed: UInt64(index)),
      randomTensor([outputs], scale: 0.1, seed: UInt64(1000 + index))
    )
  }
}

/// The same with Keras' names, whose order is ours.
private func namedTensors(
  _ description: NetworkDescription, _ weights: [(values: Tensor<Float>, bias: Tensor<Float>)?]
) -> [NetworkTensor] {
  zip(description.layers, weights).flatMap { layer, weight -> [NetworkTensor] in
    guard let weight else { return [] }
    return [
      NetworkTensor(name: "\(layer.kerasName)/kernel:0", weight.values),
      NetworkTensor(name: "\(layer.kerasName)/bias:0", weight.bias),
    ]
  }
}
