// `nital lab matmul | convolve`.

import ArgumentParser
import Tensors
import WeightFormats

struct LabMatmul: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "matmul", abstract: "The product of two matrices.")

  @Argument(help: "A matrix (m, k).") var left: String
  @Argument(help: "A matrix (k, n).") var right: String
  @Flag(help: "Multiply by the transpose of the first.") var transposeLeft = false
  @Flag(help: "Multiply by the transpose of the second.") var transposeRight = false
  @OptionGroup var lab: LabOptions

  func run() throws {
    let (A, B) = (try loadArray(left), try loadArray(right))
    try require(
      A.shape.count == 2 && B.shape.count == 2, "shapes \(A.shape), \(B.shape): no matrices")
    let inner = (A.shape[transposeLeft ? 0 : 1], B.shape[transposeRight ? 1 : 0])
    try require(inner.0 == inner.1, "cannot multiply shape \(A.shape) by shape \(B.shape)")
    if case .float(let X) = A, case .float(let Y) = B {
      let C = try lab.timed {
        matmul(X, Y, transposingA: transposeLeft, transposingB: transposeRight)
      }
      return try saveArray(NamedTensor(name: "result", C), to: lab.output)
    }
    let (X, Y) = (A.doubles, B.doubles)
    let C = try lab.timed {
      matmul(X, Y, transposingA: transposeLeft, transposingB: transposeRight)
    }
    try saveArray(NamedTensor(name: "result", C), to: lab.output)
  }
}

struct LabConvolve: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convolve",
    abstract: "Convolve (correlate) images (N, H, W, C) with filters (R, S, C, K).")

  @Argument(help: "Images (N, H, W, C).") var images: String
  @Argument(help: "Filters (R, S, C / groups, K).") var filters: String
  @Option(help: "Pixels from one output to the next.") var stride = 1
  @Option(help: "Zeros added on each side.") var padding = 0
  @Option(help: "Distance between filter taps.") var dilation = 1
  @Option(help: "Groups of channels.") var groups = 1
  @Option(help: "automatic, reference, im2col, direct, winograd2 or winograd4.")
  var algorithm = "automatic"
  @OptionGroup var lab: LabOptions

  func validate() throws {
    if stride < 1 || padding < 0 || dilation < 1 || groups < 1 {
      throw ValidationError("--stride, --dilation and --groups begin at 1, --padding at 0.")
    }
    if ConvolutionAlgorithm(rawValue: algorithm) == nil {
      let names = ConvolutionAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--algorithm takes one of \(names), not \(algorithm).")
    }
  }

  func run() throws {
    let (X, W) = (try loadArray(images), try loadArray(filters))
    let geometry = ConvolutionGeometry(
      stride: stride, padding: padding, dilation: dilation, groups: groups)
    try check(X.shape, W.shape)
    let way = ConvolutionAlgorithm(rawValue: algorithm) ?? .automatic
    if way == .winograd2 || way == .winograd4 {
      try require(
        ConvolutionAlgorithm.winogradSuits(filters: W.shape, geometry: geometry),
        "--algorithm \(algorithm) takes 3 x 3 filters, stride, dilation and groups 1; "
          + "the filters are \(W.shape)")
    }
    if case .float(let x) = X, case .float(let w) = W {
      let y = try lab.timed { convolve(x, w, geometry: geometry, algorithm: way) }
      return try saveArray(NamedTensor(name: "result", y), to: lab.output)
    }
    let (x, w) = (X.doubles, W.doubles)
    let y = try lab.timed { convolve(x, w, geometry: geometry, algorithm: way) }
    try saveArray(NamedTensor(name: "result", y), to: lab.output)
  }

  private func check(_ x: [Int], _ w: [Int]) throws(CommandFailure) {
    try require(
      x.count == 4 && w.count == 4, "shapes \(x) and \(w): expected (N, H, W, C), (R, S, C, K)")
    try require(
      x[3] == w[2] * groups && w[3] % groups == 0,
      "\(x[3]) channels do not suit filters \(w) in \(groups) groups")
    for (side, taps) in [(x[1], w[0]), (x[2], w[1])] {
      try require(
        taps >= 1 && side + 2 * padding >= dilation * (taps - 1) + 1,
        "filters \(w) with dilation \(dilation) do not fit into images \(x) with padding \(padding)"
      )
    }
  }
}
