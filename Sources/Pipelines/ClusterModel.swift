// A fitted clustering: everything that is needed to classify an image, and where it came from.

import Estimators
import NeuralNetworks
import Tensors

/// Log scattering or a network's features, principal components, cluster centres and their classes, fitted together.
public struct ClusterModel: Sendable {
  /// The settings it was fitted with.
  public var settings: ClusteringSettings
  /// The normalisation of the scattering coefficients; `nil` for a network's features.
  public var normalisation: LogScattering?
  /// The principal components of the normalised coefficients.
  public var pca: PCA
  /// The clusters, in the space that `settings.clusterOn` names.
  public var clusters: KMeans
  /// The names of the classes; empty when none were known.
  public var classNames: [String]
  /// The class of each cluster by majority of the training images; `nil` without labelled images.
  public var clusterClasses: [Int?]
  /// The limits beyond which an image is flagged.
  public var limits: NoveltyLimits
  /// The SHA-256 of every training image, in order, with row and column for patches.
  public var inputHashes: [String]
  /// The mean components of each cluster, where clusters were not made of components.
  public var componentCentres: KMeans?
  /// The training images on their t-SNE map, where clusters were made of it.
  public var map: TSNE?
}

/// What a model says of one image.
public struct Assignment: Sendable, Equatable {
  /// The cluster with the nearest centre; ties go to the lower number.
  public var cluster: Int
  /// The index of the cluster's class; `nil` when it has none.
  public var classIndex: Int?
  /// The distance to each centre, in the space that was grouped.
  public var distances: [Double]
  /// The distance to the nearest centre.
  public var distance: Double
  /// How much farther the second centre is, as a share of its distance: 0 is a tie, 1 certain.
  public var margin: Double
  /// How unusual the image is: above 1 it is flagged.
  public var novelty: Double
}

extension ClusterModel {
  /// The log coefficients of images and their principal components, shape (n, components).
  func scores(of features: Tensor<Float>) throws -> (logs: Tensor<Float>, scores: Tensor<Float>) {
    let logs = try normalisation?(features) ?? features
    return (logs, try pca.transform(logs))
  }

  /// What the model says of each row of features.
  ///
  /// Where clusters were made of a t-SNE map, new images are put onto that map (`TSNE.places`), which
  /// stays as it is: the method itself has no map for new data, so take the outcome with care.
  public func assign(_ features: Tensor<Float>) throws -> [Assignment] {
    let (logs, scores) = try scores(of: features)
    let places = try map.map { map in
      try map.places(of: settings.embedding?.input(scores, pca) ?? scores)
    }
    return try assignments(logs: logs, scores: scores, places: places)
  }

  /// What the model says of rows whose components, and places on the map, are known.
  func assignments(
    logs: Tensor<Float>, scores: Tensor<Float>, places: Tensor<Double>?
  ) throws(EstimatorError) -> [Assignment] {
    let distances: Tensor<Double>
    switch settings.clusterOn {
    case .features: distances = try clusters.distances(logs)
    case .components: distances = try clusters.distances(settings.limited(scores))
    case .embedding:
      guard let places else { preconditionFailure("rows without places on the map") }
      distances = try clusters.distances(places)
    }
    let novelties = try novelties(logs: logs, scores: scores)
    let k = clusters.clusters
    return (0..<scores.shape[0]).map { i in
      assignment(Array(distances.scalars[(i * k)..<((i + 1) * k)]), novelties[i])
    }
  }

  /// How unusual each image is: above 1 it is flagged.
  private func novelties(
    logs: Tensor<Float>, scores: Tensor<Float>
  ) throws(EstimatorError) -> [Double] {
    let distances = try nearestDistances(componentCentres ?? clusters, scores)
    let residuals = try squaredResiduals(pca, logs, scores)
    return zip(distances, residuals).map { limits.score(distance: $0, residual: $1) }
  }

  private func assignment(_ distances: [Double], _ novelty: Double) -> Assignment {
    var nearest = 0
    for c in distances.indices where distances[c] < distances[nearest] { nearest = c }
    let second = distances.indices.filter { $0 != nearest }.map { distances[$0] }.min()
    let margin = second.map { $0 > 0 ? ($0 - distances[nearest]) / $0 : 0 } ?? 1
    return Assignment(
      cluster: nearest, classIndex: clusterClasses[nearest], distances: distances,
      distance: distances[nearest], margin: margin,
      novelty: novelty)
  }
}
