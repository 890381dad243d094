// Loops over pairs of values that training needs: activations, losses, optimisers.
//
// Generic code of another module would not be specialised, so these loops are here.
// Equation -> code: see ActivationOperations.swift, ClassificationLosses.swift, RegressionLosses.swift,
//   SGD.swift and Adam.swift of NeuralNetworks.
// Order of sums: pieces cut by length alone, added in order, in Double.
// Deviations: none. Checked by: PairLoopTests, GradientTests, OptimiserTests. Cost: one pass each, parallel.

/// Values of one piece of parallel work.
private let pieceValues = 1 << 16

/// An array of zeros, in large pages where it is large; generic code of another module would set them one
/// by one.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func zeroValues<Scalar: KernelScalar>(_ count: Int) -> [Scalar] {
  largeZeros(count)
}

/// An array of any values, in large pages where it is large: whoever writes it first touches its pages.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func anyValues<Scalar: KernelScalar>(_ count: Int) -> [Scalar] {
  largeArray(count)
}

/// Negative values become 0, in place; NaN stays.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func rectify<Scalar: KernelScalar>(_ x: inout Tensor<Scalar>) {
  parallelForEachChunk(of: &x.scalars, size: pieceValues) { _, chunk in
    // SAFETY: the loop stays inside the chunk.
    unsafe chunk.withUnsafeMutableBufferPointer { buffer in
      guard let x = buffer.baseAddress else { return }
      forLanes(Scalar.self, buffer.count) { i in
        let v: Scalar.Lanes = unsafe lanes(x + i)
        unsafe store(atLeast(Scalar(0), v), x + i)
      } single: { i in
        if unsafe x[i] < 0 { unsafe x[i] = 0 }
      }
    }
  }
}

/// The gradient of rectification, in place: 0 wherever the result `y` is not above 0.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func rectifyGradient<Scalar: KernelScalar>(
  _ dy: inout Tensor<Scalar>, _ y: Tensor<Scalar>
) {
  precondition(dy.count == y.count, "\(dy.shape) and \(y.shape)")
  // SAFETY: a chunk of `dy` and the values of `y` at the same places.
  unsafe y.scalars.withUnsafeBufferPointer { source in
    guard let base = source.baseAddress else { return }
    let from = unsafe SharedPointer(UnsafeMutablePointer(mutating: base))
    parallelForEachChunk(of: &dy.scalars, size: pieceValues) { piece, chunk in
      unsafe chunk.withUnsafeMutableBufferPointer { buffer in
        guard let d = buffer.baseAddress else { return }
        let y = unsafe from.pointer + piece * pieceValues
        forLanes(Scalar.self, buffer.count) { i in
          let (v, w): (Scalar.Lanes, Scalar.Lanes) = unsafe (lanes(d + i), lanes(y + i))
          unsafe store(kept(Scalar.self, v, wherePositive: w), d + i)
        } single: { i in
          if unsafe !(y[i] > 0) { unsafe d[i] = 0 }
        }
      }
    }
  }
}

/// The larger of a + b and 0, in place of `a`; NaN stays.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func accumulateRectified<Scalar: KernelScalar>(
  _ a: inout Tensor<Scalar>, _ b: Tensor<Scalar>
) {
  // SAFETY: the loop stays inside the piece.
  unsafe combine(&a.scalars, b.scalars) { a, b, n in
    forLanes(Scalar.self, n) { i in
      let (v, w): (Scalar.Lanes, Scalar.Lanes) = unsafe (lanes(a + i), lanes(b + i))
      unsafe store(atLeast(Scalar(0), v + w), a + i)
    } single: { i in
      let sum = unsafe a[i] + b[i]
      unsafe a[i] = sum < 0 ? 0 : sum
    }
  }
}

/// a + b, in place of `a`.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func accumulate<Scalar: KernelScalar>(_ a: inout Tensor<Scalar>, _ b: Tensor<Scalar>) {
  // SAFETY: the loop stays inside the piece.
  unsafe combine(&a.scalars, b.scalars) { a, b, n in
    for i in 0..<n { unsafe a[i] += b[i] }
  }
}

