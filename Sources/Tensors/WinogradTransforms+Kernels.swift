// The kernels of Winograd's transforms and of the products between them, for the instruction set in use.
//
// Deviations: none. Checked by: WinogradTests.

import _Kernels128

#if !NITAL_PORTABLE
import _Kernels256
import _Kernels512
#endif

/// Tiles of images, and where their transformed values lie; distances in values.
///
/// The kernels read these fifteen numbers in this order.
struct WinogradTiles: Sendable {
  /// Tiles of all images, in their order.
  var first, end: Int
  /// Tiles along a row, and of an image.
  var across, ofImage: Int
  /// Distances of images, rows and pixels.
  var imageStep, rowStep, pixelStep: Int
  /// Rows and columns that exist, and channels.
  var rows, columns, channels: Int
  /// Distances of tiles and of parts among the transformed values.
  var tileStep, partStep: Int
  /// 1 where negative results become 0, else 0.
  var rectifies = 0
  /// Rows above the image and columns left of it that the first tiles cover.
  var top = 0
  var left = 0

  /// Calls `body` with the fifteen numbers.
  func withNumbers(_ body: (UnsafePointer<Int>) -> Void) {
    // SAFETY: the value consists of fifteen Ints, which outlive the call.
    unsafe withUnsafeBytes(of: self) { bytes in
      guard let base = bytes.baseAddress else { return }
      unsafe body(base.assumingMemoryBound(to: Int.self))
    }
  }
}

/// V = B^T d B of tiles, or A dY A^T where `isGradient`.
@unsafe func transformTiles(
  _ tiles: WinogradTiles, _ m: Int, isGradient: Bool, _ input: UnsafePointer<Float>,
  _ output: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
) {
  // SAFETY: the caller guarantees what the kernels ask for.
  unsafe tiles.withNumbers { numbers in
    switch (InstructionSet.current, isGradient) {
    #if !NITAL_PORTABLE
    case (.avx512, false): unsafe _Kernels512.winogradInput(numbers, m, input, output, scratch)
    case (.avx512, true): unsafe _Kernels512.winogradGradient(numbers, m, input, output, scratch)
    case (.avx2, false): unsafe _Kernels256.winogradInput(numbers, m, input, output, scratch)
    case (.avx2, true): unsafe _Kernels256.winogradGradient(numbers, m, input, output, scratch)
    #endif
    case (_, false): unsafe _Kernels128.winogradInput(numbers, m, input, output, scratch)
    case (_, true): unsafe _Kernels128.winogradGradient(numbers, m, input, output, scratch)
    }
  }
}

/// Y = A^T M A of tiles, plus the bias.
@unsafe func finishTiles(
  _ tiles: WinogradTiles, _ m: Int, _ sums: UnsafePointer<Float>, _ bias: UnsafePointer<Float>,
  _ output: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
) {
  // SAFETY: the caller guarantees what the kernels ask for.
  unsafe tiles.withNumbers { numbers in
    switch InstructionSet.current {
    #if !NITAL_PORTABLE
    case .avx512: unsafe _Kernels512.winogradOutput(numbers, m, sums, bias, output, scratch)
    case .avx2: unsafe _Kernels256.winogradOutput(numbers, m, sums, bias, output, scratch)
    #endif
    default: unsafe _Kernels128.winogradOutput(numbers, m, sums, bias, output, scratch)
    }
  }
}

/// The same band of `count` inputs, each with its own panel; distances in values.
@unsafe func convolveBands(
  _ count: Int, _ band: ConvolutionBand, _ input: UnsafePointer<Float>, _ inputStep: Int,
  _ panel: UnsafePointer<Float>, _ panelStep: Int, _ bias: UnsafePointer<Float>,
  _ output: UnsafeMutablePointer<Float>, _ outputStep: Int
) {
  precondition(
    band.columns == 2 * vectorWidth(of: Float.self), "a whole panel needs no room for a tile")
  // SAFETY: the caller guarantees what the kernels ask for; whole panels do not use the room for a
  // tile, which is the last argument.
  unsafe band.withNumbers { numbers in
    switch InstructionSet.current {
    #if !NITAL_PORTABLE
    case .avx512:
      unsafe _Kernels512.convolveBands(
        count, numbers, input, inputStep, panel, panelStep, bias, output, outputStep, output)
    case .avx2:
      unsafe _Kernels256.convolveBands(
        count, numbers, input, inputStep, panel, panelStep, bias, output, outputStep, output)
    #endif
    default:
      unsafe _Kernels128.convolveBands(
        count, numbers, input, inputStep, panel, panelStep, bias, output, outputStep, output)
    }
  }
}
