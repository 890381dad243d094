// What studies of segmentation without labels ask of the algorithm that does it.
//
// Deviations: none. Checked by: SegmentationSweepTests.

import Metallography
import Tensors

/// One segmentation that is wanted.
public struct SegmentationRequest: Sendable, Equatable {
  /// The number of classes at which training may stop.
  public var classes = 3
  /// SLIC's compactness.
  public var compactness = 20.0
  /// SLIC's number of superpixels.
  public var superpixels = 50_000
  /// The most steps of training.
  public var iterations = 200
  /// The seed of the weights.
  public var seed: UInt64 = 0

  /// The paper's settings: compactness 20, 50,000 superpixels, 3 classes.
  public init() {}

  /// All that the labels depend on beside the picture.
  var name: String {
    "classes \(classes), compactness \(short(compactness)), superpixels \(superpixels), "
      + "iterations \(iterations), seed \(seed)"
  }
}

/// A finished segmentation.
public struct SegmentationOutcome: Sendable, Equatable {
  /// The class of each pixel.
  public var labels: LabelMap
  /// The steps of training that were made.
  public var iterations: Int

  /// Labels after some steps.
  public init(labels: LabelMap, iterations: Int) {
    (self.labels, self.iterations) = (labels, iterations)
  }

  /// The labels as runs of equal ones, for a journal: iterations, height, width, then label and
  /// length of each run.
  package var journalNumbers: [Double] {
    var result = [Double(iterations), Double(labels.height), Double(labels.width)]
    var (last, length) = (labels.labels.first ?? 0, 0)
    for label in labels.labels {
      if label == last {
        length += 1
      } else {
        result += [Double(last), Double(length)]
        (last, length) = (label, 1)
      }
    }
    return length > 0 ? result + [Double(last), Double(length)] : result
  }

  /// The labels that `journalNumbers` stands for; `nil` when it stands for none.
  package init?(journalNumbers numbers: [Double]) {
    guard numbers.count >= 3, numbers.count % 2 == 1,
      let whole = Optional(numbers.compactMap { Int(exactly: $0) }), whole.count == numbers.count,
      whole[1] >= 0, whole[2] >= 0, whole[1] <= 1 << 20, whole[2] <= 1 << 20
    else { return nil }
    let count = whole[1] * whole[2]
    var values: [Int] = []
    values.reserveCapacity(count)
    for i in stride(from: 3, to: whole.count, by: 2) {
      guard whole[i + 1] >= 0, whole[i + 1] <= count - values.count else { return nil }
      values += repeatElement(whole[i], count: whole[i + 1])
    }
    guard values.count == count else { return nil }
    iterations = whole[0]
    labels = LabelMap(height: whole[1], width: whole[2], labels: values)
  }
}

/// An algorithm that segments pictures.
public struct SegmentationMethod: Sendable {
  /// Everything that the labels depend on beside the picture and the request.
  public let name: String
  private let segment: @Sendable (Tensor<Float>, SegmentationRequest) throws -> SegmentationOutcome

  /// An algorithm.
  ///
  /// - Parameters:
  ///   - name: different for settings that give different labels.
  ///   - segment: takes a picture, shape (H, W) or (H, W, 3), 0...1; the same request gives the same
  ///     labels.
  public init(
    _ name: String,
    _ segment:
      @escaping @Sendable (Tensor<Float>, SegmentationRequest) throws ->
      SegmentationOutcome
  ) {
    (self.name, self.segment) = (name, segment)
  }

  /// The labels of a picture.
  public func callAsFunction(
    _ pixels: Tensor<Float>, _ request: SegmentationRequest
  ) throws -> SegmentationOutcome {
    try segment(pixels, request)
  }
}
