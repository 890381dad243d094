// JPEG: the inverse transform and the triangle filter as their definitions state them.
//
// Implements: ITU-T T.81, section A.3.3 (inverse DCT); the triangle filter of half-size components of
//   the Independent JPEG Group's decoder.
// Equation -> code: s_yx = 1/4 sum_v sum_u C_u C_v S_vu cos((2x+1)u pi/16) cos((2y+1)v pi/16) ->
//   inverseDCTReference; 3/4 near + 1/4 far in each doubled direction -> upsampledReference.
// Deviations: none. Twin of: JPEGBlock.inverseTransform, JPEGRowSource.
// Cost: 4096 multiplications a block.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The samples of a block from its dequantised coefficients, before the level shift.
///
/// - Parameter S: 64 coefficients, row v of vertical frequency, column u of horizontal frequency.
/// - Returns: 64 samples, row y, column x.
/// - Precondition: there are 64 coefficients.
public func inverseDCTReference(_ S: [Double]) -> [Double] {
  precondition(S.count == 64, "a block has 64 coefficients, not \(S.count)")
  func C(_ u: Int) -> Double { u == 0 ? 1 / 2.0.squareRoot() : 1 }
  func cosine(_ x: Int, _ u: Int) -> Double { cos(Double((2 * x + 1) * u) * .pi / 16) }
  var s = [Double](repeating: 0, count: 64)
  for yx in 0..<64 {
    for v in 0..<8 {
      for u in 0..<8 {
        s[yx] += C(u) * C(v) * S[v * 8 + u] * cosine(yx % 8, u) * cosine(yx / 8, v) / 4
      }
    }
  }
  return s
}

/// One sample of a component brought to twice its size.
///
/// - Parameters:
///   - s: the component, row by row.
///   - height: its rows.
///   - width: its columns.
///   - y: the row in the larger picture.
///   - x: the column in the larger picture.
///   - doublesRows: whether there are twice as many rows in the larger picture.
///   - doublesColumns: whether there are twice as many columns.
/// - Returns: the filtered sample; ties are broken by position, as libjpeg-turbo does.
public func upsampledReference(
  _ s: [UInt8], height: Int, width: Int, y: Int, x: Int, doublesRows: Bool, doublesColumns: Bool
) -> UInt8 {
  func neighbours(_ i: Int, _ count: Int, _ doubles: Bool) -> (near: Int, far: Int) {
    if !doubles { return (i, i) }
    let near = i / 2
    return (near, max(0, min(count - 1, i % 2 == 0 ? near - 1 : near + 1)))
  }
  let (y0, y1) = neighbours(y, height, doublesRows)
  let (x0, x1) = neighbours(x, width, doublesColumns)
  func row(_ y: Int) -> Int { 3 * Int(s[y * width + x0]) + Int(s[y * width + x1]) }
  let sum = 3 * row(y0) + row(y1)  // 16 times the sample
  let bias =
    switch (doublesRows, doublesColumns) {
    case (true, true): x % 2 == 0 ? 8 : 7
    case (false, true): x % 2 == 0 ? 4 : 8
    case (true, false): y % 2 == 0 ? 4 : 8
    case (false, false): 0
    }
  return UInt8((sum + bias) / 16)
}
