// Filters transformed and packed for Winograd's convolution, and the choice of the algorithm.
//
// Implements: A. Lavin, S. Gray, "Fast algorithms for convolutional neural networks", CVPR 2016,
//   equation (8): U = G g G^T.
// Equation -> code: U -> `packWinograd`, in Double, rounded once.
// Layout: [part][panel][C][panel width], part i (m + 2) + j for element (i, j) of U.
// Deviations: blocks of channels are transformed in the first cache and copied from there, since the
//   parts lie so far apart that their lines share one place of it.
// Checked by: WinogradTests, WinogradGradientTests. Cost: (m + 2)^2 / 9 of the filters' memory.

import _Kernels128

#if !NITAL_PORTABLE
import _Kernels256
import _Kernels512
#endif

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
  /// rows: `.winograd4` where its tiles are at least 9 an image, or at least 32 in all images and with fewer
  /// products than those of `.winograd2`, else `.winograd2`, whose filters are read from memory in less than
  /// half the time; otherwise `.direct`.
  ///
  /// - Parameters:
  ///   - filters: shape (R, S, C / groups, K).
  ///   - geometry: stride, padding, dilation, groups.
  ///   - outputHeight: rows of the output.
  ///   - outputWidth: columns of the output.
  ///   - images: those that are convolved at once, where that is known.
  ///   - isFloat: whether values are `Float`; Winograd's algorithms are not chosen for `Double`.
  /// - Returns: never `.automatic` nor `.reference`; it depends on shapes alone.
  public static func chosen(
    filters: [Int], geometry: ConvolutionGeometry, outputHeight: Int, outputWidth: Int,
    images: Int = 1, isFloat: Bool = true
  ) -> ConvolutionAlgorithm {
    guard outputWidth >= 4 else { return .im2col }
    guard isFloat, winogradSuits(filters: filters, geometry: geometry), outputHeight >= 4,
      min(filters[2], filters[3]) >= 16
    else { return .direct }
    let tiles4 = (outputHeight + 3) / 4 * ((outputWidth + 3) / 4)
    let tiles2 = (outputHeight + 1) / 2 * ((outputWidth + 1) / 2)
    let isWorth = tiles4 >= 9 || images * tiles4 >= 32 && 36 * tiles4 < 16 * tiles2
    return isWorth ? .winograd4 : .winograd2
  }

  /// `self`, or what `.automatic` stands for.
  func resolved(
    _ output: [Int], _ filters: [Int], _ geometry: ConvolutionGeometry, isFloat: Bool
  ) -> ConvolutionAlgorithm {
    self == .automatic
      ? .chosen(
        filters: filters, geometry: geometry, outputHeight: output[1], outputWidth: output[2],
        images: output[0], isFloat: isFloat) : self
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

/// Filters that Winograd's convolution reads, in memory that its owner keeps.
@safe struct WinogradFilters: @unchecked Sendable {
  // Sendable: the memory is read alone while a convolution runs.
  /// Input and output channels.
  let C, K: Int
  /// Output channels of a panel, and values from the panels of a part to those of the next.
  let panelWidth, partStep: Int
  /// The transformed filters; the bias, filled up to whole panels; a panel's width of zeros.
  let panels, bias, zeros: UnsafePointer<Float>

  init(
    C: Int, K: Int, panelWidth: Int, partStep: Int, panels: UnsafePointer<Float>,
    bias: UnsafePointer<Float>, zeros: UnsafePointer<Float>
  ) {
    (self.C, self.K, self.panelWidth, self.partStep) = (C, K, panelWidth, partStep)
    unsafe self.panels = unsafe panels
    unsafe self.bias = unsafe bias
    unsafe self.zeros = unsafe zeros
  }

  /// The same filters with other panels.
  @unsafe func reading(_ panels: UnsafePointer<Float>, partStep: Int) -> WinogradFilters {
    unsafe WinogradFilters(
      C: C, K: K, panelWidth: panelWidth, partStep: partStep, panels: panels, bias: bias,
      zeros: zeros)
  }

  var panelCount: Int { (K + panelWidth - 1) / panelWidth }

  /// Output channels of panel `panel` that exist.
  func columns(ofPanel panel: Int) -> Int { min(panelWidth, K - panel * panelWidth) }
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
  let partStep = (K + width - 1) / width * C * width
  var packed: [Scalar] = largeZeros((m + 2) * (m + 2) * partStep)
  // SAFETY: Scalar is Float; the arrays hold what their shapes say.
  unsafe filters.scalars.withUnsafeBytes { source in
    unsafe packed.withUnsafeMutableBytes { target in
      guard let source = source.baseAddress, let target = target.baseAddress else { return }
      unsafe packWinograd(
        FilterBank(source.assumingMemoryBound(to: Float.self), C, K, isMirrored: false), width, m,
        target.assumingMemoryBound(to: Float.self), partStep)
    }
  }
  return packed
}

/// Channels of a block that is transformed in the first cache, and of a piece of parallel work.
private let (blockChannels, pieceChannels) = (8, 64)

/// The 3 x 3 filters of a convolution from C to K channels.
@safe struct FilterBank: @unchecked Sendable {
  // Sendable: the memory is read alone.
  let C, K: Int
  /// Filters of shape (3, 3, C, K); where they are mirrored, as the gradient to the input needs those of
  /// shape (3, 3, K, C).
  let start: UnsafePointer<Float>
  let isMirrored: Bool

  init(_ start: UnsafePointer<Float>, _ C: Int, _ K: Int, isMirrored: Bool) {
    (self.C, self.K, self.isMirrored) = (C, K, isMirrored)
    unsafe self.start = unsafe start
  }

  /// Gathers the taps of `count` channels from `first` on and of `columns` filters from `k` on, as
  /// [tap][channel of a block][width], with zeros up to the width.
  @unsafe func gather(
    _ first: Int, _ count: Int, _ k: Int, _ columns: Int, _ width: Int,
    _ target: UnsafeMutablePointer<Float>
  ) {
    for tap in 0..<9 {
      let block = unsafe target + tap * blockChannels * width
      if isMirrored {
        for j in 0..<columns {
          let from = unsafe start + ((8 - tap) * K + k + j) * C + first
          for i in 0..<count { unsafe block[i * width + j] = from[i] }
        }
      } else {
        for i in 0..<count {
          unsafe (block + i * width).update(
            from: start + (tap * C + first + i) * K + k, count: columns)
        }
      }
      guard columns < width else { continue }
      for i in 0..<count {
        unsafe (block + i * width + columns).update(repeating: 0, count: width - columns)
      }
    }
  }
}

/// Writes the panels of G g G^T for every channel and filter; those of part p begin at p `partStep`.
@unsafe func packWinograd(
  _ filters: FilterBank, _ width: Int, _ m: Int, _ target: UnsafeMutablePointer<Float>,
  _ partStep: Int
) {
  let C = filters.C
  let (panels, groups) = (
    (filters.K + width - 1) / width, (C + pieceChannels - 1) / pieceChannels
  )
  let to = unsafe SharedPointer(target)
  parallelFor(panels * groups) { piece in
    let (panel, group) = piece.quotientAndRemainder(dividingBy: groups)
    let channels = (group * pieceChannels)..<min(C, (group + 1) * pieceChannels)
    // SAFETY: each piece writes its own channels of its own panel.
    unsafe packPanel(
      filters, panel, channels, width, m, to.pointer + panel * C * width, partStep)
  }
}

/// Writes some channels of one panel of G g G^T, whose part p begins at p `partStep`.
@unsafe func packPanel(
  _ filters: FilterBank, _ panel: Int, _ channels: Range<Int>, _ width: Int, _ m: Int,
  _ target: UnsafeMutablePointer<Float>, _ partStep: Int
) {
  let (parts, block) = ((m + 2) * (m + 2), blockChannels * width)
  let columns = min(width, filters.K - panel * width)
  // SAFETY: the room holds a block's taps and parts.
  unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: (9 + parts) * block) { room in
    guard let taps = room.baseAddress else { return }
    let U = unsafe taps + 9 * block
    for first in stride(from: channels.lowerBound, to: channels.upperBound, by: blockChannels) {
      let count = min(blockChannels, channels.upperBound - first)
      unsafe filters.gather(first, count, panel * width, columns, width, taps)
      unsafe transformFilters(count * width, m, taps, block, U, block)
      for part in 0..<parts {
        unsafe (target + part * partStep + first * width).update(
          from: U + part * block, count: count * width)
      }
    }
  }
}

/// G g G^T of `count` filters, a multiple of 4, side by side, whose taps and parts lie some values apart.
@unsafe private func transformFilters(
  _ count: Int, _ m: Int, _ taps: UnsafePointer<Float>, _ tapStep: Int,
  _ U: UnsafeMutablePointer<Float>, _ partStep: Int
) {
  // SAFETY: the caller guarantees nine taps and (m + 2)^2 parts of `count` values.
  switch InstructionSet.current {
  #if !NITAL_PORTABLE
  case .avx512: unsafe _Kernels512.winogradFilters(count, m, taps, tapStep, U, partStep)
  case .avx2: unsafe _Kernels256.winogradFilters(count, m, taps, tapStep, U, partStep)
  #endif
  default: unsafe _Kernels128.winogradFilters(count, m, taps, tapStep, U, partStep)
  }
}
