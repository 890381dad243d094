// JPEG: blocks of progressive scans, which carry a band of coefficients, or one more bit of them.
//
// Implements: ITU-T T.81, annex G: G.1.2.2 (first scan of AC coefficients), G.1.2.3 (refinement),
//   figures G.3 to G.7 read backwards.
// Equation -> code: run/size symbols with end-of-band runs -> firstAC; correction bits -> refinedAC,
//   correct.
// Symbols: EOBn -> endOfBandRun; Ss, Se -> header.band; Al -> header.shift.
// Deviations: a block is searched for coefficients to correct up to the last one that was ever coded.
// Checked by: JPEGTests (equality with libjpeg-turbo).
// Cost: one table look-up a coefficient that appears, one bit a coefficient that is refined.

extension JPEGScanDecoder {
  /// The number of further blocks whose band ends at once.
  @inline(__always)
  private mutating func newEndOfBandRun(_ size: Int) -> Int {
    size == 0 ? 1 : 1 << size + reader.unsigned(size)
  }

  /// A band of a block, its first bits.
  @inline(__always)
  mutating func firstAC(
    _ coefficients: inout MutableSpan<Int16>, _ start: Int, _ last: inout UInt8
  ) throws(EntropyFault) {
    if endOfBandRun > 0 {
      endOfBandRun -= 1
      return
    }
    var k = header.band.lowerBound
    while k <= header.band.upperBound {
      let symbol = try reader.symbol(acTables[0])
      let (run, size) = (symbol >> 4, symbol & 15)
      if size == 0 && run < 15 {
        endOfBandRun = newEndOfBandRun(run) - 1
        return
      }
      k += run
      if k > header.band.upperBound { throw .runOutsideBlock }
      if size > 0 {
        guard let value = Int16(exactly: reader.signed(size) << header.shift) else {
          throw .coefficientTooLarge
        }
        coefficients[start + Int(order[k])] = value
        last = max(last, UInt8(truncatingIfNeeded: k))
      }
      k += 1
    }
  }

  /// A band of a block, one more bit.
  @inline(__always)
  mutating func refinedAC(
    _ coefficients: inout MutableSpan<Int16>, _ start: Int, _ last: inout UInt8
  ) throws(EntropyFault) {
    var k = header.band.lowerBound
    while endOfBandRun == 0 && k <= header.band.upperBound {
      let symbol = try reader.symbol(acTables[0])
      let (run, size) = (symbol >> 4, symbol & 15)
      if size == 0 && run < 15 {
        endOfBandRun = newEndOfBandRun(run)
        break
      }
      if size > 1 { throw .badRefinement }
      let isPositive = size == 1 && reader.unsigned(1) == 1
      k = correct(&coefficients, start, from: k, zeros: run)
      if size == 1 {
        if k > header.band.upperBound { throw .runOutsideBlock }
        let bit = Int16(1) << Int16(header.shift)
        coefficients[start + Int(order[k])] = isPositive ? bit : -bit
        last = max(last, UInt8(truncatingIfNeeded: k))
      }
      k += 1
    }
    if endOfBandRun > 0 {
      if k <= Int(last) { _ = correct(&coefficients, start, from: k, zeros: 64) }
      endOfBandRun -= 1
    }
  }

  /// Reads a correction bit for every coefficient that is not zero, until `zeros` zeros were passed.
  ///
  /// - Returns: the zigzag index of the next zero after them, or one more than the band's last.
  @inline(__always)
  private mutating func correct(
    _ coefficients: inout MutableSpan<Int16>, _ start: Int, from first: Int, zeros: Int
  ) -> Int {
    let bit = Int16(1) << Int16(header.shift)
    var (k, zeros) = (first, zeros)
    while k <= header.band.upperBound {
      let index = start + Int(order[k])
      let value = coefficients[index]
      if value == 0 {
        if zeros == 0 { break }
        zeros -= 1
      } else if reader.unsigned(1) == 1 && value & bit == 0 {
        coefficients[index] = value > 0 ? value &+ bit : value &- bit
      }
      k += 1
    }
    return k
  }
}
