// The weights of samples along one axis: splines, Gaussians and what lies beyond the edges.
//
// Equations: see Resize.swift. Checked by: ResizeTests. Cost: one list of taps an output.

import Tensors

/// The weights of one axis of a picture that changes its size.
struct ResampledAxis {
  private let inputs: Int
  private let mode: BoundaryMode
  private let constant: Double
  private var counts: [Int] = []
  private var indices: [Int] = []
  private var taps: [Double] = []
  private var bias: [Double] = []

  /// The map from n samples to m by a spline, after a Gaussian where `smooths` and m < n.
  ///
  /// The axis was padded with `margin` samples on each side.
  init(_ n: Int, to m: Int, _ options: ResizeOptions, smooths: Bool, margin: Int = 0) {
    self.init(n + 2 * margin, options)
    let gaussian = smooths ? gaussianTaps(sigma: antiAliasingSigma(n, m)) : [1]
    let radius = gaussian.count / 2
    for k in 0..<m {
      beginOutput()
      eachSplineTap(k, n, m, options.order) { index, weight in
        for (j, w) in gaussian.enumerated() where weight != 0 {
          add(index + margin + j - radius, weight * w)
        }
      }
    }
  }

  /// The Gaussian that goes before a change from n samples to m.
  init(smoothing n: Int, for m: Int, _ options: ResizeOptions) {
    self.init(n, options)
    let gaussian = gaussianTaps(sigma: antiAliasingSigma(n, m))
    let radius = gaussian.count / 2
    for k in 0..<n {
      beginOutput()
      for (j, w) in gaussian.enumerated() { add(k + j - radius, w) }
    }
  }

  /// n samples with `margin` more on each side.
  init(padding n: Int, by margin: Int, _ options: ResizeOptions) {
    self.init(n, options)
    for k in -margin..<n + margin {
      beginOutput()
      add(k, 1)
    }
  }

  private init(_ inputs: Int, _ options: ResizeOptions) {
    self.inputs = inputs
    mode = options.mode
    constant = Double(options.constant)
  }

  /// The table that the kernels take.
  var weights: AxisWeights {
    AxisWeights(inputs: inputs, counts: counts, indices: indices, weights: taps, bias: bias)
  }

  private mutating func beginOutput() {
    counts.append(0)
    bias.append(0)
  }

  /// Adds a tap at any index to the last output: beyond the edges it is brought back, or made a part
  /// of the constant.
  private mutating func add(_ index: Int, _ weight: Double) {
    let output = counts.count - 1
    guard let source = mode.source(of: index, inputs) else {
      bias[output] += weight * constant
      return
    }
    for known in indices.count - counts[output]..<indices.count where indices[known] == source {
      taps[known] += weight
      return
    }
    indices.append(source)
    taps.append(weight)
    counts[output] += 1
  }
}

extension BoundaryMode {
  /// The sample of 0 ..< n that index `i` stands for; `nil` for the constant.
  func source(of i: Int, _ n: Int) -> Int? {
    if (0..<n).contains(i) { return i }
    func modulo(_ period: Int) -> Int { ((i % period) + period) % period }
    switch self {
    case .constant: return nil
    case .edge: return i < 0 ? 0 : n - 1
    case .wrap: return modulo(n)
    case .symmetric:
      let m = modulo(2 * n)
      return m < n ? m : 2 * n - 1 - m
    case .reflect:
      if n == 1 { return 0 }
      let m = modulo(2 * n - 2)
      return m < n ? m : 2 * n - 2 - m
    }
  }
}

/// The standard deviation of the Gaussian before a change from n samples to m, in samples.
func antiAliasingSigma(_ n: Int, _ m: Int) -> Double { max(0, (Double(n) / Double(m) - 1) / 2) }

/// The Gaussian at whole distances up to round(4 sigma), adding up to 1.
func gaussianTaps(sigma: Double) -> [Double] {
  guard sigma > 1e-15 else { return [1] }
  let radius = Int(4 * sigma + 0.5)
  let taps = (-radius...radius).map { exponential(-0.5 / (sigma * sigma) * Double($0 * $0)) }
  let sum = taps.reduce(0, +)
  return taps.map { $0 / sum }
}

/// The samples and weights of output `k` when n samples become m; indices may lie outside 0..<n.
func eachSplineTap(
  _ k: Int, _ n: Int, _ m: Int, _ order: ResizeOptions.Order,
  _ body: (_ index: Int, _ weight: Double) -> Void
) {
  let position = (Double(k) + 0.5) * (Double(n) / Double(m)) - 0.5
  let first = position.rounded(.down)
  let t = position - first
  switch order {
  case .nearest: body(Int((position + 0.5).rounded(.down)), 1)
  case .linear:
    body(Int(first), 1 - t)
    body(Int(first) + 1, t)
  case .cubic:
    for j in -1...2 { body(Int(first) + j, cubicBasis(t - Double(j))) }
  }
}

/// The cubic B-spline at `x`: 2/3 at 0, 1/6 at 1, 0 from 2 on.
private func cubicBasis(_ x: Double) -> Double {
  let d = x.magnitude
  if d < 1 { return (4 - 6 * d * d + 3 * d * d * d) / 6 }
  return d < 2 ? (2 - d) * (2 - d) * (2 - d) / 6 : 0
}
