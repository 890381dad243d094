// What a network with published weights answers to a picture given by a formula.
//
// Equation -> code: value (y, x, c) = (floor((y^2 + 2 x^2 + 3 x y) / 32) + 64 c) mod 256 - 128, taken
//   as preprocessed -> `image`; an answer is the largest value over the pixels of every 16th channel.
// Deviations: none. Checked by: KnownAnswerTests; the genuine files of SqueezeNet 1.1.
// Cost: one pass of an image of 67 x 83 pixels.

import Tensors

/// An answer on record: made from the published file by PyTorch in double precision
/// (Tests/Fixtures/generate_known_answers.py).
public struct KnownAnswer: Sendable {
  /// How an answer compares with the one on record.
  public struct Comparison: Sendable {
    /// The largest distance of a value from that on record, divided by the largest value on record.
    public let deviation: Double
    /// Whether it is small enough for the same weights.
    public var isSame: Bool { deviation <= KnownAnswer.tolerance }
  }

  /// The published files with this answer.
  public let files: [String]
  /// The network's name.
  public let network: String
  /// How its images are made ready.
  public let preprocessing: Preprocessing
  /// The layer that answers.
  public let layer: String
  /// The values on record.
  public let values: [Double]

  /// The largest deviation of the same weights: a sum of n = 9 * 256 products in Float strays by
  /// about sqrt(n) / 2 units of 2^-24, over 18 layers that add up; 16 times that.
  public static let tolerance = 16 * 18 * 24.0 * 0x1p-24

  /// The answer on record for a network; `nil` when there is none.
  public static func onRecord(for description: NetworkDescription) -> KnownAnswer? {
    all.first {
      $0.network == description.name && $0.preprocessing == description.preprocessing
    }
  }

  /// Asks a network, and compares.
  ///
  /// - Parameter network: loaded at least up to `layer`.
  /// - Returns: how far the answer is from the one on record.
  /// - Throws: `NetworkError` when the network lacks the layer.
  public func compare(_ network: Network) throws(NetworkError) -> Comparison {
    let result = try network(Self.image, layer: layer)
    let (pixels, C) = (result.shape[1] * result.shape[2], result.shape[3])
    let largest = values.max() ?? 0
    var deviation = values.count == (C + 15) / 16 ? 0 : Double.infinity
    for (i, expected) in values.enumerated() where 16 * i < C {
      let found = (0..<pixels).map { result.scalars[$0 * C + 16 * i] }.max() ?? 0
      deviation = max(deviation, abs(Double(found) - expected) / largest)
    }
    return Comparison(deviation: deviation)
  }

  /// The picture, preprocessed: shape (1, 67, 83, 3).
  static let image: Tensor<Float> = {
    let (H, W) = (67, 83)
    var values: [Float] = []
    values.reserveCapacity(H * W * 3)
    for y in 0..<H {
      for x in 0..<W {
        for c in 0..<3 {
          values.append(Float(((y * y + 2 * x * x + 3 * x * y) / 32 + 64 * c) % 256 - 128))
        }
      }
    }
    return Tensor(shape: [1, H, W, 3], scalars: values)
  }()

  /// All that are on record.
  static let all = [
    KnownAnswer(
      files: [
        "squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "squeezenet_weights_th_dim_ordering_th_kernels_notop.h5",
      ],
      network: "SqueezeNet 1.1", preprocessing: .keras, layer: "fire9",
      values: [
        0, 0, 42.9261111, 0, 0, 0, 0, 71.4800831, 0, 0, 72.984377, 0, 0, 0, 34.7345813, 0, 0, 0, 0,
        60.1424518, 0, 0, 0, 0, 0, 0, 0, 0, 11.6201028, 0, 0, 9.38768762,
      ])
  ]
}
