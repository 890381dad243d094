// Softmax and cross-entropy over the last axis: rows of q logits.
//
// Implements: the log-sum-exp with the largest value taken off (N. Higham, "Accuracy and stability
//   of numerical algorithms", 2nd ed., SIAM 2002, section 2.6 on overflow; P. Blanchard, D. Higham,
//   N. Higham, IMA J. Numer. Anal. 41 (2021) 2311, algorithm 3.1).
// Equation -> code: l = max x + log sum exp(x - max x) -> logSumExp; cross-entropy of row i with
//   target t: l - x[t] -> crossEntropySum; d/dx = exp(x - l) - [t] -> crossEntropyGradient.
// Symbols: M -> rows, q -> logits of a row, t -> the index of the right class.
// Order of sums: rows in blocks cut by shape, blocks in order, in Double.
// Deviations: none. Checked by: TrainingLoopTests, GradientTests. Cost: one exponential a value.

/// Rows of one piece of parallel work.
private func rowsPerPiece(_ q: Int) -> Int { max(1, (1 << 14) / max(1, q)) }

/// e to the power of each of `count` values, in place.
@inline(__always)
@unsafe private func exponentiate<Scalar: KernelScalar>(
  _ values: UnsafeMutablePointer<Scalar>, _ count: Int
) {
  if Scalar.self == Float.self {
    // SAFETY: the pointer already points at Floats.
    unsafe ElementaryFunction.exponential.run(
      UnsafeMutableRawPointer(values).assumingMemoryBound(to: Float.self), count)
  } else {
    for i in 0..<count { unsafe values[i] = Scalar(exponential(Double(values[i]))) }
  }
}

/// exp(x - l) of `count` rows of q values, in place, the first of which is row `first` of all.
@inline(__always)
@unsafe private func exponentiateRows<Scalar: KernelScalar>(
  _ x: UnsafeMutablePointer<Scalar>, _ count: Int, _ q: Int, _ l: [Scalar], _ first: Int
) {
  for i in 0..<count {
    let shift = l[first + i]
    for c in 0..<q { unsafe x[i * q + c] -= shift }
  }
  unsafe exponentiate(x, count * q)
}

/// One result a row: `body(rows, results)` fills some results from the rows that they stand for.
@inline(__always)
private func resultsOfRows<Scalar: KernelScalar, Result: Sendable>(
  _ x: Tensor<Scalar>, _ q: Int, _ nothing: Result,
  _ body: @Sendable (UnsafePointer<Scalar>, inout MutableSpan<Result>) -> Void
) -> [Result] {
  var results = [Result](repeating: nothing, count: q > 0 ? x.count / q : 0)
  let rows = rowsPerPiece(q)
  // SAFETY: a chunk's rows lie inside `x`, which outlives the loop.
  unsafe x.scalars.withUnsafeBufferPointer { source in
    guard let base = source.baseAddress else { return }
    let from = unsafe SharedPointer(UnsafeMutablePointer(mutating: base))
    parallelForEachChunk(of: &results, size: rows) { piece, chunk in
      unsafe body(from.pointer + piece * rows * q, &chunk)
    }
  }
  return results
}

/// max + log sum exp(x - max) of each row, M values.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func logSumExp<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> [Scalar] {
  let q = x.shape.last ?? 1
  return unsafe resultsOfRows(x, q, 0) { x, chunk in
    var work = [Scalar](repeating: 0, count: chunk.count * q)
    // SAFETY: there is a row of q values for each result; `work` holds as many.
    unsafe work.withUnsafeMutableBufferPointer { work in
      guard let work = work.baseAddress else { return }
      for i in chunk.indices {
        let (row, to) = unsafe (x + i * q, work + i * q)
        var largest = unsafe row[0]
        for c in 1..<max(1, q) { largest = unsafe row[c] > largest ? row[c] : largest }
        for c in 0..<q { unsafe to[c] = row[c] - largest }
        chunk[i] = largest
      }
      unsafe exponentiate(work, chunk.count * q)
      for i in chunk.indices {
        let row = unsafe work + i * q
        var sum = 0.0
        for c in 0..<q { sum += unsafe Double(row[c]) }
        chunk[i] += Scalar(naturalLogarithm(sum))
      }
    }
  }
}

/// exp(x - l) of each row, in place.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func exponentialRows<Scalar: KernelScalar>(_ x: inout Tensor<Scalar>, minus l: [Scalar]) {
  let q = x.shape.last ?? 1
  let rows = rowsPerPiece(q)
  parallelForEachChunk(of: &x.scalars, size: max(1, rows * q)) { piece, chunk in
    // SAFETY: a chunk consists of whole rows.
    unsafe chunk.withUnsafeMutableBufferPointer { buffer in
      guard let x = buffer.baseAddress else { return }
      unsafe exponentiateRows(x, buffer.count / q, q, l, piece * rows)
    }
  }
}