/// Adds the values of an array to those of another of the same length.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func addValues<Scalar: KernelScalar>(of b: [Scalar], to a: inout [Scalar]) {
  // SAFETY: the loop stays inside the piece.
  unsafe combine(&a, b) { a, b, n in
    for i in 0..<n { unsafe a[i] += b[i] }
  }
}

/// Copies the values of an array over those of another of the same length.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func copyValues<Scalar: KernelScalar>(of b: [Scalar], to a: inout [Scalar]) {
  // SAFETY: the loop stays inside the piece.
  unsafe combine(&a, b) { a, b, n in unsafe a.update(from: b, count: n) }
}

/// Calls `body` for pieces of two arrays of the same number of values; it changes those of `a`.
///
/// The body has the loop: a closure called value by value from another thread is not inlined, which costs
/// ten times the loop.
@inline(__always)
private func combine<Scalar: KernelScalar>(
  _ a: inout [Scalar], _ b: [Scalar],
  _ body: @Sendable (UnsafeMutablePointer<Scalar>, UnsafePointer<Scalar>, Int) -> Void
) {
  // SAFETY: the loop stays inside the piece.
  unsafe combineNumbered(&a, b) { a, b, n, _ in unsafe body(a, b, n) }
}

/// As `combine`; the body is told the number of the first value too.
@inline(__always)
private func combineNumbered<Scalar: KernelScalar>(
  _ a: inout [Scalar], _ b: [Scalar],
  _ body: @Sendable (UnsafeMutablePointer<Scalar>, UnsafePointer<Scalar>, Int, Int) -> Void
) {
  precondition(a.count == b.count, "cannot combine \(a.count) values and \(b.count)")
  // SAFETY: a chunk of `a` and the values of `b` at the same places.
  unsafe b.withUnsafeBufferPointer { source in
    guard let base = source.baseAddress else { return }
    let from = unsafe SharedPointer(UnsafeMutablePointer(mutating: base))
    parallelForEachChunk(of: &a, size: pieceValues) { piece, chunk in
      unsafe chunk.withUnsafeMutableBufferPointer { buffer in
        guard let a = buffer.baseAddress else { return }
        let first = piece * pieceValues
        unsafe body(a, from.pointer + first, buffer.count, first)
      }
    }
  }
}

/// Each value times a factor, in place.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func scaleValues<Scalar: KernelScalar>(_ x: inout [Scalar], by factor: Scalar) {
  parallelForEachChunk(of: &x, size: pieceValues) { _, chunk in
    for i in chunk.indices { chunk[i] *= factor }
  }
}

/// Copies `count` channels of every pixel: from channel `a` of `strideA` to channel `b` of `strideB`.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func copyChannels<Scalar: KernelScalar>(
  from x: Tensor<Scalar>, _ a: Int, _ strideA: Int, to y: inout Tensor<Scalar>, _ b: Int,
  _ strideB: Int, _ count: Int
) {
  let pixels = max(1, pieceValues / max(1, strideB))
  precondition(
    a + count <= strideA && b + count <= strideB && x.count * strideB == y.count * strideA,
    "cannot copy channels of \(x.shape) to \(y.shape)")
  // SAFETY: pixel p of either tensor has `count` values from its channel on.
  unsafe x.scalars.withUnsafeBufferPointer { source in
    guard let base = source.baseAddress else { return }
    let from = unsafe SharedPointer(UnsafeMutablePointer(mutating: base))
    parallelForEachChunk(of: &y.scalars, size: max(1, pixels * strideB)) { piece, chunk in
      unsafe chunk.withUnsafeMutableBufferPointer { buffer in
        guard let to = buffer.baseAddress else { return }
        for p in 0..<(buffer.count / strideB) {
          let pixel = unsafe from.pointer + (piece * pixels + p) * strideA + a
          unsafe (to + p * strideB + b).update(from: pixel, count: count)
        }
      }
    }
  }
}

