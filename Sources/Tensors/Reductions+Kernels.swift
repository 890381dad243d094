// Reductions by blocks: along memory in blocks of 1024 values, across it in blocks of 64 rows.
//
// Deviations: none. Checked by: ReductionTests.

import _Kernels128

#if !NITAL_PORTABLE
import _Kernels256
import _Kernels512
#endif

/// What a reduction adds up or keeps; the numbers are those of the kernel.
package enum Reduction: Int, CaseIterable, Sendable {
  case sum = 0
  case squaredDeviations = 1
  case dot = 2
  case squaredDistances = 3
  case minimum = 4
  case maximum = 5
  case deviations = 6

  /// What joins the results of blocks.
  var joining: Reduction { self == .minimum || self == .maximum ? self : .sum }
}

/// Values of a block along memory, rows of a block across it.
private let blockLength = 1024
private let blockRows = 64

/// Reduces a tensor as planned; `partners` holds one value for each result (squared deviations).
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func reduced<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>, _ plan: ReductionPlan, _ reduction: Reduction,
  partners: Tensor<Scalar>?
) -> Tensor<Scalar> {
  let source = plan.permutation.map { x.permuted($0) } ?? x
  var result = Tensor<Scalar>.zeros(plan.resultShape)
  guard x.count > 0 else { return result }
  let others = partners?.scalars ?? [0]
  let partnerStep = partners == nil ? 0 : 1
  // SAFETY: each piece reads its own part of the source and writes its own results.
  unsafe source.scalars.withUnsafeBufferPointer { values in
    unsafe others.withUnsafeBufferPointer { others in
      unsafe result.scalars.withUnsafeMutableBufferPointer { target in
        guard let values = values.baseAddress, let others = others.baseAddress,
          let target = target.baseAddress
        else { return }
        let from = unsafe SharedPointer(UnsafeMutablePointer(mutating: values))
        let partner = unsafe SharedPointer(UnsafeMutablePointer(mutating: others))
        let to = unsafe SharedPointer(target)
        let length = plan.extent * plan.inner
        let atOnce = max(1, (1 << 17) / length)
        parallelFor((plan.outer + atOnce - 1) / atOnce) { piece in
          for o in (piece * atOnce)..<min(plan.outer, (piece + 1) * atOnce) {
            let first = o * plan.inner
            if plan.inner == 1 {
              unsafe to.pointer[o] = reduceLine(
                reduction, from.pointer + o * length, partner.pointer + first * partnerStep, length)
            } else {
              unsafe reduceRows(
                reduction, from.pointer + o * length, partner.pointer + first * partnerStep,
                rows: plan.extent, columns: plan.inner, into: to.pointer + first)
            }
          }
        }
      }
    }
  }
  return result
}

/// Reduces values that follow each other: blocks, then the blocks' results, until one is left.
@unsafe private func reduceLine<Scalar: KernelScalar>(
  _ reduction: Reduction, _ x: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>, _ count: Int
) -> Scalar {
  var blocks = (count + blockLength - 1) / blockLength
  if blocks == 1 {
    var single: Scalar = 0
    unsafe reduceBlocks(reduction, x, y, count, &single)
    return single
  }
  var partial = [Scalar](repeating: 0, count: blocks)
  unsafe partial.withUnsafeMutableBufferPointer { buffer in
    guard let base = buffer.baseAddress else { return }
    let (to, xs) = unsafe (SharedPointer(base), SharedPointer(UnsafeMutablePointer(mutating: x)))
    let ys = unsafe SharedPointer(UnsafeMutablePointer(mutating: y))
    let yStep = reduction == .dot || reduction == .squaredDistances ? 1 : 0
    let atOnce = 128
    // SAFETY: each piece reduces its own blocks into their own places.
    parallelFor((blocks + atOnce - 1) / atOnce) { piece in
      let first = piece * atOnce * blockLength
      unsafe reduceBlocks(
        reduction, xs.pointer + first, ys.pointer + first * yStep,
        min(count - first, atOnce * blockLength), to.pointer + piece * atOnce)
    }
    while blocks > 1 {
      // SAFETY: block i is read before its result is written to place i, which lies before it.
      unsafe reduceBlocks(reduction.joining, base, base, blocks, base)
      blocks = (blocks + blockLength - 1) / blockLength
    }
  }
  return partial[0]
}

/// Reduces rows to one row: blocks of rows, then the blocks' results, until one is left.
@unsafe private func reduceRows<Scalar: KernelScalar>(
  _ reduction: Reduction, _ x: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>, rows: Int,
  columns: Int, into output: UnsafeMutablePointer<Scalar>
) {
  if rows <= blockRows {
    unsafe reduceColumns(reduction, x, y, rows, columns, output)
    return
  }
  let blocks = (rows + blockRows - 1) / blockRows
  var partial = [Scalar](repeating: 0, count: blocks * columns)
  unsafe partial.withUnsafeMutableBufferPointer { buffer in
    guard let base = buffer.baseAddress else { return }
    let (to, xs) = unsafe (SharedPointer(base), SharedPointer(UnsafeMutablePointer(mutating: x)))
    let ys = unsafe SharedPointer(UnsafeMutablePointer(mutating: y))
    let atOnce = max(1, (1 << 17) / (blockRows * columns))
    // SAFETY: each piece reduces its own blocks of rows into their own rows.
    parallelFor((blocks + atOnce - 1) / atOnce) { piece in
      for block in (piece * atOnce)..<min(blocks, (piece + 1) * atOnce) {
        let first = block * blockRows
        unsafe reduceColumns(
          reduction, xs.pointer + first * columns, ys.pointer, min(blockRows, rows - first),
          columns, to.pointer + block * columns)
      }
    }
    unsafe reduceRows(
      reduction.joining, base, base, rows: blocks, columns: columns, into: output)
  }
}

/// The scalar product of two arrays of the same length, in blocks of 1024.
///
/// - Precondition: the arrays have the same length.
package func dotProduct<Scalar: KernelScalar>(_ x: [Scalar], _ y: [Scalar]) -> Scalar {
  reducedPair(.dot, x, y)
}

/// The sum of squared differences of two arrays of the same length, in blocks of 1024.
///
/// - Precondition: the arrays have the same length.
package func squaredDistance<Scalar: KernelScalar>(_ x: [Scalar], _ y: [Scalar]) -> Scalar {
  reducedPair(.squaredDistances, x, y)
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func reducedPair<Scalar: KernelScalar>(
  _ reduction: Reduction, _ x: [Scalar], _ y: [Scalar]
) -> Scalar {
  precondition(x.count == y.count, "arrays of \(x.count) and \(y.count) values")
  // SAFETY: both arrays hold as many values as are read.
  return unsafe x.withUnsafeBufferPointer { a in
    unsafe y.withUnsafeBufferPointer { b in
      guard let a = a.baseAddress, let b = b.baseAddress, !x.isEmpty else { return 0 }
      return unsafe reduceLine(reduction, a, b, x.count)
    }
  }
}
