// Where features come from: the scattering transform, or a layer of a network.

/// What turns a picture into numbers.
public enum FeatureSource: Sendable, Equatable {
  /// The log wavelet scattering transform: filters given by a formula, no weights.
  case scattering
  /// The values of a layer of a network with published weights.
  case network(String, layer: String)

  /// The networks whose layers can be named.
  public static let networks = ["vgg16", "alexnet", "resnet18", "squeezenet"]

  /// Reads `scattering` or `NETWORK:LAYER`, for instance `vgg16:fc1`.
  public init?(_ text: String) {
    if text == "scattering" {
      self = .scattering
      return
    }
    guard let colon = text.firstIndex(of: ":") else { return nil }
    let (network, layer) = (text[..<colon].lowercased(), text[text.index(after: colon)...])
    guard FeatureSource.networks.contains(network), !layer.isEmpty else { return nil }
    self = .network(network, layer: String(layer))
  }

  /// The text that gives this value.
  public var text: String {
    switch self {
    case .scattering: "scattering"
    case .network(let network, let layer): "\(network):\(layer)"
    }
  }
}

/// What becomes of a layer that has rows and columns.
public enum FeaturePooling: String, Codable, Sendable, CaseIterable {
  /// Every value, in the order (y, x, channel), as Cohn & Holm use block5_pool.
  case flatten
  /// The mean of each channel.
  case mean
  /// The largest value of each channel.
  case max
  /// Means, then largest values.
  case meanMax = "mean+max"

  /// The number of features of a layer of this shape.
  func count(of shape: [Int]) -> Int {
    guard shape.count == 3 else { return shape.reduce(1, *) }
    switch self {
    case .flatten: return shape.reduce(1, *)
    case .mean, .max: return shape[2]
    case .meanMax: return 2 * shape[2]
    }
  }

  /// The features of one image's values, of shape (H, W, C) or (d).
  func callAsFunction(_ values: ArraySlice<Float>, shape: [Int]) -> [Float] {
    guard shape.count == 3, self != .flatten else { return Array(values) }
    let (pixels, C) = (shape[0] * shape[1], shape[2])
    var sums = [Double](repeating: 0, count: C)
    var largest = [Float](repeating: -.infinity, count: C)
    for p in 0..<pixels {
      for c in 0..<C {
        let value = values[values.startIndex + p * C + c]
        sums[c] += Double(value)
        largest[c] = Swift.max(largest[c], value)
      }
    }
    let means = sums.map { Float($0 / Double(pixels)) }
    switch self {
    case .mean: return means
    case .max: return largest
    default: return means + largest
    }
  }
}

/// What is used for the grey levels of a picture before features are computed.
public enum CLAHEPreset: String, Codable, Sendable, CaseIterable {
  /// scikit-image 0.19 to 0.26.
  case current
  /// scikit-image 0.17.2, as Cohn & Holm used it.
  case v017 = "0.17"
}

/// What k-means groups.
public enum ClusterSpace: String, Codable, Sendable, CaseIterable {
  /// The features themselves: log coefficients, or a layer's values.
  case features
  /// Principal components.
  case components
  /// The places on the t-SNE map.
  case embedding
}

/// A weight file, whatever it is called and wherever it lies.
public struct WeightsIdentity: Codable, Sendable, Equatable {
  /// The file's name, without folders.
  public var file: String
  /// The SHA-256 of its bytes, 64 hexadecimal digits.
  public var sha256: String

  /// A file by name and hash.
  public init(file: String, sha256: String) { (self.file, self.sha256) = (file, sha256) }
}

/// A part of a set's images: number `index` of `count`, each image by its place in the sorted list.
public struct Shard: Sendable, Equatable {
  /// The number of this part, from 1.
  public var index: Int
  /// The number of parts.
  public var count: Int

  /// Reads `2/8`.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let index = Int(parts[0]), let count = Int(parts[1]),
      (1...100_000).contains(count), (1...count).contains(index)
    else { return nil }
    (self.index, self.count) = (index, count)
  }

  /// The text that gives this value.
  public var text: String { "\(index)/\(count)" }

  /// The places of the shard's images among `total` sorted images: index - 1, + count, + 2 count...
  func places(of total: Int) -> [Int] { Array(stride(from: index - 1, to: total, by: count)) }
}
