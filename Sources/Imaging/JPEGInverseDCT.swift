// JPEG: the accurate inverse discrete cosine transform in whole numbers.
//
// Implements: C. Loeffler, A. Ligtenberg, G. S. Moschytz, "Practical fast 1-D DCT algorithms with 11
//   multiplications", ICASSP 1989, in the 12-multiplication form and with the fixed-point constants
//   (13 bits) and roundings of the Independent JPEG Group's "islow" transform; ITU-T T.81, section
//   A.3.3 (the transform's definition), A.3.1 (level shift), A.3.4 (dequantisation).
// Equation -> code: the rotations of figure 1 -> evenPart, oddPart; one dimension -> pass.
// Symbols: c0 ... c7 -> rows of a block, each a vector of its 8 columns; z1 ... z5 -> sums before a
//   rotation; t0 ... t3, t10 ... t13 -> odd and even halves.
// Deviations: both passes run on vectors of 8 columns, with a transposition between them; the bits are
//   those of libjpeg-turbo. Samples are limited to 0 ... 255 by saturation.
// Checked by: JPEGTests (twin inverseDCTReference, equality with libjpeg-turbo), Reference/.
// Cost: 24 multiplications of vectors of 8 a block; none for a block that is constant.

/// A block of 8 x 8 numbers: eight rows, each a vector of its columns.
package struct JPEGBlock {
  package var c0, c1, c2, c3, c4, c5, c6, c7: SIMD8<Int32>

  /// A block of these rows.
  package init(rows row: (Int) -> SIMD8<Int32>) {
    (c0, c1, c2, c3) = (row(0), row(1), row(2), row(3))
    (c4, c5, c6, c7) = (row(4), row(5), row(6), row(7))
  }

  /// One dimension of the transform, along the columns of the block.
  ///
  /// - Parameter shift: the number of bits to remove with rounding: 11 after the first pass, which
  ///   keeps 2 extra bits, and 18 after the second.
  @inline(__always)
  mutating func pass(shift: Int32) {
    let (t10, t11, t12, t13) = evenPart(c0, c2, c4, c6)
    let (t0, t1, t2, t3) = oddPart(c7, c5, c3, c1)
    let round = SIMD8<Int32>(repeating: 1 << (shift - 1))
    let shift = SIMD8<Int32>(repeating: shift)
    c0 = (t10 &+ t3 &+ round) &>> shift
    c7 = (t10 &- t3 &+ round) &>> shift
    c1 = (t11 &+ t2 &+ round) &>> shift
    c6 = (t11 &- t2 &+ round) &>> shift
    c2 = (t12 &+ t1 &+ round) &>> shift
    c5 = (t12 &- t1 &+ round) &>> shift
    c3 = (t13 &+ t0 &+ round) &>> shift
    c4 = (t13 &- t0 &+ round) &>> shift
  }

  /// Exchanges rows and columns.
  @inline(__always)
  mutating func transpose() {
    @inline(__always) func column(_ j: Int) -> SIMD8<Int32> {
      SIMD8(c0[j], c1[j], c2[j], c3[j], c4[j], c5[j], c6[j], c7[j])
    }
    (c0, c1, c2, c3, c4, c5, c6, c7) = (
      column(0), column(1), column(2), column(3), column(4), column(5), column(6), column(7)
    )
  }

  /// Transforms dequantised coefficients, rows of vertical frequency, to samples without level shift.
  @inline(__always)
  package mutating func inverseTransform() {
    pass(shift: 11)
    transpose()
    pass(shift: 18)
    transpose()
  }
}

/// `x` times a constant of 13 fractional bits.
@inline(__always)
private func times(_ x: SIMD8<Int32>, _ constant: Int32) -> SIMD8<Int32> {
  x &* SIMD8(repeating: constant)
}

/// The coefficients of even frequency: sums with 13 more fractional bits.
@inline(__always)
private func evenPart(
  _ c0: SIMD8<Int32>, _ c2: SIMD8<Int32>, _ c4: SIMD8<Int32>, _ c6: SIMD8<Int32>
) -> (SIMD8<Int32>, SIMD8<Int32>, SIMD8<Int32>, SIMD8<Int32>) {
  let z1 = times(c2 &+ c6, 4433)  // sqrt(2) cos(3 pi / 8)
  let t2 = z1 &- times(c6, 15137)
  let t3 = z1 &+ times(c2, 6270)
  let t0 = times(c0 &+ c4, 8192)
  let t1 = times(c0 &- c4, 8192)
  return (t0 &+ t3, t1 &+ t2, t1 &- t2, t0 &- t3)
}