/// dy y (1 - y), in place of dy: the gradient of the logistic function with result y.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func sigmoidGradient<Scalar: KernelScalar>(_ dy: inout Tensor<Scalar>, _ y: Tensor<Scalar>)
{
  // SAFETY: the loop stays inside the piece.
  unsafe combine(&dy.scalars, y.scalars) { d, y, n in
    for i in 0..<n { unsafe d[i] = d[i] * y[i] * (1 - y[i]) }
  }
}

// MARK: - Losses

/// The sum of `term` over pairs of values.
@inline(__always)
private func sum<Scalar: KernelScalar>(
  _ a: Tensor<Scalar>, _ b: Tensor<Scalar>, _ term: @Sendable (Double, Double) -> Double
) -> Double {
  precondition(a.count == b.count, "\(a.shape) and \(b.shape)")
  let (x, z, size) = (a.scalars, b.scalars, 1 << 14)
  return parallelReduce(
    (x.count + size - 1) / size, 0.0,
    map: { piece in
      var total = 0.0
      for i in (piece * size)..<min(x.count, (piece + 1) * size) {
        total += term(Double(x[i]), Double(z[i]))
      }
      return total
    }, combine: { $0 += $1 })
}

/// sum of max(x, 0) - x z + log(1 + e^-|x|).
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func binaryCrossEntropySum<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>, _ z: Tensor<Scalar>
) -> Double {
  sum(x, z) { x, z in max(x, 0) - x * z + naturalLogarithm(1 + exponential(-abs(x))) }
}

/// factor (p - z), in place of p.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func scaledDifference<Scalar: KernelScalar>(
  _ p: inout Tensor<Scalar>, _ z: Tensor<Scalar>, factor: Scalar
) {
  // SAFETY: the loop stays inside the piece.
  unsafe combine(&p.scalars, z.scalars) { p, z, n in
    for i in 0..<n { unsafe p[i] = (p[i] - z[i]) * factor }
  }
}

/// The sums of p z and of p + z.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func diceSums<Scalar: KernelScalar>(
  _ p: Tensor<Scalar>, _ z: Tensor<Scalar>
) -> (product: Double, sum: Double) { (sum(p, z) { $0 * $1 }, sum(p, z) { $0 + $1 }) }

/// a z + b, written over p.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func affine<Scalar: KernelScalar>(
  _ p: inout Tensor<Scalar>, _ z: Tensor<Scalar>, factor a: Scalar, offset b: Scalar
) {
  // SAFETY: the loop stays inside the piece.
  unsafe combine(&p.scalars, z.scalars) { p, z, n in
    for i in 0..<n { unsafe p[i] = a * z[i] + b }
  }
}

/// sum of d^2 / (2 a) where |d| < a, else |d| - a / 2, with d = x - z.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func smoothL1Sum<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>, _ z: Tensor<Scalar>, width a: Double
) -> Double {
  sum(x, z) { x, z in
    let d = abs(x - z)
    return d < a ? d * d / (2 * a) : d - a / 2
  }
}

/// factor times d / a, or the sign of d where |d| >= a, in place of x.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func smoothL1Gradient<Scalar: KernelScalar>(
  _ x: inout Tensor<Scalar>, _ z: Tensor<Scalar>, width a: Scalar, factor: Scalar
) {
  // SAFETY: the loop stays inside the piece.
  unsafe combine(&x.scalars, z.scalars) { x, z, n in
    for i in 0..<n {
      let d = unsafe x[i] - z[i]
      unsafe x[i] = factor * (abs(d) < a ? d / a : (d > 0 ? 1 : -1))
    }
  }
}

// MARK: - Optimisers

