import Tensors
import Testing

/// The kernels of superpixels in memory with poisoned margins: nothing is written there, and nothing
/// that is read there has an effect.
@Suite struct SLICKernelTests {
  private static let sizes = [
    (1, 1, 1), (1, 9, 2), (7, 1, 3), (4, 4, 2), (5, 13, 3), (17, 6, 4), (33, 31, 5), (66, 50, 4),
  ]

  /// A grid of centres `step` apart.
  private func grid(_ H: Int, _ W: Int, _ step: Int) -> SuperpixelGrid {
    let start = (min(H, step) / 2, min(W, step) / 2)
    return SuperpixelGrid(
      height: H, width: W, startY: start.0, startX: start.1, stepY: step, stepX: step,
      rows: (H - start.0 + step - 1) / step, columns: (W - start.1 + step - 1) / step,
      reachY: 2 * step, reachX: 2 * step)
  }

  private func pictures(_ pixels: Int) -> [SuperpixelColours] {
    var generator = SeededGenerator(seed: UInt64(pixels))
    let bytes = (0..<(4 * pixels)).map { _ in UInt8(generator.integer(below: 256)) }
    let words = (0..<(3 * pixels)).map { _ in UInt16(generator.integer(below: 65536)) }
    let numbers = (0..<(3 * pixels)).map { _ in generator.uniform() }
    let (small, large) = (
      (0..<256).map { Float($0) / 256 }, (0..<65536).map { Float($0) / 65536 }
    )
    return [
      .bytes(bytes, stride: 4, order: [2, 1, 0], table: small),
      .bytes(bytes, stride: 4, order: [3], table: small),
      .words(words, stride: 3, order: [0, 1, 2], table: large),
      .numbers(numbers, channels: 3, scale: 1),
      .numbers(Array(numbers.prefix(pixels)), channels: 1, scale: 1),
    ]
  }

  @Test(arguments: [false, true])
  func staysInsideItsMemory(_ adaptive: Bool) {
    for (H, W, step) in Self.sizes {
      for (i, colours) in pictures(H * W).enumerated() {
        let grid = grid(H, W, step)
        let plain = clusterPixels(
          colours, grid, compactness: 0.1, rounds: 5, adaptive: adaptive)
        #expect(plain.allSatisfy { $0 >= 0 && Int($0) < grid.rows * grid.columns })
        // 0xFF: NaN and -1; 0x7E: large numbers.
        for poison: UInt8 in [0xFF, 0x7E, 0x01] {
          let guarded = clusterPixelsGuarded(
            colours, grid, compactness: 0.1, rounds: 5, adaptive: adaptive, poison: poison)
          #expect(guarded.marginsAreIntact, "\(H) x \(W), picture \(i)")
          #expect(guarded.labels == plain, "\(H) x \(W), picture \(i), poison \(poison)")
        }
      }
    }
  }
}
