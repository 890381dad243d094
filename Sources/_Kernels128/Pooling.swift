// Maxima and means over windows of an image, channels side by side in vectors.
//
// Equation -> code: O[y, x, c] = max or sum over the window's pixels inside the image of I, times
//   1 / divisor -> `poolWindow`. The sum of a window is the sum of the sums of its rows.
// Deviations: none. NaN in a window makes its maximum NaN.
// Checked by: PoolingTests. Cost: one pass over each window.

/// One image and its windows; extents in values.
public struct PoolingPlan {
  /// Input rows, columns and channels.
  public var H, W, C: Int
  /// Output rows to make, of `Ho`, and output columns.
  public var firstRow, endRow, Ho, Wo: Int
  /// Window rows and columns.
  public var R, S: Int
  /// Distance between windows, and the margin before the first.
  public var strideY, strideX, top, left: Int
  /// 0: maximum, 1: mean of what lies inside, 2: mean over R S, 3: adaptive mean.
  public var kind: Int

  /// Collects the numbers.
  public init(
    H: Int, W: Int, C: Int, firstRow: Int, endRow: Int, Ho: Int, Wo: Int, R: Int, S: Int,
    strideY: Int, strideX: Int, top: Int, left: Int, kind: Int
  ) {
    (self.H, self.W, self.C) = (H, W, C)
    (self.firstRow, self.endRow, self.Ho, self.Wo) = (firstRow, endRow, Ho, Wo)
    (self.R, self.S, self.strideY, self.strideX) = (R, S, strideY, strideX)
    (self.top, self.left, self.kind) = (top, left, kind)
  }

  /// The input rows or columns of output `i` that lie inside the image.
  @inline(__always)
  fileprivate func window(
    _ i: Int, _ extent: Int, _ outputs: Int, _ size: Int, _ stride: Int, _ before: Int
  ) -> (first: Int, end: Int) {
    if kind == 3 { return (i * extent / outputs, ((i + 1) * extent + outputs - 1) / outputs) }
    let start = i * stride - before
    let end = start + size
    return (start < 0 ? 0 : start, end > extent ? extent : end)
  }
}

/// A vector of channels of one window.
@inline(__always)
private func poolWindow<V: SIMD>(
  _: V.Type, _ isMaximum: Bool, _ input: UnsafePointer<V.Scalar>, _ rows: Int, _ rowStep: Int,
  _ columns: Int, _ columnStep: Int, _ divisor: V.Scalar, _ load: (UnsafePointer<V.Scalar>) -> V
) -> V where V.Scalar: BinaryFloatingPoint {
  var total = isMaximum ? load(input) : V()
  for y in 0..<rows {
    var p = input + y * rowStep
    var rowTotal = isMaximum ? total : V()
    for _ in 0..<columns {
      let x = load(p)
      if isMaximum {
        rowTotal.replace(with: x, where: (x .> rowTotal) .| (x .!= x))
      } else {
        rowTotal += x
      }
      p += columnStep
    }
    total = isMaximum ? rowTotal : total + rowTotal
  }
  return isMaximum ? total : total / V(repeating: divisor)
}

/// The channels of one window: whole vectors, then one by one.
@inline(__always)
private func poolPixel<V: SIMD>(
  _: V.Type, _ isMaximum: Bool, _ plan: PoolingPlan, _ input: UnsafePointer<V.Scalar>,
  _ rows: Int, _ columns: Int, _ divisor: V.Scalar, _ output: UnsafeMutablePointer<V.Scalar>
) where V.Scalar: BinaryFloatingPoint {
  var c = 0
  let rowStep = plan.W * plan.C
  while c + V.scalarCount <= plan.C {
    let result = poolWindow(
      V.self, isMaximum, input + c, rows, rowStep, columns, plan.C, divisor
    ) { UnsafeRawPointer($0).loadUnaligned(as: V.self) }
    UnsafeMutableRawPointer(output + c).storeBytes(of: result, as: V.self)
    c += V.scalarCount
  }
  while c < plan.C {
    output[c] =
      poolWindow(
        V.self, isMaximum, input + c, rows, rowStep, columns, plan.C, divisor
      ) { V(repeating: $0[0]) }[0]
    c += 1
  }
}

@inline(__always)
private func poolAll<V: SIMD>(
  _: V.Type, _ plan: PoolingPlan, _ input: UnsafePointer<V.Scalar>,
  _ output: UnsafeMutablePointer<V.Scalar>
) where V.Scalar: BinaryFloatingPoint {
  var target = output
  for y in plan.firstRow..<plan.endRow {
    let rows = plan.window(y, plan.H, plan.Ho, plan.R, plan.strideY, plan.top)
    for x in 0..<plan.Wo {
      let columns = plan.window(x, plan.W, plan.Wo, plan.S, plan.strideX, plan.left)
      let source = input + (rows.first * plan.W + columns.first) * plan.C
      let (height, width) = (rows.end - rows.first, columns.end - columns.first)
      let inside = plan.kind == 2 ? plan.R * plan.S : height * width
      if plan.kind == 0 {
        poolPixel(V.self, true, plan, source, height, width, 1, target)
      } else {
        poolPixel(V.self, false, plan, source, height, width, V.Scalar(inside), target)
      }
      target += plan.C
    }
  }
}

/// Pools rows `firstRow ..< endRow` of one image; `output` points at the first of them.
@inline(never)
public func poolImage(
  _ plan: PoolingPlan, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>
) {
  poolAll(FloatVector.self, plan, input, output)
}

/// Pools rows `firstRow ..< endRow` of one image; `output` points at the first of them.
@inline(never)
public func poolImage(
  _ plan: PoolingPlan, _ input: UnsafePointer<Double>, _ output: UnsafeMutablePointer<Double>
) {
  poolAll(DoubleVector.self, plan, input, output)
}
