import Tensors
import Testing
import _Kernels128

#if canImport(_Kernels256)
import _Kernels256
import _Kernels512
#endif

/// The kernels that pack strips of a matrix, in memory that is poisoned around all that they may touch.
@Suite struct PackingKernelTests {
  static let sets = InstructionSet.allCases.filter { $0 <= InstructionSet.supported }

  private func pack(
    _ set: InstructionSet, _ width: Int, _ depth: Int, _ panel: Int, _ fillsUp: Bool,
    _ source: UnsafePointer<Float>, _ lineStride: Int, _ depthStride: Int,
    _ target: UnsafeMutablePointer<Float>
  ) {
    switch set {
    #if canImport(_Kernels256)
    case .avx512:
      _Kernels512.gemmPackFloat(
        width, depth, panel, fillsUp, source, lineStride, depthStride, target)
    case .avx2:
      _Kernels256.gemmPackFloat(
        width, depth, panel, fillsUp, source, lineStride, depthStride, target)
    #endif
    default:
      _Kernels128.gemmPackFloat(
        width, depth, panel, fillsUp, source, lineStride, depthStride, target)
    }
  }

  private func pack(
    _ set: InstructionSet, _ width: Int, _ depth: Int, _ panel: Int, _ fillsUp: Bool,
    _ source: UnsafePointer<Double>, _ lineStride: Int, _ depthStride: Int,
    _ target: UnsafeMutablePointer<Double>
  ) {
    switch set {
    #if canImport(_Kernels256)
    case .avx512:
      _Kernels512.gemmPackDouble(
        width, depth, panel, fillsUp, source, lineStride, depthStride, target)
    case .avx2:
      _Kernels256.gemmPackDouble(
        width, depth, panel, fillsUp, source, lineStride, depthStride, target)
    #endif
    default:
      _Kernels128.gemmPackDouble(
        width, depth, panel, fillsUp, source, lineStride, depthStride, target)
    }
  }

  /// Panels [p][line], one after the other: numbers, then zeros up to the panel's width where they are
  /// filled up; nothing else is written.
  private func check<Scalar: KernelScalar>(
    _ width: Int, _ depth: Int, _ panel: Int, _ fillsUp: Bool, _ strides: (line: Int, depth: Int),
    _ kernel: (UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>) -> Void
  ) {
    let margin = 64
    let extent = (width - 1) * strides.line + (depth - 1) * strides.depth + 1
    // What is read beyond the strip differs from what lies around the panels.
    var source = [Scalar](repeating: .infinity, count: extent + 2 * margin)
    for (i, p) in (0..<width).flatMap({ i in (0..<depth).map { (i, $0) } }) {
      source[margin + i * strides.line + p * strides.depth] = Scalar(1 + i * depth + p)
    }
    let whole = (width + panel - 1) / panel * panel
    var expected = [Scalar](repeating: .nan, count: whole * depth + 2 * margin)
    for first in stride(from: 0, to: width, by: panel) {
      let lines = min(panel, width - first)
      let step = fillsUp ? panel : lines
      for (p, j) in (0..<depth).flatMap({ p in (0..<step).map { (p, $0) } }) {
        expected[margin + first * depth + p * step + j] =
          j < lines ? Scalar(1 + (first + j) * depth + p) : 0
      }
    }
    // Zeros could be there already: what is written over is no zero.
    var target = expected.map { $0.isNaN ? $0 : Scalar(-1) }
    source.withUnsafeBufferPointer { from in
      target.withUnsafeMutableBufferPointer { to in
        kernel(from.start + margin, to.start + margin)
      }
    }
    let isSame = zip(target, expected).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
    #expect(isSame, "\(width) x \(depth), panels of \(panel), filled \(fillsUp), \(strides)")
  }

  @Test(arguments: sets, [4, 6, 14, 16, 32])
  func packsPanelsAndNothingElse(_ set: InstructionSet, _ panel: Int) {
    for (width, depth) in [
      (1, 1), (3, 9), (4, 8), (5, 7), (7, 17), (panel, 8), (panel + 1, 9), (2 * panel - 1, 20),
      (3 * panel + 5, 11),
    ] {
      for strides in [(1, width + 3), (depth + 2, 1), (3, 3 * width + 1)] {
        for fillsUp in [false, true] {
          check(width, depth, panel, fillsUp, strides) { (from: UnsafePointer<Float>, to) in
            pack(set, width, depth, panel, fillsUp, from, strides.0, strides.1, to)
          }
          check(width, depth, panel, fillsUp, strides) { (from: UnsafePointer<Double>, to) in
            pack(set, width, depth, panel, fillsUp, from, strides.0, strides.1, to)
          }
        }
      }
    }
  }
}
