// A fitted clustering as a file: safetensors, readable by anything that reads safetensors.
//
// The bytes depend on the images' contents, the settings and the program's version alone: no time,
// host, number of threads or path is in them.
// Deviations: none. Checked by: ClusterModelFileTests.

import Estimators
import Files
import FoundationEssentials
import NeuralNetworks
import Tensors
import WeightFormats

/// The version of the format that this program writes.
///
/// Version 1 had scattering, components and their clusters alone.
private let formatVersion = "2"

/// The versions that are read.
private let readableVersions = ["1", "2"]

extension ClusterModel {
  /// Writes the model.
  ///
  /// - Throws: `FormatError` that names the file when it cannot be written.
  public func save(to path: String) throws(FormatError) {
    try saveSafetensors(tensors, metadata: metadata, to: path)
  }

  private var tensors: [NamedTensor] {
    let classes = clusterClasses.map { $0 ?? -1 }
    var tensors: [NamedTensor] = []
    if let normalisation {
      tensors = [
        NamedTensor(name: "normalisation.kept", vector(normalisation.keptIndices)),
        NamedTensor(name: "normalisation.medians", vector(normalisation.medians)),
      ]
    }
    tensors += [
      NamedTensor(name: "components.mean", vector(pca.mean)),
      NamedTensor(name: "components.axes", pca.components),
      NamedTensor(name: "components.variances", vector(pca.explainedVariance)),
      NamedTensor(name: "components.ratios", vector(pca.explainedVarianceRatio)),
      NamedTensor(name: "components.noise", vector([pca.noiseVariance])),
      NamedTensor(name: "clusters.centres", clusters.centres),
      NamedTensor(name: "clusters.classes", vector(classes)),
      NamedTensor(name: "limits", vector([limits.distance, limits.residual])),
    ]
    if let componentCentres {
      tensors.append(NamedTensor(name: "clusters.components", componentCentres.centres))
    }
    if let map {
      tensors.append(NamedTensor(name: "map.samples", map.samples))
      tensors.append(NamedTensor(name: "map.places", map.embedding))
      tensors.append(NamedTensor(name: "map.divergence", vector([map.divergence])))
    }
    return tensors
  }

  private var metadata: [String: String] {
    let names = coefficientNames(settings)
    let dropped = normalisation?.droppedIndices.map { names[$0] } ?? []
    return [
      "nital.model": "clusters", "nital.format": formatVersion, "nital.version": nitalVersion,
      "nital.settings": jsonLine(settings), "nital.classes": jsonLine(classNames),
      "nital.dropped": jsonLine(dropped), "nital.inputs": inputHashes.joined(separator: "\n"),
    ]
  }

  /// Reads a model.
  ///
  /// - Throws: `FormatError` that names the file when it is no model of this program, of another
  ///   format version, or inconsistent.
  public init(contentsOf path: String) throws(FormatError) {
    try self.init(ModelFileReader(path: path))
  }

  private init(_ file: ModelFileReader) throws(FormatError) {
    settings = try file.json("nital.settings", as: ClusteringSettings.self)
    if let fault = settings.fault { throw file.fault("settings: " + fault) }
    classNames = try file.json("nital.classes", as: [String].self)
    inputHashes = try file.text("nital.inputs").split(separator: "\n").map(String.init)
    normalisation = settings.usesNetwork ? nil : try file.normalisation(settings)
    let axes = try file.matrix("components.axes", columns: normalisation?.keptIndices.count)
    let mean = try file.vector("components.mean", count: axes.shape[1])
    let variances = try file.vector("components.variances", count: axes.shape[0])
    try file.require(variances.allSatisfy { $0 >= 0 }, "a variance is negative")
    let ratios = try file.vector("components.ratios", count: axes.shape[0])
    let noise = try file.vector("components.noise", count: 1)
    let spread = Double(max(1, inputHashes.count - 1))
    pca = PCA(
      mean: mean, components: axes, explainedVariance: variances, explainedVarianceRatio: ratios,
      singularValues: variances.map { ($0 * spread).squareRoot() }, noiseVariance: noise[0],
      whitens: settings.whiten)
    let width = settings.clusterOn == .features ? axes.shape[1] : axes.shape[0]
    clusters = try file.centres(
      "clusters.centres", columns: settings.clusterOn == .embedding ? 2 : width)
    if settings.clusterOn != .components {
      componentCentres = try file.centres("clusters.components", columns: axes.shape[0])
    }
    if settings.clusterOn == .embedding { map = try file.map(components: axes.shape[0]) }
    let classes = try file.integers("clusters.classes")
    let classRange = -1..<classNames.count
    try file.require(
      classes.count == clusters.clusters && classes.allSatisfy { classRange.contains($0) }
        && (componentCentres ?? clusters).clusters == clusters.clusters,
      "the classes of the clusters do not fit \(clusters.clusters) clusters")
    clusterClasses = classes.map { $0 >= 0 ? $0 : nil }
    let bounds = try file.limits()
    limits = NoveltyLimits(distance: bounds[0], residual: bounds[1])
  }
}

