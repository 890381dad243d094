// What a segmentation without labels can be told; every value with its source.
//
// Implements: H. Kim, J. Inoue, T. Kasuya, Sci. Rep. 10 (2020) 17835 ("Implementation details") and, where
//   that is silent, A. Kanezaki, ICASSP 2018, and her program (pytorch-unsupervised-segmentation).

import Imaging
import NeuralNetworks

/// The settings of a segmentation; the defaults are those of Kim, Inoue and Kasuya (2020).
public struct SegmentationSettings: Sendable, Equatable, Codable {
  /// What keeps neighbouring pixels together.
  public enum Method: String, Sendable, Codable, CaseIterable {
    /// Superpixels whose pixels take their most frequent label (Kim 2020, Kanezaki 2018).
    case superpixels
    /// A loss of differing neighbours (W. Kim, Kanezaki, Tanaka 2020, "tip").
    case tip
  }

  /// When the number of labels ends the training.
  public enum Stop: String, Sendable, Codable, CaseIterable {
    /// Below the least number (Kim 2020, "becomes less than").
    case below
    /// At or below it (Kanezaki's program).
    case reached
  }

  /// Which labels are the result.
  public enum FinalLabels: String, Sendable, Codable, CaseIterable {
    /// Those of one more forward pass after the last step (Kanezaki's program without a window).
    case after
    /// Those that the last step was computed from (Kanezaki's program with a window).
    case before
  }

  /// p, the filters of each convolution (Kim 2020: 100).
  public var filters = 100
  /// M, the convolutions (Kim 2020: 2).
  public var layers = 2
  /// q, the outputs of the classifier (Kim 2020: 50; Kanezaki 2018: as many as filters).
  public var outputs = 50
  /// Whether batch normalisation comes before the rectification (Kim 2020: after, equations 2, 3).
  public var normalisesFirst = false
  /// What keeps neighbouring pixels together.
  public var method = Method.superpixels
  /// n, the number of superpixels (Kim 2020: 50,000).
  public var superpixels = 50_000
  /// m, the compactness of superpixels (Kim 2020: 20).
  public var compactness = 20.0
  /// Whose rules of SLIC hold: those of scikit-image 0.18, which the paper's year had, or of today.
  public var slicRules = "legacy018"
  /// Whether SLIC sees red and blue exchanged, as in Kanezaki's program, which the paper began from.
  public var exchangesColours = true
  /// The learning rate of SGD (Kim 2020: 0.1).
  public var learningRate = 0.1
  /// The momentum of SGD (Kim 2020: 0.9).
  public var momentum = 0.9
  /// The most iterations (Kim 2020: not stated; Kanezaki's program: 1000).
  public var maximumIterations = 1000
  /// The number of labels that ends the training (Kim 2020: "set by a user"; Kanezaki's program: 3).
  public var minimumLabels = 3
  /// When that number ends the training.
  public var stop = Stop.below
  /// Which labels are the result.
  public var finalLabels = FinalLabels.after
  /// Whether the result is refined by superpixels once more (Kim 2020: not stated).
  public var refinesResult = false
  /// A number of classes to reach (Kim 2020, figure 9: 3, 10, 20); `nil` for what the training gives.
  public var classes: Int?
  /// How more labels than that become so many (Kim 2020: not stated).
  public var grouping = ClassGrouping.boundary
  /// The window of `.texture` in pixels.
  public var textureWindow = 17
  /// The weight of the continuity loss of `.tip` (her program: 1).
  public var continuity = 1.0
  /// Repeated runs with other seeds (Kim 2020: 10 for its criteria).
  public var runs = 1
  /// The seed of the first run.
  public var seed: UInt64 = 0
  /// The parts along each side whose area fractions give the confidence intervals.
  public var fields = 4
  /// The most bytes of activations, 0 for as few as without tiles.
  public var maximumMemory = 0
  /// Iterations between checkpoints.
  public var checkpointInterval = 5

  /// The paper's settings.
  public init() {}

