// Maxima and means over windows of an image, channels side by side in vectors.
//
// Equation -> code: O[y, x, c] = max or sum over the window's pixels inside the image of I, times
//   1 / divisor -> `poolWindow`. The sum of a window is the sum of the sums of its rows.
// Deviations: none. NaN in a window makes its maximum NaN.
// Checked by: PoolingTests. Cost: one pass over each window.

/// One image and its windows; extents in values.
///
/// They are the fourteen numbers of `PoolingPlan` in Tensors, in the same order. The type is
/// private, and callers pass plain numbers, because a public type would bring weak symbols.
private struct Plan {
  /// Input rows, columns and channels.
  let H, W, C: Int
  /// Output rows to make, of `Ho`, and output columns.
  let firstRow, endRow, Ho, Wo: Int
  /// Window rows and columns.
  let R, S: Int
  /// Distance between windows, and the margin before the first.
  let strideY, strideX, top, left: Int
  /// 0: maximum, 1: mean of what lies inside, 2: mean over R S, 3: adaptive mean.
  let kind: Int

  @inline(__always) init(_ n: UnsafePointer<Int>) {
    (H, W, C) = (n[0], n[1], n[2])
    (firstRow, endRow, Ho, Wo) = (n[3], n[4], n[5], n[6])
    (R, S, strideY, strideX, top, left) = (n[7], n[8], n[9], n[10], n[11], n[12])
    kind = n[13]
  }

  /// The input rows or columns of output `i` that lie inside the image.
  @inline(__always)
  func window(
    _ i: Int, _ extent: Int, _ outputs: Int, _ size: Int, _ stride: Int, _ before: Int
  ) -> (first: Int, end: Int) {
    if kind == 3 { return (i * extent / outputs, ((i + 1) * extent + outputs - 1) / outputs) }
    let start = i * stride - before
    let end = start + size
    return (start < 0 ? 0 : start, end > extent ? extent : end)
  }
}

/// A whole vector of channels, or one channel in every lane.
@inline(__always)
private func load<V: SIMD>(_: V.Type, _ p: UnsafePointer<V.Scalar>, _ isWhole: Bool) -> V {
  isWhole ? UnsafeRawPointer(p).loadUnaligned(as: V.self) : V(repeating: p[0])
}

/// The larger of two lanes; NaN where one is NaN.
///
/// In two steps: masks that are combined do not stay in vector registers. For concrete vectors:
/// comparisons of generic ones go through memory lane by lane.
@inline(__always)
private func larger(_ a: FloatVector, _ b: FloatVector) -> FloatVector {
  a.replacing(with: b, where: b .> a).replacing(with: b, where: b .!= b)
}

/// The larger of two lanes; NaN where one is NaN.
@inline(__always)
private func larger(_ a: DoubleVector, _ b: DoubleVector) -> DoubleVector {
  a.replacing(with: b, where: b .> a).replacing(with: b, where: b .!= b)
}

/// A vector of channels of one window: the maximum or the mean.
@inline(__always)
private func poolWindow<V: SIMD>(
  _ isMaximum: Bool, _ larger: (V, V) -> V, _ input: UnsafePointer<V.Scalar>, _ rows: Int,
  _ rowStep: Int, _ columns: Int, _ columnStep: Int, _ divisor: V.Scalar, _ isWhole: Bool
) -> V where V.Scalar: BinaryFloatingPoint {
  var total = isMaximum ? load(V.self, input, isWhole) : V()
  for y in 0..<rows {
    var p = input + y * rowStep
    var rowTotal = isMaximum ? total : V()
    for _ in 0..<columns {
      let x = load(V.self, p, isWhole)
      rowTotal = isMaximum ? larger(rowTotal, x) : rowTotal + x
      p += columnStep
    }
    total = isMaximum ? rowTotal : total + rowTotal
  }
  return isMaximum ? total : total / V(repeating: divisor)
}

/// The channels of one window from `first` on: whole vectors, then one by one.
@inline(__always)
private func poolPixel<V: SIMD>(
  _ isMaximum: Bool, _ larger: (V, V) -> V, _ plan: Plan, _ input: UnsafePointer<V.Scalar>,
  _ rows: Int, _ columns: Int, _ divisor: V.Scalar, _ output: UnsafeMutablePointer<V.Scalar>,
  from first: Int = 0
) where V.Scalar: BinaryFloatingPoint {
  var c = first
  let rowStep = plan.W * plan.C
  while c + V.scalarCount <= plan.C {
    let result = poolWindow(
      isMaximum, larger, input + c, rows, rowStep, columns, plan.C, divisor, true)
    UnsafeMutableRawPointer(output + c).storeBytes(of: result, as: V.self)
    c += V.scalarCount
  }
  while c < plan.C {
    output[c] =
      poolWindow(
        isMaximum, larger, input + c, rows, rowStep, columns, plan.C, divisor, false)[0]
    c += 1
  }
}