/// a x + b z, in place of x.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func blend<Scalar: KernelScalar>(
  _ x: inout Tensor<Scalar>, _ a: Scalar, _ z: Tensor<Scalar>, _ b: Scalar
) {
  // SAFETY: the loop stays inside the piece.
  unsafe combine(&x.scalars, z.scalars) { x, z, n in
    for i in 0..<n { unsafe x[i] = a * x[i] + b * z[i] }
  }
}

/// x - factor z, in place of x.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func descend<Scalar: KernelScalar>(
  _ x: inout Tensor<Scalar>, _ z: Tensor<Scalar>, factor: Scalar
) {
  // SAFETY: the loop stays inside the piece.
  unsafe combine(&x.scalars, z.scalars) { x, z, n in
    for i in 0..<n { unsafe x[i] -= factor * z[i] }
  }
}

/// One step of gradient descent with momentum, with the numbers of SGD.swift.
package struct MomentumStep<Scalar: KernelScalar>: Sendable {
  let eta, mu, kept, lambda: Scalar
  let isFirst, isNesterov: Bool

  /// The step of learning rate `eta`: g <- g + lambda theta, v <- mu v + kept g (g where `isFirst`),
  /// theta <- theta - eta v, or with Nesterov eta (g + mu v).
  package init(
    eta: Scalar, mu: Scalar, kept: Scalar, lambda: Scalar, isFirst: Bool, isNesterov: Bool
  ) {
    (self.eta, self.mu, self.kept, self.lambda) = (eta, mu, kept, lambda)
    (self.isFirst, self.isNesterov) = (isFirst, isNesterov)
  }

  /// Makes the step for some values.
  @inline(__always)
  @unsafe func apply(
    _ theta: UnsafeMutablePointer<Scalar>, _ v: UnsafeMutablePointer<Scalar>,
    _ g: UnsafePointer<Scalar>, _ count: Int
  ) {
    let (decays, first, ahead) = (lambda != 0, isFirst, isNesterov)
    for i in 0..<count {
      let (old, x) = unsafe (v[i], theta[i])
      let d = unsafe decays ? g[i] + lambda * x : g[i]
      let new = first ? d : mu * old + kept * d
      unsafe v[i] = new
      unsafe theta[i] = x - eta * (ahead ? d + mu * new : new)
    }
  }
}

/// Gradient descent with momentum: changes theta and its velocity v by the gradient g, in one pass.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func descend<Scalar: KernelScalar>(
  _ theta: inout Tensor<Scalar>, velocity v: inout Tensor<Scalar>, gradient g: Tensor<Scalar>,
  _ step: MomentumStep<Scalar>
) {
  precondition(v.count == theta.count, "\(v.shape) and \(theta.shape)")
  // SAFETY: a chunk of `theta` and the values of `v` and `g` at the same places.
  unsafe v.scalars.withUnsafeMutableBufferPointer { velocity in
    guard let base = velocity.baseAddress else { return }
    let start = unsafe SharedPointer(base)
    // SAFETY: the loop stays inside the piece.
    unsafe combineNumbered(&theta.scalars, g.scalars) { theta, g, n, first in
      unsafe step.apply(theta, start.pointer + first, g, n)
    }
  }
}

/// a x + b z^2, in place of x.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func blendSquares<Scalar: KernelScalar>(
  _ x: inout Tensor<Scalar>, _ a: Scalar, _ z: Tensor<Scalar>, _ b: Scalar
) {
  // SAFETY: the loop stays inside the piece.
  unsafe combine(&x.scalars, z.scalars) { x, z, n in
    for i in 0..<n { unsafe x[i] = a * x[i] + b * z[i] * z[i] }
  }
}

/// m / (sqrt(v) / root + eps), in place of m.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func divideByRoots<Scalar: KernelScalar>(
  _ m: inout Tensor<Scalar>, _ v: Tensor<Scalar>, root: Scalar, epsilon: Scalar
) {
  // SAFETY: the loop stays inside the piece.
  unsafe combine(&m.scalars, v.scalars) { m, v, n in
    for i in 0..<n { unsafe m[i] /= v[i].squareRoot() / root + epsilon }
  }
}
