// Loops over pairs of values that training needs: activations, losses, optimisers.
//
// Generic code of another module would not be specialised, so these loops are here.
// Equation -> code: see ActivationOperations.swift, ClassificationLosses.swift, RegressionLosses.swift,
//   SGD.swift and Adam.swift of NeuralNetworks.
// Order of sums: pieces cut by length alone, added in order, in Double.
// Deviations: none. Checked by: GradientTests, OptimiserTests. Cost: one pass each, parallel.

/// Values of one piece of parallel work.
private let pieceValues = 1 << 16

/// An array of zeros, in large pages where it is large; generic code of another module would set them one
/// by one.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func zeroValues<Scalar: KernelScalar>(_ count: Int) -> [Scalar] {
  largeZeros(count)
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

/// a + b, in place of `a`.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func accumulate<Scalar: KernelScalar>(_ a: inout Tensor<Scalar>, _ b: Tensor<Scalar>) {
  combine(&a, b) { $0 + $1 }
}

/// Adds the values of an array to those of another of the same length.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func addValues<Scalar: KernelScalar>(of b: [Scalar], to a: inout [Scalar]) {
  combine(&a, b) { $0 + $1 }
}

/// Copies the values of an array over those of another of the same length.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func copyValues<Scalar: KernelScalar>(of b: [Scalar], to a: inout [Scalar]) {
  combine(&a, b) { $1 }
}

/// body(a, b) of each pair of values, in place of `a`; see the function of arrays.
@inline(__always)
private func combine<Scalar: KernelScalar>(
  _ a: inout Tensor<Scalar>, _ b: Tensor<Scalar>,
  _ body: @Sendable (Scalar, Scalar) -> Scalar
) {
  combine(&a.scalars, b.scalars, body)
}

/// body(a, b) of each pair of values, in place of `a`; both have the same number of values.
@inline(__always)
private func combine<Scalar: KernelScalar>(
  _ a: inout [Scalar], _ b: [Scalar], _ body: @Sendable (Scalar, Scalar) -> Scalar
) {
  precondition(a.count == b.count, "cannot combine \(a.count) values and \(b.count)")
  // SAFETY: a chunk of `a` and the values of `b` at the same places.
  unsafe b.withUnsafeBufferPointer { source in
    guard let base = source.baseAddress else { return }
    let from = unsafe SharedPointer(UnsafeMutablePointer(mutating: base))
    parallelForEachChunk(of: &a, size: pieceValues) { piece, chunk in
      unsafe chunk.withUnsafeMutableBufferPointer { buffer in
        guard let a = buffer.baseAddress else { return }
        let b = unsafe from.pointer + piece * pieceValues
        for i in 0..<buffer.count { unsafe a[i] = body(a[i], b[i]) }
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
  combine(&dy, y) { d, y in d * y * (1 - y) }
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
) { combine(&p, z) { p, z in (p - z) * factor } }

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
) { combine(&p, z) { _, z in a * z + b } }

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
  combine(&x, z) { x, z in
    let d = x - z
    return factor * (abs(d) < a ? d / a : (d > 0 ? 1 : -1))
  }
}

// MARK: - Optimisers

/// a x + b z, in place of x.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func blend<Scalar: KernelScalar>(
  _ x: inout Tensor<Scalar>, _ a: Scalar, _ z: Tensor<Scalar>, _ b: Scalar
) { combine(&x, z) { x, z in a * x + b * z } }

/// x - factor z, in place of x.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func descend<Scalar: KernelScalar>(
  _ x: inout Tensor<Scalar>, _ z: Tensor<Scalar>, factor: Scalar
) { combine(&x, z) { x, z in x - factor * z } }

/// a x + b z^2, in place of x.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func blendSquares<Scalar: KernelScalar>(
  _ x: inout Tensor<Scalar>, _ a: Scalar, _ z: Tensor<Scalar>, _ b: Scalar
) { combine(&x, z) { x, z in a * x + b * z * z } }

/// m / (sqrt(v) / root + eps), in place of m.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func divideByRoots<Scalar: KernelScalar>(
  _ m: inout Tensor<Scalar>, _ v: Tensor<Scalar>, root: Scalar, epsilon: Scalar
) { combine(&m, v) { m, v in m / (v.squareRoot() / root + epsilon) } }