/// The names of the scattering coefficients of these settings.
private func coefficientNames(_ settings: ClusteringSettings) -> [String] {
  WaveletScattering.paths(
    scales: settings.scales, orientations: settings.orientations, maximumOrder: 2
  ).map(\.name)
}

private func vector<Scalar>(_ values: [Scalar]) -> Tensor<Scalar> {
  Tensor(shape: [values.count], scalars: values)
}

/// A value as JSON on one line, keys sorted.
private func jsonLine(_ value: some Encodable) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  guard let data = try? encoder.encode(value) else { return "null" }
  return String(decoding: data, as: UTF8.self)
}

/// Reads the parts of a model file, each checked.
private struct ModelFileReader {
  private let path: String
  private let file: TensorFile

  init(path: String) throws(FormatError) {
    self.path = path
    file = try loadTensorFile(contentsOf: path)
    guard file.metadata["nital.model"] == "clusters" else {
      throw fault("this is not a model that nital cluster wrote")
    }
    let version = file.metadata["nital.format"] ?? "none"
    guard readableVersions.contains(version) else {
      throw fault(
        "the model has format version \(version), this program reads versions "
          + readableVersions.joined(separator: " and "))
    }
  }

  func fault(_ problem: String) -> FormatError { FormatError(file: path, problem: problem) }

  func require(_ condition: Bool, _ problem: String) throws(FormatError) {
    if !condition { throw fault(problem) }
  }

  func text(_ key: String) throws(FormatError) -> String {
    guard let value = file.metadata[key] else { throw fault("\(key) is missing") }
    return value
  }

  func json<Value: Decodable>(_ key: String, as type: Value.Type) throws(FormatError) -> Value {
    let text = try text(key)
    do {
      return try JSONDecoder().decode(type, from: Data(text.utf8))
    } catch {
      throw fault("\(key) is not what this program writes")
    }
  }

  private func tensor(_ name: String) throws(FormatError) -> NamedTensor {
    guard let tensor = file.tensors[name] else { throw fault("tensor '\(name)' is missing") }
    return tensor
  }

  func integers(_ name: String) throws(FormatError) -> [Int] {
    try tensor(name).integers().scalars
  }

  func vector(_ name: String, count: Int) throws(FormatError) -> [Double] {
    let values = try tensor(name).doubles()
    guard values.shape == [count], values.firstNonFinite == nil else {
      throw fault(
        "tensor '\(name)' has shape \(values.shape) or values that are not finite, "
          + "expected \([count])")
    }
    return values.scalars
  }

  /// The two limits: infinite when the training images were too few, 0 when they were all alike.
  func limits() throws(FormatError) -> [Double] {
    let values = try tensor("limits").doubles()
    guard values.shape == [2], values.scalars.allSatisfy({ $0 >= 0 }) else {
      throw fault("tensor 'limits' has shape \(values.shape) or values that are below 0 or NaN")
    }
    return values.scalars
  }

  func matrix(_ name: String, columns: Int?) throws(FormatError) -> Tensor<Double> {
    let values = try tensor(name).doubles()
    guard values.rank == 2, values.shape[0] >= 1, values.shape[1] == columns ?? values.shape[1],
      values.firstNonFinite == nil
    else {
      throw fault(
        "tensor '\(name)' has shape \(values.shape) or values that are not finite, "
          + "expected (n, \(columns.map { "\($0)" } ?? "d"))")
    }
    return values
  }

  func centres(_ name: String, columns: Int) throws(FormatError) -> KMeans {
    let centres = try matrix(name, columns: columns)
    do {
      return try KMeans(centres: centres)
    } catch {
      throw fault("\(error)")
    }
  }

  func normalisation(_ settings: ClusteringSettings) throws(FormatError) -> LogScattering {
    let inputCount = coefficientNames(settings).count
    let kept = try integers("normalisation.kept")
    let medians = try vector("normalisation.medians", count: kept.count)
    try require(
      medians.allSatisfy { $0 > 0 } && zip(kept, kept.dropFirst()).allSatisfy { $0 < $1 }
        && kept.allSatisfy { $0 >= 0 && $0 < inputCount } && settings.offset >= 0,
      "the normalisation is not that of \(inputCount) coefficients")
    return LogScattering(
      offset: settings.offset, inputCount: inputCount, keptIndices: kept, medians: medians)
  }

  func map(components: Int) throws(FormatError) -> TSNE {
    let samples = try matrix("map.samples", columns: components)
    let places = try matrix("map.places", columns: 2)
    let divergence = try vector("map.divergence", count: 1)
    try require(
      samples.shape[0] == places.shape[0] && samples.shape[0] >= 4,
      "the map has \(places.shape[0]) places of \(samples.shape[0]) samples")
    do {
      return try TSNE(embedding: places, of: samples, divergence: divergence[0])
    } catch {
      throw fault("\(error)")
    }
  }
}
