// Sums, means, variances and extremes of tensors along axes.
//
// Implements: blocked summation (N. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd
//   ed., 2002, section 4.2); T. Chan, G. Golub, R. LeVeque, "Algorithms for computing the sample
//   variance", Amer. Statist. 37 (1983) 242, equation 1.7 (the corrected two-pass algorithm).
// Equation -> code: mean = sum x / n; d = x - mean;
//   variance = (sum d^2 - (sum d)^2 / n) / (n - correction) -> `variance`; the second term takes
//   back what the rounding of the mean did.
// Symbols: outer, extent, inner -> the extents before, of and after the reduced axes.
// Deviations: none. Blocks are 1024 values along memory or 64 rows across it, whose results are
//   reduced in the same way until one is left: the error of a sum of n values is at most about
//   70 ceil(log(n) / log(64)) ulp of the sum of their magnitudes, and in practice a few.
// Checked by: ReductionTests. Cost: one pass over memory (variance: three).

extension Tensor where Scalar: KernelScalar {
  /// The sum along some axes; 0 where they have no extent.
  ///
  /// - Parameters:
  ///   - axes: different axes, 0 ..< `rank`; `nil` for all.
  ///   - keepingDimensions: leaves reduced axes in the shape with extent 1.
  /// - Returns: the shape without `axes`.
  public func sum(along axes: [Int]? = nil, keepingDimensions: Bool = false) -> Tensor {
    let plan = ReductionPlan(shape, axes, keepingDimensions)
    return reduced(self, plan, .sum, partners: nil)
  }

  /// The arithmetic mean along some axes; NaN where they have no extent.
  ///
  /// - Parameters:
  ///   - axes: different axes, 0 ..< `rank`; `nil` for all.
  ///   - keepingDimensions: leaves reduced axes in the shape with extent 1.
  /// - Returns: the shape without `axes`.
  public func mean(along axes: [Int]? = nil, keepingDimensions: Bool = false) -> Tensor {
    let plan = ReductionPlan(shape, axes, keepingDimensions)
    return divided(reduced(self, plan, .sum, partners: nil), by: plan.extent)
  }

  /// The variance along some axes, from the deviations from the mean.
  ///
  /// - Parameters:
  ///   - axes: different axes, 0 ..< `rank`; `nil` for all.
  ///   - correction: the divisor is n - `correction`: 0 for a population, 1 for a sample.
  ///   - keepingDimensions: leaves reduced axes in the shape with extent 1.
  /// - Returns: the shape without `axes`; NaN where n = `correction`.
  public func variance(
    along axes: [Int]? = nil, correction: Int = 0, keepingDimensions: Bool = false
  ) -> Tensor {
    let plan = ReductionPlan(shape, axes, keepingDimensions)
    let mean = divided(reduced(self, plan, .sum, partners: nil), by: plan.extent)
    let squares = reduced(self, plan, .squaredDeviations, partners: mean)
    let rests = reduced(self, plan, .deviations, partners: mean)
    let n = Scalar(plan.extent)
    let corrected = zip(squares.scalars, rests.scalars).map { $0 - $1 * $1 / n }
    return divided(
      Tensor(shape: plan.resultShape, scalars: corrected), by: plan.extent - correction)
  }

  /// The smallest value along some axes; NaN where there is one.
  ///
  /// - Parameters:
  ///   - axes: different axes, 0 ..< `rank`; `nil` for all.
  ///   - keepingDimensions: leaves reduced axes in the shape with extent 1.
  /// - Precondition: the axes have an extent.
  /// - Returns: the shape without `axes`.
  public func minimum(along axes: [Int]? = nil, keepingDimensions: Bool = false) -> Tensor {
    let plan = ReductionPlan(shape, axes, keepingDimensions)
    precondition(plan.extent > 0, "no minimum of no values, shape \(shape)")
    return reduced(self, plan, .minimum, partners: nil)
  }

  /// The largest value along some axes; NaN where there is one.
  ///
  /// - Parameters:
  ///   - axes: different axes, 0 ..< `rank`; `nil` for all.
  ///   - keepingDimensions: leaves reduced axes in the shape with extent 1.
  /// - Precondition: the axes have an extent.
  /// - Returns: the shape without `axes`.
  public func maximum(along axes: [Int]? = nil, keepingDimensions: Bool = false) -> Tensor {
    let plan = ReductionPlan(shape, axes, keepingDimensions)
    precondition(plan.extent > 0, "no maximum of no values, shape \(shape)")
    return reduced(self, plan, .maximum, partners: nil)
  }

  /// The index of the first largest value along an axis, or of the first NaN.
  ///
  /// - Parameter axis: 0 ..< `rank`, with an extent.
  /// - Precondition: the axis has an extent.
  /// - Returns: the shape without `axis`.
  public func argmax(along axis: Int) -> Tensor<Int> { firstIndex(along: axis) { $0 > $1 } }

  /// The index of the first smallest value along an axis, or of the first NaN.
  ///
  /// - Parameter axis: 0 ..< `rank`, with an extent.
  /// - Precondition: the axis has an extent.
  /// - Returns: the shape without `axis`.
  public func argmin(along axis: Int) -> Tensor<Int> { firstIndex(along: axis) { $0 < $1 } }

