// A convolution as its rivals do it: patches in rows (im2col), then one cblas_sgemm.

import Glibc
import Measuring
import Tensors

/// A 3 x 3 convolution with stride 1 and a margin of 1, of one image.
public struct ConvolutionShape: Sendable {
  /// What a table calls it.
  public let name: String
  /// Height and width of the image.
  public let size: Int
  /// Input channels.
  public let inputs: Int
  /// Output channels.
  public let outputs: Int

  /// Floating-point operations.
  public var work: Double { 18 * Double(size * size) * Double(inputs) * Double(outputs) }

  /// VGG16's different layers.
  public static let vgg: [ConvolutionShape] = [
    ("c1_1", 224, 3, 64), ("c1_2", 224, 64, 64), ("c2_1", 112, 64, 128), ("c2_2", 112, 128, 128),
    ("c3_1", 56, 128, 256), ("c3_2", 56, 256, 256), ("c4_1", 28, 256, 512),
    ("c4_2", 28, 512, 512), ("c5", 14, 512, 512),
  ].map { ConvolutionShape(name: $0.0, size: $0.1, inputs: $0.2, outputs: $0.3) }
}

/// Convolves with both sides in turn: Nital with `algorithm`, the rival by patches and cblas_sgemm.
public func compare(
  _ shape: ConvolutionShape, algorithm: ConvolutionAlgorithm, threads: Int, samples: Int,
  rival: OpenBLAS
) -> Measurement {
  let (s, C, K) = (shape.size, shape.inputs, shape.outputs)
  var generator = SeededGenerator(seed: 2)
  let image = Tensor(
    shape: [1, s, s, C], scalars: (0..<s * s * C).map { _ in Float(generator.uniform(-1, 1)) })
  let filters = Tensor(
    shape: [3, 3, C, K], scalars: (0..<9 * C * K).map { _ in Float(generator.uniform(-1, 1)) })
  let packed = PackedFilters(filters, algorithm: algorithm)
  let geometry = ConvolutionGeometry(padding: 1)
  var ours = Tensor<Float>.zeros([1, s, s, K])
  var theirs = [Float](repeating: 0, count: s * s * K)
  var patches = [Float](repeating: 0, count: s * s * 9 * C)
  var result = Measurement()
  for sample in 0...samples {
    letThreadsSleep(threads)
    let start = now()
    convolve(image, packed, geometry: geometry, into: &ours)
    let middle = now()
    letThreadsSleep(threads)
    let second = now()
    fillPatches(image, image: 0, (3, 3), geometry, (s, s), &patches)
    rival.multiply(s * s, K, 9 * C, patches, filters.scalars, &theirs)
    guard sample > 0 else { continue }  // the first pair warms up
    result.ours.append(middle - start)
    result.theirs.append(now() - second)
  }
  result.difference = distance(ours.scalars, theirs, depth: 9 * C)
  return result
}