// MARK: - Maxima of 3 x 3 windows two pixels apart, as SqueezeNet, ResNet and AlexNet have them

/// The maximum of a column of three pixels.
@inline(__always)
private func column<V: SIMD>(
  _ larger: (V, V) -> V, _ p: UnsafePointer<V.Scalar>, _ rowStep: Int
) -> V {
  larger(
    larger(load(V.self, p, true), load(V.self, p + rowStep, true)),
    load(V.self, p + 2 &* rowStep, true))
}

/// The maximum of whole vectors of channels of one window, of three columns.
///
/// The maximum of the last column is put where the next window's result will be, and taken from there.
@inline(__always)
private func poolColumns<V: SIMD>(
  _ larger: (V, V) -> V, _ plan: Plan, _ input: UnsafePointer<V.Scalar>, _ hasFirst: Bool,
  _ leavesLast: Bool, _ output: UnsafeMutablePointer<V.Scalar>
) {
  let (rowStep, C) = (plan.W &* plan.C, plan.C)
  var c = 0
  while c &+ V.scalarCount <= C {
    let p = input + c
    let last = column(larger, p + 2 &* C, rowStep)
    let first = hasFirst ? load(V.self, output + c, true) : column(larger, p, rowStep)
    let result = larger(larger(first, column(larger, p + C, rowStep)), last)
    UnsafeMutableRawPointer(output + c).storeBytes(of: result, as: V.self)
    if leavesLast { UnsafeMutableRawPointer(output + c + C).storeBytes(of: last, as: V.self) }
    c &+= V.scalarCount
  }
}

/// One row of windows, whole ones by columns.
@inline(__always)
private func poolRow<V: SIMD>(
  _ larger: (V, V) -> V, _ plan: Plan, _ input: UnsafePointer<V.Scalar>, _ rows: Int,
  _ output: UnsafeMutablePointer<V.Scalar>
) where V.Scalar: BinaryFloatingPoint {
  let vectors = plan.C / V.scalarCount &* V.scalarCount
  var (x, hasFirst, target) = (0, false, output)
  while x < plan.Wo {
    let columns = plan.window(x, plan.W, plan.Wo, plan.S, plan.strideX, plan.left)
    let source = input + columns.first &* plan.C
    let isWhole = rows == 3 && columns.end &- columns.first == 3
    if isWhole {
      let leavesLast = x &+ 1 < plan.Wo
      poolColumns(larger, plan, source, hasFirst, leavesLast, target)
      hasFirst = leavesLast
    } else {
      hasFirst = false
    }
    poolPixel(
      true, larger, plan, source, rows, columns.end &- columns.first, 1, target,
      from: isWhole ? vectors : 0)
    target += plan.C
    x &+= 1
  }
}

@inline(__always)
private func poolAll<V: SIMD>(
  _ larger: (V, V) -> V, _ plan: Plan, _ input: UnsafePointer<V.Scalar>,
  _ output: UnsafeMutablePointer<V.Scalar>
) where V.Scalar: BinaryFloatingPoint {
  var target = output
  for y in plan.firstRow..<plan.endRow {
    let rows = plan.window(y, plan.H, plan.Ho, plan.R, plan.strideY, plan.top)
    if plan.kind == 0 && plan.S == 3 && plan.strideX == 2 {
      let source = input + rows.first * plan.W * plan.C
      poolRow(larger, plan, source, rows.end - rows.first, target)
      target += plan.Wo * plan.C
      continue
    }
    for x in 0..<plan.Wo {
      let columns = plan.window(x, plan.W, plan.Wo, plan.S, plan.strideX, plan.left)
      let source = input + (rows.first * plan.W + columns.first) * plan.C
      let (height, width) = (rows.end - rows.first, columns.end - columns.first)
      let inside = plan.kind == 2 ? plan.R * plan.S : height * width
      if plan.kind == 0 {
        poolPixel(true, larger, plan, source, height, width, 1, target)
      } else {
        poolPixel(false, larger, plan, source, height, width, V.Scalar(inside), target)
      }
      target += plan.C
    }
  }
}

/// Pools rows `firstRow ..< endRow` of one image; `output` points at the first of them.
@inline(never)
public func poolImage(
  _ numbers: UnsafePointer<Int>, _ input: UnsafePointer<Float>,
  _ output: UnsafeMutablePointer<Float>
) {
  poolAll({ (a: FloatVector, b) in larger(a, b) }, Plan(numbers), input, output)
}

/// Pools rows `firstRow ..< endRow` of one image; `output` points at the first of them.
@inline(never)
public func poolImage(
  _ numbers: UnsafePointer<Int>, _ input: UnsafePointer<Double>,
  _ output: UnsafeMutablePointer<Double>
) {
  poolAll({ (a: DoubleVector, b) in larger(a, b) }, Plan(numbers), input, output)
}