  private func firstIndex(along axis: Int, _ better: (Scalar, Scalar) -> Bool) -> Tensor<Int> {
    let plan = ReductionPlan(shape, [axis], false)
    precondition(plan.extent > 0, "no extreme of no values, shape \(shape)")
    let indices = (0..<plan.resultShape.reduce(1, *)).map { i in
      let start = i / plan.inner * plan.extent * plan.inner + i % plan.inner
      var (best, index) = (scalars[start], 0)
      for j in 1..<max(1, plan.extent) where !best.isNaN {
        let value = scalars[start + j * plan.inner]
        if better(value, best) || value.isNaN { (best, index) = (value, j) }
      }
      return index
    }
    return Tensor<Int>(shape: plan.resultShape, scalars: indices)
  }

  /// e^x / sum of e^x along the last axis, with the largest value taken off first.
  ///
  /// - Precondition: the tensor has an axis.
  public func softmax() -> Tensor {
    let powers = shiftedByMaximum().exponential()
    return withEachRow(of: powers, powers.sum(along: [rank - 1])) { $0 / $1 }
  }

  /// The logarithm of `softmax`, without cancellation.
  ///
  /// - Precondition: the tensor has an axis.
  public func logSoftmax() -> Tensor {
    let shifted = shiftedByMaximum()
    let logarithms = shifted.exponential().sum(along: [rank - 1]).naturalLogarithm()
    return withEachRow(of: shifted, logarithms) { $0 - $1 }
  }

  private func shiftedByMaximum() -> Tensor {
    precondition(rank >= 1, "softmax needs an axis")
    guard count > 0 else { return self }
    return withEachRow(of: self, maximum(along: [rank - 1])) { $0 - $1 }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func divided<Scalar: KernelScalar>(_ x: Tensor<Scalar>, by n: Int) -> Tensor<Scalar> {
  let divisor = Scalar(n)
  return Tensor(shape: x.shape, scalars: x.scalars.map { $0 / divisor })
}

/// Combines each value of a tensor with the value that belongs to its row along the last axis.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func withEachRow<Scalar: KernelScalar>(
  of x: Tensor<Scalar>, _ rows: Tensor<Scalar>, _ combine: (Scalar, Scalar) -> Scalar
) -> Tensor<Scalar> {
  let last = max(1, x.shape[x.rank - 1])
  let values = x.scalars.indices.map { combine(x.scalars[$0], rows.scalars[$0 / last]) }
  return Tensor(shape: x.shape, scalars: values)
}

/// The extents of a reduction: (outer, extent, inner), after moving the axes together if need be.
struct ReductionPlan: Sendable {
  let outer, extent, inner: Int
  let resultShape: [Int]
  /// The order of axes that brings the reduced ones together at the end; `nil` if they touch.
  let permutation: [Int]?

  init(_ shape: [Int], _ axes: [Int]?, _ keepingDimensions: Bool) {
    let chosen = (axes ?? Array(shape.indices)).sorted()
    precondition(
      zip(chosen, chosen.dropFirst()).allSatisfy { $0 < $1 }
        && chosen.allSatisfy { $0 >= 0 && $0 < shape.count },
      "axes \(chosen) are not different axes of shape \(shape)")
    let kept = shape.indices.filter { !chosen.contains($0) }
    resultShape =
      keepingDimensions
      ? shape.indices.map { chosen.contains($0) ? 1 : shape[$0] } : kept.map { shape[$0] }
    extent = chosen.reduce(1) { $0 * shape[$1] }
    let touching = zip(chosen, chosen.dropFirst()).allSatisfy { $1 == $0 + 1 }
    permutation = touching ? nil : kept + chosen
    let first = touching ? (chosen.first ?? shape.count) : shape.count
    inner = touching ? kept.filter { $0 > first }.reduce(1) { $0 * shape[$1] } : 1
    outer = kept.reduce(1) { $0 * shape[$1] } / max(1, inner)
  }
}

extension Tensor {
  /// The same values with the axes in another order, copied.
  ///
  /// - Parameter axes: axis `axes[i]` becomes axis i; each axis once.
  /// - Precondition: `axes` is a permutation of the axes.
  /// - Returns: shape `axes.map { shape[$0] }`.
  public func permuted(_ axes: [Int]) -> Tensor {
    precondition(axes.sorted() == Array(shape.indices), "\(axes) does not permute \(shape)")
    var strides = [Int](repeating: 1, count: rank)
    for i in stride(from: rank - 2, through: 0, by: -1) {
      strides[i] = strides[i + 1] * shape[i + 1]
    }
    let newShape = axes.map { shape[$0] }
    let steps = axes.map { strides[$0] }
    var index = [Int](repeating: 0, count: rank)
    var from = 0
    var values: [Scalar] = []
    values.reserveCapacity(count)
    for _ in 0..<count {
      values.append(scalars[from])
      var axis = rank - 1
      while axis >= 0 {
        index[axis] += 1
        from += steps[axis]
        if index[axis] < newShape[axis] { break }
        from -= newShape[axis] * steps[axis]
        index[axis] = 0
        axis -= 1
      }
    }
    return Tensor(shape: newShape, scalars: values)
  }
}
