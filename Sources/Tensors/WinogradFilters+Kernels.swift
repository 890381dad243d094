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
        let first = panel * width
        for c in 0..<C {
          for k in stride(from: first, to: min(K, first + width), by: 4) {
            unsafe transformFilters(
              from.pointer + (c * K + k), C * K, min(4, K - k), m,
              to.pointer + ((panel * C + c) * width + k - first), panels * C * width)
          }
        }
      }
    }
  }
  return packed
}

/// G g G^T of `count` filters, at most 4, side by side, whose nine taps and whose parts lie some values
/// apart.
@unsafe private func transformFilters(
  _ g: UnsafePointer<Float>, _ tapStep: Int, _ count: Int, _ m: Int,
  _ U: UnsafeMutablePointer<Float>, _ partStep: Int
) {
  typealias Values = SIMD4<Double>
  // SAFETY: the caller guarantees nine taps and (m + 2)^2 parts of `count` values.
  func tap(_ t: Int) -> Values {
    let p = unsafe g + t * tapStep
    if count == 4 { return unsafe Values(Double(p[0]), Double(p[1]), Double(p[2]), Double(p[3])) }
    var values = Values()
    for i in 0..<count { unsafe values[i] = Double(p[i]) }
    return values
  }
  func line(_ a: Values, _ b: Values, _ c: Values, _ i: Int) -> Values {
    if i == 0 { return m == 2 ? a : a / 4 }
    if i == m + 1 { return c }
    if m == 2 { return (a + (i == 1 ? b : -b) + c) / 2 }
    switch i {
    case 1: return -(a + b + c) / 6
    case 2: return -(a - b + c) / 6
    case 3: return a / 24 + b / 12 + c / 6
    default: return a / 24 - b / 12 + c / 6
    }
  }
  for i in 0..<(m + 2) {
    let a = line(tap(0), tap(3), tap(6), i)
    let b = line(tap(1), tap(4), tap(7), i)
    let c = line(tap(2), tap(5), tap(8), i)
    for j in 0..<(m + 2) {
      let (values, to) = unsafe (line(a, b, c, j), U + (i * (m + 2) + j) * partStep)
      for lane in 0..<count { unsafe to[lane] = Float(values[lane]) }
    }
  }
}