/// The sum over rows of weight (l - x[target]), and the sum of weights; rows with a negative target
/// count for nothing.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func crossEntropySum<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>, _ l: [Scalar], targets: [Int32], classWeights: [Scalar]
) -> (loss: Double, weight: Double) {
  let q = x.shape.last ?? 1
  let (M, rows) = (l.count, 1 << 13)
  precondition(targets.count == M, "\(M) rows have \(targets.count) targets")
  return parallelReduce(
    (M + rows - 1) / rows, (0.0, 0.0),
    map: { piece in
      var total = (0.0, 0.0)
      for i in (piece * rows)..<min(M, (piece + 1) * rows) where targets[i] >= 0 {
        let t = Int(targets[i])
        precondition(t < q, "target \(t) is none of \(q) classes")
        let weight = classWeights.isEmpty ? 1.0 : Double(classWeights[t])
        total.0 += weight * Double(l[i] - x.scalars[i * q + t])
        total.1 += weight
      }
      return total
    }, combine: { $0 = ($0.0 + $1.0, $0.1 + $1.1) })
}

/// The gradient of cross-entropy in place of the logits: factor weight (exp(x - l) - [target]).
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func crossEntropyGradient<Scalar: KernelScalar>(
  _ x: inout Tensor<Scalar>, _ l: [Scalar], targets: [Int32], classWeights: [Scalar],
  factor: Scalar
) {
  let q = x.shape.last ?? 1
  let rows = rowsPerPiece(q)
  parallelForEachChunk(of: &x.scalars, size: max(1, rows * q)) { piece, chunk in
    // SAFETY: a chunk consists of whole rows.
    unsafe chunk.withUnsafeMutableBufferPointer { buffer in
      guard let x = buffer.baseAddress else { return }
      let first = piece * rows
      unsafe exponentiateRows(x, buffer.count / q, q, l, first)
      for i in 0..<(buffer.count / q) {
        let t = Int(targets[first + i])
        guard t >= 0 else {
          for c in 0..<q { unsafe x[i * q + c] = 0 }
          continue
        }
        unsafe x[i * q + t] -= 1
        let scale = factor * (classWeights.isEmpty ? 1 : classWeights[t])
        for c in 0..<q { unsafe x[i * q + c] *= scale }
      }
    }
  }
}

/// The index of the largest value of each row, the first of equals.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func largestOfRows<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> [Int32] {
  let q = x.shape.last ?? 1
  return unsafe resultsOfRows(x, q, 0) { x, chunk in
    for i in chunk.indices {
      // SAFETY: there is a row of q values for each result.
      let row = unsafe x + i * q
      var best = 0
      for c in 1..<max(1, q) where unsafe row[c] > row[best] { best = c }
      chunk[i] = Int32(best)
    }
  }
}

/// x - l of each row, in place.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func subtractFromRows<Scalar: KernelScalar>(_ x: inout Tensor<Scalar>, _ l: [Scalar]) {
  let q = x.shape.last ?? 1
  let rows = rowsPerPiece(q)
  parallelForEachChunk(of: &x.scalars, size: max(1, rows * q)) { piece, chunk in
    for i in chunk.indices { chunk[i] -= l[piece * rows + i / q] }
  }
}

/// dx = dy - e^y sum dy of each row, in place of dy; y is a log-softmax.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func logSoftmaxGradient<Scalar: KernelScalar>(
  _ dy: inout Tensor<Scalar>, _ y: Tensor<Scalar>
) {
  let q = y.shape.last ?? 1
  let rows = rowsPerPiece(q)
  precondition(dy.count == y.count, "\(dy.shape) and \(y.shape)")
  parallelForEachChunk(of: &dy.scalars, size: max(1, rows * q)) { piece, chunk in
    let first = piece * rows * q
    var probabilities = Array(y.scalars[first..<(first + chunk.count)])
    // SAFETY: the array holds a chunk's values.
    unsafe probabilities.withUnsafeMutableBufferPointer { buffer in
      if let base = buffer.baseAddress { unsafe exponentiate(base, buffer.count) }
    }
    for i in 0..<(chunk.count / q) {
      var sum = 0.0
      for c in 0..<q { sum += Double(chunk[i * q + c]) }
      for c in 0..<q { chunk[i * q + c] -= probabilities[i * q + c] * Scalar(sum) }
    }
  }
}
