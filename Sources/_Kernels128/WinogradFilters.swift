// Winograd's transforms of filters, and of the sums that become the gradient of filters.
//
// Implements: A. Lavin, S. Gray, "Fast algorithms for convolutional neural networks", CVPR 2016,
//   section 4: G of equations (7) and (14).
// Equation -> code: U = G g G^T -> `winogradFilters`, in Double, rounded once; dg = G^T P G, as sums of
//   weighted parts -> `winogradFilterSums`.
// Symbols: m -> 2 or 4; part i (m + 2) + j is element (i, j) of U and of P.
// Deviations: a division by 6 is a product with 1/6 and one correction, which gives the quotient's bits
//   (P. Markstein, "Computation of elementary functions on the IBM RISC System/6000 processor", IBM J.
//   Res. Dev. 34 (1990) 111, theorem 7), where the build has fused multiply-add.
// Checked by: WinogradTests, WinogradGradientTests. Cost: 45 quotients and 90 additions a filter.

private typealias Values = SIMD4<Double>
private typealias FilterLine6 = (Values, Values, Values, Values, Values, Values)

@inline(__always)
private func sixth(_ x: Values) -> Values {
  #if NITAL_FMA
  let r = Values(repeating: 1.0 / 6)
  let q = x * r
  return q.addingProduct(x.addingProduct(q, Values(repeating: -6)), r)
  #else
  return x / Values(repeating: 6)
  #endif
}

@inline(__always)
private func widened(_ p: UnsafePointer<Float>) -> Values {
  Values(Double(p[0]), Double(p[1]), Double(p[2]), Double(p[3]))
}

@inline(__always)
private func narrow(_ v: Values, _ p: UnsafeMutablePointer<Float>) {
  p[0] = Float(v[0])
  p[1] = Float(v[1])
  p[2] = Float(v[2])
  p[3] = Float(v[3])
}

/// G (a, b, c) of F(2, 3).
@inline(__always)
private func filterLine2(_ a: Values, _ b: Values, _ c: Values) -> (Values, Values, Values, Values)
{
  let half = Values(repeating: 0.5)
  return (a, (a + b + c) * half, (a - b + c) * half, c)
}

/// G (a, b, c) of F(4, 3).
@inline(__always)
private func filterLine4(_ a: Values, _ b: Values, _ c: Values) -> FilterLine6 {
  let (quarter, half) = (Values(repeating: 0.25), Values(repeating: 0.5))
  let (x, y, z) = (sixth(a) * quarter, sixth(b) * half, sixth(c))
  let zero = Values()
  return (
    a * quarter, zero - sixth(a + b + c), zero - sixth(a - b + c), x + y + z, x - y + z, c
  )
}

/// Transforms `count` filters, a multiple of 4.
///
/// Tap t of filter i lies at `taps` + t `tapStep` + i, part p of it goes to `output` + p `partStep` + i.
@inline(never)
public func winogradFilters(
  _ count: Int, _ m: Int, _ taps: UnsafePointer<Float>, _ tapStep: Int,
  _ output: UnsafeMutablePointer<Float>, _ partStep: Int
) {
  var i = 0
  while i < count {
    if m == 2 {
      transform2(taps + i, tapStep, output + i, partStep)
    } else {
      transform4(taps + i, tapStep, output + i, partStep)
    }
    i &+= 4
  }
}

/// One column of taps of F(2, 3).
@inline(__always)
private func column2(
  _ g: UnsafePointer<Float>, _ step: Int
) -> (Values, Values, Values, Values) {
  filterLine2(widened(g), widened(g + 3 &* step), widened(g + 6 &* step))
}

@inline(__always)
private func transform2(
  _ g: UnsafePointer<Float>, _ step: Int, _ U: UnsafeMutablePointer<Float>, _ part: Int
) {
  let (a, b, c) = (column2(g, step), column2(g + step, step), column2(g + 2 &* step, step))
  row2(filterLine2(a.0, b.0, c.0), U, part)
  row2(filterLine2(a.1, b.1, c.1), U + 4 &* part, part)
  row2(filterLine2(a.2, b.2, c.2), U + 8 &* part, part)
  row2(filterLine2(a.3, b.3, c.3), U + 12 &* part, part)
}