  /// What is wrong with settings that a file or a caller gives; `nil` when they can be used.
  public var fault: String? {
    let whole: [(String, Int, ClosedRange<Int>)] = [
      ("filters", filters, 1...4096), ("layers", layers, 1...16), ("outputs", outputs, 2...255),
      ("superpixels", superpixels, 1...100_000_000),
      ("iterations", maximumIterations, 1...1_000_000),
      ("least labels", minimumLabels, 1...255), ("runs", runs, 1...1000),
      ("fields along a side", fields, 1...64),
      ("iterations between checkpoints", checkpointInterval, 1...1_000_000),
      ("pixels of a window of texture", textureWindow, 3...1023),
      ("bytes of memory", maximumMemory, 0...(1 << 50)),
    ]
    for (name, value, range) in whole where !range.contains(value) {
      return "\(name) lie from \(range.lowerBound) to \(range.upperBound), not at \(value)"
    }
    if textureWindow % 2 == 0 { return "a window of texture of an even \(textureWindow) pixels" }
    if let classes, !(1...outputs).contains(classes) {
      return "\(classes) classes cannot be reached with \(outputs) outputs"
    }
    if !(learningRate > 0 && learningRate <= 1000) { return "a learning rate of \(learningRate)" }
    if !(momentum >= 0 && momentum < 1) { return "momentum lies in 0 ..< 1, not at \(momentum)" }
    if !(compactness > 0 && compactness <= 1e6) { return "a compactness of \(compactness)" }
    if !(continuity >= 0 && continuity <= 1e6) { return "a weight of continuity of \(continuity)" }
    if SLIC.Version(rawValue: slicRules) == nil { return "no rules of SLIC named '\(slicRules)'" }
    return nil
  }

  /// The network.
  var network: KanezakiNetOptions {
    KanezakiNetOptions(
      filters: filters, layers: layers, classes: outputs, normalisesFirst: normalisesFirst)
  }

  /// How labels become a given number of classes.
  var joining: ClassJoining {
    var joining = ClassJoining()
    (joining.grouping, joining.window, joining.seed) = (grouping, textureWindow, seed)
    return joining
  }

  /// The superpixels.
  var slic: SLIC {
    SLIC(
      superpixels: superpixels, compactness: compactness,
      colours: exchangesColours ? .exchangedLab : .lab,
      version: SLIC.Version(rawValue: slicRules) ?? .legacy018)
  }

  /// Each ambiguity of the paper and how it is read in this run, one line each.
  public var readings: [String] {
    let rule = grouping == .boundary ? "boundaries" : "texture in \(textureWindow) pixels"
    let least = "labels \(stop == .below ? "below" : "at or below") \(minimumLabels)"
    let end = classes.map { "at \($0) labels or fewer; more are joined by \(rule)" } ?? least
    return [
      "stop: \(end), or after \(maximumIterations) iterations (the paper states no number)",
      "final labels: "
        + (finalLabels == .after ? "one more forward pass" : "those before the last step")
        + (refinesResult ? ", refined by superpixels" : ", not refined"),
      "order: convolution, "
        + (normalisesFirst ? "batch normalisation, ReLU" : "ReLU, batch normalisation"),
      method == .superpixels
        ? "superpixels: \(superpixels) of compactness \(compactness), rules \(slicRules), red and blue "
          + (exchangesColours ? "exchanged" : "in order")
        : "neighbours: continuity loss with weight \(continuity), no superpixels",
    ]
  }
}

extension SegmentationSettings {
  /// Reads settings; those that came after the first version may be missing.
  ///
  /// - Throws: `DecodingError` when another one is missing or of another type.
  public init(from decoder: any Decoder) throws {
    self.init()
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func read<Value: Decodable>(_ key: CodingKeys, _ value: inout Value) throws {
      value = try values.decode(Value.self, forKey: key)
    }
    try read(.filters, &filters)
    try read(.layers, &layers)
    try read(.outputs, &outputs)
    try read(.normalisesFirst, &normalisesFirst)
    try read(.method, &method)
    try read(.superpixels, &superpixels)
    try read(.compactness, &compactness)
    try read(.slicRules, &slicRules)
    try read(.exchangesColours, &exchangesColours)
    try read(.learningRate, &learningRate)
    try read(.momentum, &momentum)
    try read(.maximumIterations, &maximumIterations)
    try read(.minimumLabels, &minimumLabels)
    try read(.stop, &stop)
    try read(.finalLabels, &finalLabels)
    try read(.refinesResult, &refinesResult)
    classes = try values.decodeIfPresent(Int.self, forKey: .classes)
    grouping = try values.decodeIfPresent(ClassGrouping.self, forKey: .grouping) ?? grouping
    textureWindow = try values.decodeIfPresent(Int.self, forKey: .textureWindow) ?? textureWindow
    try read(.continuity, &continuity)
    try read(.runs, &runs)
    try read(.seed, &seed)
    try read(.fields, &fields)
    try read(.maximumMemory, &maximumMemory)
    try read(.checkpointInterval, &checkpointInterval)
  }
}
