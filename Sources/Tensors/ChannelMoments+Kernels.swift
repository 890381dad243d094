// Sums, means and variances of each channel, and batch normalisation's two passes over pixels.
//
// Implements: T. Chan, G. Golub, R. LeVeque, "Algorithms for computing the sample variance:
//   analysis and recommendations", The American Statistician 37 (1983) 242, equations 2.1 (moments
//   of two parts combined); S. Ioffe, C. Szegedy, "Batch normalization", ICML 2015, section 3.
// Equation -> code: M2 = M2a + M2b + (mean b - mean a)^2 na nb / n -> ChannelMoments.add.
// Symbols: C -> channels, the fastest index; M -> pixels of all images; M2 -> sum of squares about
//   the mean.
// Order of sums: blocks of at most 8192 values are summed in Scalar, first the mean and then the
//   squares about it while the block is in the cache; blocks are combined in order in Double. The
//   cut depends on the shape alone.
// Deviations: none. Checked by: TrainingLoopTests. Cost: one pass over memory each.

/// Blocks that one piece of parallel work combines.
private let blocksPerPiece = 32

/// How pixels of C channels are cut into blocks and pieces.
private struct PixelCut: Sendable {
  let M, C, blockPixels, piecePixels, pieces: Int

  init(count: Int, channels: Int) {
    C = channels
    M = channels > 0 ? count / channels : 0
    blockPixels = max(1, 8192 / max(1, channels))
    piecePixels = blockPixels * blocksPerPiece
    pieces = (M + piecePixels - 1) / piecePixels
  }

  /// The blocks of a piece.
  func forEachBlock(of piece: Int, _ body: (_ first: Int, _ count: Int) -> Void) {
    let end = min(M, (piece + 1) * piecePixels)
    for first in stride(from: piece * piecePixels, to: end, by: blockPixels) {
      body(first, min(blockPixels, end - first))
    }
  }
}

extension PixelCut {
  /// The sums over blocks, in their order, of `width` values that `body` adds to zeros.
  @inline(__always)
  func summed<Scalar: KernelScalar>(
    width: Int, _ body: @Sendable (Int, Int, UnsafeMutablePointer<Scalar>) -> Void
  ) -> [Double] {
    let zeros = [Double](repeating: 0, count: width)
    return parallelReduce(
      pieces, zeros,
      map: { piece in
        var total = zeros
        var sums = [Scalar](repeating: 0, count: width)
        unsafe sums.withUnsafeMutableBufferPointer { sums in
          guard let sums = sums.baseAddress else { return }
          forEachBlock(of: piece) { first, count in
            for i in 0..<width { unsafe sums[i] = 0 }
            unsafe body(first, count, sums)
            for i in 0..<width { unsafe total[i] += Double(sums[i]) }
          }
        }
        return total
      }, combine: { a, b in for i in 0..<width { a[i] += b[i] } })
  }
}

/// Mean and variance of each channel of some pixels.
package struct ChannelMoments: Sendable {
  /// The number of pixels.
  package var count = 0.0
  /// C means.
  package var mean: [Double]
  /// C sums of squares about the mean.
  package var squares: [Double]

  init(channels: Int) {
    mean = [Double](repeating: 0, count: channels)
    squares = mean
  }

  /// The biased variance, squares over count.
  package var variance: [Double] { squares.map { count > 0 ? $0 / count : 0 } }

  /// Adds the moments of other pixels.
  mutating func add(_ other: ChannelMoments) {
    guard other.count > 0 else { return }
    let total = count + other.count
    let weight = other.count / total
    for c in mean.indices {
      let difference = other.mean[c] - mean[c]
      mean[c] += difference * weight
      squares[c] += other.squares[c] + difference * difference * count * weight
    }
    count = total
  }
}

/// The mean and variance of each channel of a tensor whose last extent is the channels'; where
/// `rectified`, of the larger of each value and 0.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func channelMoments<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>, rectified: Bool = false
) -> ChannelMoments {
  let C = x.shape.last ?? 1
  let cut = PixelCut(count: x.count, channels: C)
  // SAFETY: blocks lie inside the tensor.
  return unsafe x.scalars.withUnsafeBufferPointer { buffer in
    guard let base = buffer.baseAddress else { return ChannelMoments(channels: C) }
    let values = unsafe SharedPointer(UnsafeMutablePointer(mutating: base))
    return parallelReduce(
      cut.pieces, ChannelMoments(channels: C),
      map: { piece in
        var total = ChannelMoments(channels: C)
        var sums = [Scalar](repeating: 0, count: 2 * C)
        unsafe sums.withUnsafeMutableBufferPointer { sums in
          guard let mean = sums.baseAddress else { return }
          cut.forEachBlock(of: piece) { first, count in
            if rectified {
              unsafe blockMoments(values.pointer + first * C, count, C, mean, mean + C, 0)
            } else {
              unsafe blockMoments(
                values.pointer + first * C, count, C, mean, mean + C, -Scalar.infinity)
            }
            var block = ChannelMoments(channels: C)
            block.count = Double(count)
            for c in 0..<C {
              block.mean[c] = unsafe Double(mean[c])
              block.squares[c] = unsafe Double(mean[C + c])
            }
            total.add(block)
          }
        }
        return total
      }, combine: { $0.add($1) })
  }
}

