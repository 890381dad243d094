// The weight files that the networks were published with: what Weights/MANIFEST.md says, compiled in.
//
// Deviations: none. Checked by: PublishedWeightsTests (the table and Weights/MANIFEST.md agree).

/// A published weight file: where it comes from and how to know it.
public struct PublishedWeights: Sendable, Equatable {
  /// The network that it fits.
  public let network: String
  /// The file's name, under which it is looked for.
  public let file: String
  /// Where it is fetched from.
  public let source: String
  /// The licence, as far as its publisher states one.
  public let licence: String
  /// The number of bytes; `nil` when unknown.
  public let size: Int?
  /// `sha256:` or `md5:` and digits, of which there may be only the first ones; `nil` when unknown.
  public let hash: String?
  /// What it is used for.
  public let use: String

  /// All that are known.
  public static let all: [PublishedWeights] = [
    PublishedWeights(
      network: "VGG16", file: "vgg16_weights_tf_dim_ordering_tf_kernels.h5",
      source: "https://github.com/fchollet/deep-learning-models/releases/download/v0.1/"
        + "vgg16_weights_tf_dim_ordering_tf_kernels.h5",
      licence: "Creative Commons Attribution (Oxford VGG)", size: 553_467_096,
      hash: "md5:64373286793e3c8b2b4e3219cbf3544b",
      use: "features of the published variants (Keras: BGR minus means, H,W,C flatten)"),
    PublishedWeights(
      network: "VGG16", file: "vgg16-397923af.pth",
      source: "https://download.pytorch.org/models/vgg16-397923af.pth",
      licence: "not stated (torchvision's code: BSD-3-Clause)", size: nil, hash: "sha256:397923af",
      use: "features (torchvision: RGB mean and deviation, C,H,W flatten)"),
    PublishedWeights(
      network: "AlexNet", file: "alexnet-owt-7be5be79.pth",
      source: "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
      licence: "not stated (torchvision's code: BSD-3-Clause)", size: nil, hash: "sha256:7be5be79",
      use: "features (torchvision)"),
    PublishedWeights(
      network: "ResNet18", file: "resnet18-f37072fd.pth",
      source: "https://download.pytorch.org/models/resnet18-f37072fd.pth",
      licence: "not stated (torchvision's code: BSD-3-Clause)", size: nil, hash: "sha256:f37072fd",
      use: "features (torchvision)"),
    PublishedWeights(
      network: "SqueezeNet", file: "squeezenet1_1-b8a52dc0.pth",
      source: "https://download.pytorch.org/models/squeezenet1_1-b8a52dc0.pth",
      licence: "not stated (torchvision's code: BSD-3-Clause)", size: nil, hash: "sha256:b8a52dc0",
      use: "features, version 1.1 (torchvision)"),
    PublishedWeights(
      network: "SqueezeNet", file: "squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5",
      source: "https://github.com/rcmalli/keras-squeezenet/releases",
      licence: "MIT", size: 3_002_560,
      hash: "sha256:17154246284f555591549ac2c83e127abfbf4307dc4b0060fdaa2931d0fa38da",
      use: "features, version 1.1 without the last convolution (Keras)"),
    PublishedWeights(
      network: "SqueezeNet", file: "squeezenet_weights_th_dim_ordering_th_kernels_notop.h5",
      source: "https://github.com/rcmalli/keras-squeezenet/releases",
      licence: "MIT", size: 3_002_560,
      hash: "sha256:20d31b78c6871f79f433c2f7501f8cecb5234d164071619d356ad6d549a0b7ce",
      use: "the same in Theano's order"),
  ]
}
