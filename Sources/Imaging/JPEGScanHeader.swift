// JPEG: scan headers, and the rules that scans follow one another by.
//
// Implements: ITU-T T.81, section B.2.3 (scan header), G.1.1.1 (spectral selection and successive
//   approximation, the order of scans).
// Equation -> code: table B.3 -> JPEGScanHeader.init; rules of G.1.1.1.1 and G.1.1.1.2 -> begin.
// Symbols: Ss, Se -> band; Ah, Al -> previousShift, shift; Td, Ta -> dcTable, acTable.
// Deviations: scans that leave bits of a coefficient out are legal there; here they are refused, as
//   the picture would not be complete.
// Checked by: JPEGTests.
// Cost: nothing to speak of.

import Files

extension JPEGScanHeader {
  /// Reads a scan header.
  ///
  /// - Parameters:
  ///   - segment: the segment after its length.
  ///   - frame: the frame that the scan belongs to.
  /// - Throws: an error when the header does not keep to the frame's kind.
  init(_ segment: CheckedBytes, _ frame: JPEGFrame) throws(FormatError) {
    let count = Int(try segment.u8(at: 0))
    guard (1...frame.components.count).contains(count), segment.count == 4 + 2 * count else {
      throw segment.error("a JPEG scan header of \(count) components has a wrong length", at: 0)
    }
    components = []
    for i in 0..<UInt64(count) {
      let identifier = try segment.u8(at: 1 + 2 * i)
      let tables = try segment.u8(at: 2 + 2 * i)
      guard
        let index = frame.components.firstIndex(where: { $0.identifier == identifier }),
        !components.contains(where: { $0.index == index })
      else {
        throw segment.error("a JPEG scan names component \(identifier) wrongly", at: 1 + 2 * i)
      }
      guard tables >> 4 < 4 && tables & 15 < 4 else {
        throw segment.error("a JPEG scan names a Huffman table beyond 3", at: 2 + 2 * i)
      }
      components.append((index, Int(tables >> 4), Int(tables & 15)))
    }
    let end = UInt64(1 + 2 * count)
    let (first, last) = (Int(try segment.u8(at: end)), Int(try segment.u8(at: end + 1)))
    let approximation = try segment.u8(at: end + 2)
    (previousShift, shift) = (Int(approximation >> 4), Int(approximation & 15))
    guard first <= last && last <= 63 else {
      throw segment.error("a JPEG scan of coefficients \(first) to \(last)", at: end)
    }
    band = first...last
    try check(frame, segment)
  }

  /// Checks the parameters against the kind of the frame.
  private func check(_ frame: JPEGFrame, _ segment: CheckedBytes) throws(FormatError) {
    let isValid =
      if frame.isProgressive {
        (band.lowerBound == 0 ? band.upperBound == 0 : components.count == 1) && shift <= 13
          && (previousShift == 0 || shift == previousShift - 1)
      } else {
        band == 0...63 && previousShift == 0 && shift == 0
      }
    guard isValid else {
      throw segment.error(
        "a JPEG scan of coefficients \(band.lowerBound) to \(band.upperBound) and bits "
          + "\(previousShift) to \(shift) in a frame that does not allow it", at: 0)
    }
    var blocks = 0
    for c in components {
      blocks += frame.components[c.index].horizontal * frame.components[c.index].vertical
    }
    // Section B.2.3: at most ten blocks in an interleaved unit.
    guard components.count == 1 || blocks <= 10 else {
      throw segment.error("a JPEG unit of \(blocks) blocks: 10 at most", at: 0)
    }
  }

  /// How the scan's blocks are coded.
  func coding(isProgressive: Bool) -> JPEGBlockCoding {
    if !isProgressive { return .sequential }
    if band.lowerBound == 0 { return previousShift == 0 ? .firstDC : .refinedDC }
    return previousShift == 0 ? .firstAC : .refinedAC
  }

  /// Whether the scan needs the DC tables.
  var usesDC: Bool { band.lowerBound == 0 && previousShift == 0 }

  /// Whether the scan needs the AC tables.
  var usesAC: Bool { band.upperBound > 0 }
}

extension JPEGFrame {
  /// Notes what a scan is going to carry, after checking that it continues what came before.
  ///
  /// - Parameters:
  ///   - header: the scan.
  ///   - quantisation: the four tables; each component keeps the one that is valid at its first scan.
  ///   - segment: the scan's header, for errors.
  /// - Throws: an error when bits come twice or out of order, or a table is not defined.
  mutating func begin(
    _ header: JPEGScanHeader, quantisation: [[Int32]], _ segment: CheckedBytes
  ) throws(FormatError) {
    for (i, _, _) in header.components {
      let number = components[i].quantisationTable
      if components[i].quantisation.isEmpty { components[i].quantisation = quantisation[number] }
      if components[i].quantisation.isEmpty {
        throw segment.error("JPEG quantisation table \(number) is used but not defined", at: 0)
      }
      for k in header.band {
        let before = components[i].missingBits[k]
        let isExpected = header.previousShift == 0 ? before == -1 : before == header.previousShift
        let hasDC = !isProgressive || k == 0 || components[i].missingBits[0] >= 0
        guard isExpected && hasDC else {
          throw segment.error("a JPEG scan that does not continue the ones before it", at: 0)
        }
        components[i].missingBits[k] = Int8(header.shift)
      }
    }
  }

  /// Throws when a coefficient is missing, or bits of one are.
  func checkCompleteness(_ bytes: CheckedBytes) throws(FormatError) {
    for c in components {
      if let k = c.missingBits.firstIndex(where: { $0 != 0 }) {
        throw bytes.error(
          "the JPEG is incomplete: no scan carries "
            + (c.missingBits[k] < 0 ? "" : "the last bits of ")
            + "coefficient \(k) of component \(c.identifier)")
      }
    }
  }
}