/// The coefficients of odd frequency, the highest first: sums with 13 more fractional bits.
@inline(__always)
private func oddPart(
  _ c7: SIMD8<Int32>, _ c5: SIMD8<Int32>, _ c3: SIMD8<Int32>, _ c1: SIMD8<Int32>
) -> (SIMD8<Int32>, SIMD8<Int32>, SIMD8<Int32>, SIMD8<Int32>) {
  let z5 = times(c7 &+ c3 &+ c5 &+ c1, 9633)  // sqrt(2) cos(3 pi / 16)
  let z1 = times(c7 &+ c1, -7373)
  let z2 = times(c5 &+ c3, -20995)
  let z3 = z5 &- times(c7 &+ c3, 16069)
  let z4 = z5 &- times(c5 &+ c1, 3196)
  return (
    times(c7, 2446) &+ z1 &+ z3, times(c5, 16819) &+ z2 &+ z4,
    times(c3, 25172) &+ z2 &+ z3, times(c1, 12299) &+ z1 &+ z4
  )
}

extension JPEGComponent {
  /// The component's samples from its coefficients: `rowLength` a row, `blocksHigh` * 8 rows.
  ///
  /// - Parameter quantisation: 64 factors in the natural order.
  /// - Returns: the samples, row by row.
  func samples(quantisation: [Int32]) -> [UInt8] {
    let blocksAcross = blocksWide
    var plane = [UInt8](repeating: 0, count: blocksAcross * 8 * blocksHigh * 8)
    var samples = plane.mutableSpan
    let coefficients = coefficients.span
    let factors = quantisation.span
    for row in 0..<blocksHigh {
      for column in 0..<blocksAcross {
        let block = row * blockStride + column
        let corner = (row * blocksAcross * 8 + column) * 8
        if lastCoefficient[block] == 0 {
          let dc = Int32(coefficients[block * 64]) &* factors[0]
          fillBlock(&samples, at: corner, rowLength: blocksAcross * 8, (dc &+ 4) >> 3)
        } else {
          var values = dequantised(coefficients, at: block * 64, factors)
          values.inverseTransform()
          store(values, in: &samples, at: corner, rowLength: blocksAcross * 8)
        }
      }
    }
    return plane
  }
}

/// A sample from a transformed value: level shift, then the range 0 to 255.
@inline(__always)
private func limited(_ row: SIMD8<Int32>) -> SIMD8<UInt8> {
  let shifted = row &+ SIMD8(repeating: 128)
  let bounded = shifted.clamped(
    lowerBound: SIMD8(repeating: 0), upperBound: SIMD8(repeating: 255))
  return SIMD8<UInt8>(truncatingIfNeeded: bounded)
}

/// Writes a constant block, whose transform is its rounded mean.
@inline(__always)
private func fillBlock(
  _ samples: inout MutableSpan<UInt8>, at corner: Int, rowLength: Int, _ value: Int32
) {
  let sample = UInt8(max(0, min(255, value &+ 128)))
  for y in 0..<8 {
    for x in 0..<8 { samples[corner + y * rowLength + x] = sample }
  }
}

@inline(__always)
private func store(
  _ block: JPEGBlock, in samples: inout MutableSpan<UInt8>, at corner: Int, rowLength: Int
) {
  @inline(__always) func put(_ row: SIMD8<Int32>, _ y: Int, _ samples: inout MutableSpan<UInt8>) {
    let bytes = limited(row)
    let start = corner + y * rowLength
    for x in 0..<8 { samples[start + x] = bytes[x] }
  }
  put(block.c0, 0, &samples)
  put(block.c1, 1, &samples)
  put(block.c2, 2, &samples)
  put(block.c3, 3, &samples)
  put(block.c4, 4, &samples)
  put(block.c5, 5, &samples)
  put(block.c6, 6, &samples)
  put(block.c7, 7, &samples)
}

/// A block of coefficients times its factors.
@inline(__always)
private func dequantised(
  _ coefficients: Span<Int16>, at start: Int, _ factors: Span<Int32>
) -> JPEGBlock {
  @inline(__always) func row(_ y: Int) -> SIMD8<Int32> {
    var values = SIMD8<Int32>()
    for x in 0..<8 {
      values[x] = Int32(coefficients[start + y * 8 + x]) &* factors[y * 8 + x]
    }
    return values
  }
  return JPEGBlock(rows: row)
}
