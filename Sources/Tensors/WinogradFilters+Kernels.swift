// Filters transformed and packed for Winograd's convolution, and the choice of the algorithm.
//
// Implements: A. Lavin, S. Gray, "Fast algorithms for convolutional neural networks", CVPR 2016,
//   equation (8): U = G g G^T.
// Equation -> code: U -> `packWinograd`, in Double, rounded once.
// Layout: [part][panel][C][panel width], part i (m + 2) + j for element (i, j) of U.
// Deviations: none. Checked by: WinogradTests. Cost: (m + 2)^2 / 9 of the filters' memory.

extension ConvolutionAlgorithm {
  /// The outputs of a tile along an axis where this is one of Winograd's algorithms.
  var winogradTile: Int? {
    switch self {
    case .winograd2: 2
    case .winograd4: 4
    default: nil
    }
  }

  /// What `.automatic` stands for.
  ///
  /// `.im2col` where an output row has fewer than 4 pixels, so that tiles go on across rows and images;
  /// in Float, for 3 x 3 filters of stride 1 with at least 16 channels and 16 filters and at least 4 output
  /// rows: `.winograd4` where its tiles are at least 9 an image, else `.winograd2`, whose filters are
  /// read from memory in less than half the time; otherwise `.direct`.
  ///
  /// - Parameters:
  ///   - filters: shape (R, S, C / groups, K).
  ///   - geometry: stride, padding, dilation, groups.
  ///   - outputHeight: rows of the output.
  ///   - outputWidth: columns of the output.
  ///   - isFloat: whether values are `Float`; Winograd's algorithms are not chosen for `Double`.
  /// - Returns: never `.automatic` nor `.reference`; it depends on shapes alone.
  public static func chosen(
    filters: [Int], geometry: ConvolutionGeometry, outputHeight: Int, outputWidth: Int,
    isFloat: Bool = true
  ) -> ConvolutionAlgorithm {
    guard outputWidth >= 4 else { return .im2col }
    guard isFloat, winogradSuits(filters: filters, geometry: geometry), outputHeight >= 4,
      min(filters[2], filters[3]) >= 16
    else { return .direct }
    return (outputHeight + 3) / 4 * ((outputWidth + 3) / 4) >= 9 ? .winograd4 : .winograd2
  }

  /// `self`, or what `.automatic` stands for.
  func resolved(
    _ output: [Int], _ filters: [Int], _ geometry: ConvolutionGeometry, isFloat: Bool
  ) -> ConvolutionAlgorithm {
    self == .automatic
      ? .chosen(
        filters: filters, geometry: geometry, outputHeight: output[1], outputWidth: output[2],
        isFloat: isFloat) : self
  }

  /// Whether Winograd's algorithms can compute a convolution.
  ///
  /// - Parameters:
  ///   - filters: shape (R, S, C / groups, K).
  ///   - geometry: stride, padding, dilation, groups.
  /// - Returns: whether filters are 3 x 3, and stride, dilation and groups 1.
  public static func winogradSuits(filters: [Int], geometry: ConvolutionGeometry) -> Bool {
    filters[0] == 3 && filters[1] == 3
      && [
        geometry.strideY, geometry.strideX, geometry.dilationY, geometry.dilationX,
        geometry.groups,
      ].allSatisfy { $0 == 1 }
  }
}

/// The panels of G g G^T for every channel and filter, part after part, filled up with zeros.
func packWinograd<Scalar: KernelScalar>(
  _ filters: Tensor<Scalar>, _ groups: Int, _ width: Int, _ m: Int
) -> [Scalar] {
  precondition(
    filters.shape[0] == 3 && filters.shape[1] == 3 && groups == 1 && Scalar.self == Float.self,
    "Winograd's algorithms take 3 x 3 filters in one group in Float, not \(filters.shape) in "
      + "\(groups) group(s)")
  let (C, K) = (filters.shape[2], filters.shape[3])
  let (panels, parts) = ((K + width - 1) / width, (m + 2) * (m + 2))
  var packed: [Scalar] = largeZeros(parts * panels * C * width)
  // SAFETY: Scalar is Float; each piece writes its own panel of every part.
  unsafe filters.scalars.withUnsafeBytes { source in
    unsafe packed.withUnsafeMutableBytes { target in
      guard let source = source.baseAddress, let target = target.baseAddress else { return }
      let from = unsafe SharedPointer(
        UnsafeMutablePointer(mutating: source.assumingMemoryBound(to: Float.self)))
      let to = unsafe SharedPointer(target.assumingMemoryBound(to: Float.self))
      parallelFor(panels) { panel in
        for k in (panel * width)..<min(K, (panel + 1) * width) {
          for c in 0..<C {
            unsafe transformFilter(
              from.pointer + (c * K + k), C * K, m,
              to.pointer + ((panel * C + c) * width + k - panel * width), panels * C * width)
          }
        }
      }
    }
  }
  return packed
}

/// G g G^T of one filter, whose nine taps and whose parts lie some values apart.
@unsafe private func transformFilter(
  _ g: UnsafePointer<Float>, _ tapStep: Int, _ m: Int, _ U: UnsafeMutablePointer<Float>,
  _ partStep: Int
) {
  // SAFETY: the caller guarantees nine taps and (m + 2)^2 parts.
  func line(_ a: Double, _ b: Double, _ c: Double, _ i: Int) -> Double {
    let inner = m == 2 ? (a + (i == 1 ? b : -b) + c) / 2 : 0
    switch (m, i) {
    case (_, 0): return m == 2 ? a : a / 4
    case (2, 3), (4, 5): return c
    case (2, _): return inner
    case (_, 1): return -(a + b + c) / 6
    case (_, 2): return -(a - b + c) / 6
    case (_, 3): return a / 24 + b / 12 + c / 6
    default: return a / 24 - b / 12 + c / 6
    }
  }
  for i in 0..<(m + 2) {
    func row(_ s: Int) -> Double {
      unsafe line(
        Double(g[s * tapStep]), Double(g[(3 + s) * tapStep]), Double(g[(6 + s) * tapStep]), i)
    }
    let (a, b, c) = (row(0), row(1), row(2))
    for j in 0..<(m + 2) { unsafe U[(i * (m + 2) + j) * partStep] = Float(line(a, b, c, j)) }
  }
}
