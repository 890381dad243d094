// The gradient of maximum pooling for one row of the input, channels side by side in vectors.
//
// Equation -> code: dX[i] = sum over windows that hold i of dY[window] where i is the window's first
//   largest value in row-major order -> `windowGradient`.
// Symbols: X -> image, one image's input (H, W, C); R S -> rows and columns of a window; a lane is a
//   channel.
// Source: the chain rule for y = max of a window, whose derivative is 1 at the largest value.
// Deviations: of equal largest values the first alone receives (as in PyTorch). A NaN is never larger
//   than another value.
// Checked by: PoolingGradientTests. Cost: R passes over each window.

/// One row of an image's gradient and the windows that hold it.
///
/// They are the thirteen numbers of `PoolingGradientRow` in Tensors, in the same order.
private struct RowPlan {
  /// Input rows, columns and channels; output columns.
  let H, W, C, Wo: Int
  /// Window rows and columns, their distances and the margins before the first.
  let R, S, strideY, strideX, top, left: Int
  /// The row, and the first of the rows of windows that hold it and their end.
  let row, firstWindow, endWindow: Int

  @inline(__always) init(_ n: UnsafePointer<Int>) {
    (H, W, C, Wo) = (n[0], n[1], n[2], n[3])
    (R, S, strideY, strideX, top, left) = (n[4], n[5], n[6], n[7], n[8], n[9])
    (row, firstWindow, endWindow) = (n[10], n[11], n[12])
  }
}

/// The part of a window of `size` pixels from `first` on that lies in 0 ..< `extent`.
@inline(__always)
private func inside(_ first: Int, _ size: Int, _ extent: Int) -> (first: Int, end: Int) {
  (first < 0 ? 0 : first, first &+ size > extent ? extent : first &+ size)
}

/// A whole vector of channels, or one channel in every lane.
@inline(__always)
private func load<V: SIMD>(_: V.Type, _ p: UnsafePointer<V.Scalar>, _ isWhole: Bool) -> V {
  isWhole ? UnsafeRawPointer(p).loadUnaligned(as: V.self) : V(repeating: p[0])
}

/// Adds what the pixels of row `plan.row` receive of one window, for a vector of channels or one channel.
///
/// `larger(a, b, x, y)` is a where x > y, else b; `equal(a, x, y)` is a where x = y, else 0. They are
/// for concrete vectors: comparisons of generic ones go through memory lane by lane.
@inline(__always)
private func windowGradient<V: SIMD>(
  _ plan: RowPlan, _ rows: (first: Int, end: Int), _ columns: (first: Int, end: Int),
  _ image: UnsafePointer<V.Scalar>, _ dY: UnsafePointer<V.Scalar>,
  _ target: UnsafeMutablePointer<V.Scalar>, _ isWhole: Bool, _ larger: (V, V, V, V) -> V,
  _ equal: (V, V, V) -> V
) where V.Scalar: BinaryFloatingPoint {
  let width = columns.end &- columns.first
  var line = image + (rows.first &* plan.W &+ columns.first) &* plan.C
  var largest = load(V.self, line, isWhole)
  var (place, number) = (V(), V())
  let one = V(repeating: 1)
  var here = V()
  var y = rows.first
  while y < rows.end {
    if y == plan.row { here = number }
    var (x, p) = (0, line)
    while x < width {
      let v = load(V.self, p, isWhole)
      place = larger(number, place, v, largest)
      largest = larger(v, largest, v, largest)
      number += one
      p += plan.C
      x &+= 1
    }
    line += plan.W &* plan.C
    y &+= 1
  }
  let gradient = load(V.self, dY, isWhole)
  var (x, to) = (0, target + columns.first &* plan.C)
  while x < width {
    let share = equal(gradient, place, here)
    if isWhole {
      let sum = UnsafeRawPointer(to).loadUnaligned(as: V.self) + share
      UnsafeMutableRawPointer(to).storeBytes(of: sum, as: V.self)
    } else {
      to[0] += share[0]
    }
    here += one
    to += plan.C
    x &+= 1
  }
}

@inline(__always)
private func gradientRow<V: SIMD>(
  _ plan: RowPlan, _ image: UnsafePointer<V.Scalar>, _ dY: UnsafePointer<V.Scalar>,
  _ target: UnsafeMutablePointer<V.Scalar>, _ larger: (V, V, V, V) -> V,
  _ equal: (V, V, V) -> V
) where V.Scalar: BinaryFloatingPoint {
  var i = 0
  while i < plan.W &* plan.C {
    target[i] = 0
    i &+= 1
  }
  var oy = plan.firstWindow
  while oy < plan.endWindow {
    let rows = inside(oy &* plan.strideY &- plan.top, plan.R, plan.H)
    var (ox, d) = (0, dY + oy &* plan.Wo &* plan.C)
    while ox < plan.Wo {
      let columns = inside(ox &* plan.strideX &- plan.left, plan.S, plan.W)
      var c = 0
      while c < plan.C {
        let isWhole = c &+ V.scalarCount <= plan.C
        if isWhole {
          windowGradient(plan, rows, columns, image + c, d + c, target + c, true, larger, equal)
        } else {
          windowGradient(plan, rows, columns, image + c, d + c, target + c, false, larger, equal)
        }
        c &+= isWhole ? V.scalarCount : 1
      }
      d += plan.C
      ox &+= 1
    }
    oy &+= 1
  }
}

/// Writes one row of the gradient of an image; `image` and `dY` point at the image's first values.
@inline(never)
public func maximumGradientRow(
  _ numbers: UnsafePointer<Int>, _ image: UnsafePointer<Float>, _ dY: UnsafePointer<Float>,
  _ target: UnsafeMutablePointer<Float>
) {
  gradientRow(
    RowPlan(numbers), image, dY, target,
    { (a: FloatVector, b, x, y) in b.replacing(with: a, where: x .> y) },
    { (a: FloatVector, x, y) in FloatVector().replacing(with: a, where: x .== y) })
}

/// Writes one row of the gradient of an image; `image` and `dY` point at the image's first values.
@inline(never)
public func maximumGradientRow(
  _ numbers: UnsafePointer<Int>, _ image: UnsafePointer<Double>, _ dY: UnsafePointer<Double>,
  _ target: UnsafeMutablePointer<Double>
) {
  gradientRow(
    RowPlan(numbers), image, dY, target,
    { (a: DoubleVector, b, x, y) in b.replacing(with: a, where: x .> y) },
    { (a: DoubleVector, x, y) in DoubleVector().replacing(with: a, where: x .== y) })
}
