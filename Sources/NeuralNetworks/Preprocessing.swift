// How an image becomes a network's input: part of the description of each published weight set.
//
// Implements: Keras `imagenet_utils.preprocess_input`, mode "caffe" (channels reversed, means of the
//   training set subtracted, no scaling); torchvision `ImageClassification` presets (scaled to
//   0...1, minus mean, divided by standard deviation).
// Equation -> code: input = (255 image or image, channels in order, - means) / deviations.
// Deviations: none. Checked by: NetworkWeightsTests. Cost: one pass.

import Tensors

/// The colours and the range that a set of weights was trained with.
public struct Preprocessing: Sendable, Equatable {
  /// Whether channels are reversed: blue, green, red.
  public var reversesChannels: Bool
  /// What white becomes before the means are subtracted: 255 or 1.
  public var white: Float
  /// What is subtracted from each channel, in the network's order of channels.
  public var means: [Float]
  /// What each channel is divided by, in the network's order of channels.
  public var deviations: [Float]

  /// Keras and Caffe: blue, green, red on 0...255 minus 103.939, 116.779, 123.68.
  public static let keras = Preprocessing(
    reversesChannels: true, white: 255, means: [103.939, 116.779, 123.68], deviations: [1, 1, 1])

  /// torchvision: red, green, blue on 0...1, minus mean, divided by standard deviation.
  public static let torchvision = Preprocessing(
    reversesChannels: false, white: 1, means: [0.485, 0.456, 0.406],
    deviations: [0.229, 0.224, 0.225])

  /// The network's input of one image.
  ///
  /// - Parameter image: shape (H, W) grey, or (H, W, 3) red, green, blue; 0...1.
  /// - Precondition: the shape is one of those.
  /// - Returns: shape (H, W, 3).
  public func callAsFunction(_ image: Tensor<Float>) -> Tensor<Float> {
    precondition(
      image.rank == 2 || (image.rank == 3 && image.shape[2] == 3),
      "an image has the shape (H, W) or (H, W, 3), not \(image.shape)")
    let step = image.rank == 2 ? 1 : 3
    let pixels = image.shape[0] * image.shape[1]
    var result = Tensor<Float>.zeros([image.shape[0], image.shape[1], 3])
    for p in 0..<pixels {
      for c in 0..<3 {
        let source = step == 1 ? p : p * 3 + (reversesChannels ? 2 - c : c)
        result.scalars[p * 3 + c] = (white * image.scalars[source] - means[c]) / deviations[c]
      }
    }
    return result
  }
}