@inline(__always)
private func row2(
  _ v: (Values, Values, Values, Values), _ U: UnsafeMutablePointer<Float>, _ part: Int
) {
  narrow(v.0, U)
  narrow(v.1, U + part)
  narrow(v.2, U + 2 &* part)
  narrow(v.3, U + 3 &* part)
}

/// One column of taps of F(4, 3).
@inline(__always)
private func column4(_ g: UnsafePointer<Float>, _ step: Int) -> FilterLine6 {
  filterLine4(widened(g), widened(g + 3 &* step), widened(g + 6 &* step))
}

@inline(__always)
private func transform4(
  _ g: UnsafePointer<Float>, _ step: Int, _ U: UnsafeMutablePointer<Float>, _ part: Int
) {
  let (a, b, c) = (column4(g, step), column4(g + step, step), column4(g + 2 &* step, step))
  row4(filterLine4(a.0, b.0, c.0), U, part)
  row4(filterLine4(a.1, b.1, c.1), U + 6 &* part, part)
  row4(filterLine4(a.2, b.2, c.2), U + 12 &* part, part)
  row4(filterLine4(a.3, b.3, c.3), U + 18 &* part, part)
  row4(filterLine4(a.4, b.4, c.4), U + 24 &* part, part)
  row4(filterLine4(a.5, b.5, c.5), U + 30 &* part, part)
}

@inline(__always)
private func row4(_ v: FilterLine6, _ U: UnsafeMutablePointer<Float>, _ part: Int) {
  narrow(v.0, U)
  narrow(v.1, U + part)
  narrow(v.2, U + 2 &* part)
  narrow(v.3, U + 3 &* part)
  narrow(v.4, U + 4 &* part)
  narrow(v.5, U + 5 &* part)
}

/// The sum of weighted parts, term after term, of four vectors of values.
///
/// `output` receives them; values beyond `count` are not written.
@inline(__always)
private func sumParts(
  _ terms: Int, _ offsets: UnsafePointer<Int>, _ weights: UnsafePointer<Float>,
  _ parts: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>
) {
  var (a, b, c, d) = (FloatVector(), FloatVector(), FloatVector(), FloatVector())
  var t = 0
  while t < terms {
    let (w, p) = (FloatVector(repeating: weights[t]), parts + offsets[t])
    a += w * load(p)
    b += w * load(p + lanesFloat)
    c += w * load(p + 2 &* lanesFloat)
    d += w * load(p + 3 &* lanesFloat)
    t &+= 1
  }
  store(a, output)
  store(b, output + lanesFloat)
  store(c, output + 2 &* lanesFloat)
  store(d, output + 3 &* lanesFloat)
}

/// Each of nine taps as a sum of weighted parts, of `count` values.
///
/// Tap t has terms `ends[t]` ..< `ends[t + 1]`: values at `parts` + offset, times a weight. Four whole
/// vectors of values can be read at each offset beyond the last value; tap t of value i goes to
/// `output` + t `tapStep` + i. `scratch` holds four vectors.
@inline(never)
public func winogradFilterSums(
  _ count: Int, _ ends: UnsafePointer<Int>, _ offsets: UnsafePointer<Int>,
  _ weights: UnsafePointer<Float>, _ parts: UnsafePointer<Float>,
  _ output: UnsafeMutablePointer<Float>, _ tapStep: Int,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let width = 4 &* lanesFloat
  var i = 0
  while i < count {
    var tap = 0
    while tap < 9 {
      let first = ends[tap]
      let to = output + (tap &* tapStep &+ i)
      let isWhole = i &+ width <= count
      sumParts(
        ends[tap &+ 1] &- first, offsets + first, weights + first, parts + i,
        isWhole ? to : scratch)
      if !isWhole {
        var k = 0
        while k < count &- i {
          to[k] = scratch[k]
          k &+= 1
        }
      }
      tap &+= 1
    }
    i &+= width
  }
}