/// The means of a block, and the sums of squares about them; values below `floor` count as it.
@inline(__always)
@unsafe private func blockMoments<Scalar: KernelScalar>(
  _ x: UnsafePointer<Scalar>, _ pixels: Int, _ C: Int, _ mean: UnsafeMutablePointer<Scalar>,
  _ squares: UnsafeMutablePointer<Scalar>, _ floor: Scalar
) {
  for c in 0..<C { unsafe (mean[c], squares[c]) = (0, 0) }
  for p in 0..<pixels {
    let row = unsafe x + p * C
    for c in 0..<C { unsafe mean[c] += row[c] < floor ? floor : row[c] }
  }
  let share = 1 / Scalar(pixels)
  for c in 0..<C { unsafe mean[c] *= share }
  for p in 0..<pixels {
    let row = unsafe x + p * C
    for c in 0..<C {
      let d = unsafe (row[c] < floor ? floor : row[c]) - mean[c]
      unsafe squares[c] += d * d
    }
  }
}

/// The sum of each channel, in Double.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func channelSums<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> [Double] {
  let C = x.shape.last ?? 1
  let cut = PixelCut(count: x.count, channels: C)
  // SAFETY: blocks lie inside the tensor.
  return unsafe x.scalars.withUnsafeBufferPointer { buffer in
    guard let base = buffer.baseAddress else { return [Double](repeating: 0, count: C) }
    let values = unsafe SharedPointer(UnsafeMutablePointer(mutating: base))
    return unsafe cut.summed(width: C) { first, count, sums in
      unsafe blockSums(values.pointer + first * C, count, C, sums)
    }
  }
}

/// Of each channel: the sum of dy, and the sum of dy (x - mean).
///
/// With `.before`, x stands for max(x, 0); with `.after`, dy counts only where (x - mean) scale + shift is
/// above 0.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func channelProductSums<Scalar: KernelScalar>(
  _ dy: Tensor<Scalar>, _ x: Tensor<Scalar>, mean: [Scalar], scale: [Scalar] = [],
  shift: [Scalar] = [], rectification: NormalisedRectification = .none
) -> (sums: [Double], products: [Double]) {
  let C = dy.shape.last ?? 1
  let isMasked = rectification == .after
  precondition(
    dy.count == x.count && mean.count == C
      && (!isMasked || min(scale.count, shift.count) == C), "\(dy.shape), \(x.shape)")
  let cut = PixelCut(count: dy.count, channels: C)
  let floor = rectification == .before ? 0 : -Scalar.infinity
  let numbers = mean + (isMasked ? scale + shift : [])
  // SAFETY: blocks lie inside both tensors, which have the same number of values.
  let total = unsafe dy.scalars.withUnsafeBufferPointer { gradient in
    unsafe x.scalars.withUnsafeBufferPointer { source in
      guard let gradient = gradient.baseAddress, let source = source.baseAddress
      else { return [Double](repeating: 0, count: 2 * C) }
      let d = unsafe SharedPointer(UnsafeMutablePointer(mutating: gradient))
      let s = unsafe SharedPointer(UnsafeMutablePointer(mutating: source))
      return unsafe cut.summed(width: 2 * C) { first, count, sums in
        unsafe numbers.withUnsafeBufferPointer { numbers in
          guard let mean = numbers.baseAddress else { return }
          let (dy, x) = unsafe (d.pointer + first * C, s.pointer + first * C)
          if isMasked {
            unsafe blockMaskedProducts(dy, x, count, C, mean, sums)
          } else {
            unsafe blockProducts(dy, x, count, C, mean, sums, floor)
          }
        }
      }
    }
  }
  return (Array(total[..<C]), Array(total[C...]))
}

@inline(__always)
@unsafe private func blockSums<Scalar: KernelScalar>(
  _ x: UnsafePointer<Scalar>, _ pixels: Int, _ C: Int, _ sums: UnsafeMutablePointer<Scalar>
) {
  for p in 0..<pixels {
    let row = unsafe x + p * C
    for c in 0..<C { unsafe sums[c] += row[c] }
  }
}

/// C sums of dy, then C sums of dy (x - mean); x below `floor` counts as it.
@inline(__always)
@unsafe private func blockProducts<Scalar: KernelScalar>(
  _ dy: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, _ pixels: Int, _ C: Int,
  _ mean: UnsafePointer<Scalar>, _ sums: UnsafeMutablePointer<Scalar>, _ floor: Scalar
) {
  let products = unsafe sums + C
  for p in 0..<pixels {
    let (d, row) = unsafe (dy + p * C, x + p * C)
    for c in 0..<C {
      unsafe sums[c] += d[c]
      unsafe products[c] += d[c] * ((row[c] < floor ? floor : row[c]) - mean[c])
    }
  }
}

/// As `blockProducts`, of dy where (x - mean) scale + shift is above 0; the numbers follow `mean`.
@inline(__always)
@unsafe private func blockMaskedProducts<Scalar: KernelScalar>(
  _ dy: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, _ pixels: Int, _ C: Int,
  _ mean: UnsafePointer<Scalar>, _ sums: UnsafeMutablePointer<Scalar>
) {
  let (products, scale, shift) = unsafe (sums + C, mean + C, mean + 2 * C)
  for p in 0..<pixels {
    let (d, row) = unsafe (dy + p * C, x + p * C)
    forLanes(Scalar.self, C) { c in
      let v: Scalar.Lanes = unsafe lanes(row + c) - lanes(mean + c)
      let y = unsafe v * lanes(scale + c) + lanes(shift + c)
      let share = unsafe kept(Scalar.self, lanes(d + c), wherePositive: y)
      unsafe store(lanes(sums + c) + share, sums + c)
      unsafe store(lanes(products + c) + share * v, products + c)
    } single: { c in
      let v = unsafe row[c] - mean[c]
      let share = unsafe v * scale[c] + shift[c] > 0 ? d[c] : 0
      unsafe sums[c] += share
      unsafe products[c] += share * v
    }
  }
}
