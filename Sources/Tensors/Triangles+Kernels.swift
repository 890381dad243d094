// Triangular systems with many right-hand sides: the checked entry point of Triangles.swift.
//
// Deviations: none. Checked by: TriangleKernelTests. Cost: see Triangles.swift; no memory.

/// Replaces columns of C by the solutions of L y = c, groups of columns in parallel.
///
/// A zero on the diagonal of L gives infinite or NaN values, as a division by zero does.
///
/// - Parameters:
///   - L: `n` columns, `stride` apart, zeros above the diagonal and in the padding.
///   - n: the rows of L.
///   - C: `count` columns, `stride` apart, zeros in the padding.
///   - count: how many right-hand sides there are.
///   - stride: of L and C, a multiple of 16, at least n.
///   - instructionSet: for tests; the one in use otherwise.
package func solveLowerTriangle<Scalar: KernelScalar>(
  _ L: AlignedArray<Scalar>, n: Int, _ C: inout AlignedArray<Scalar>, count: Int, stride: Int,
  instructionSet: InstructionSet = .current
) {
  checkColumns(L, 0..<n, stride)
  checkColumns(C, 0..<count, stride)
  precondition(n <= stride, "\(n) rows do not fit columns of \(stride) numbers")
  guard n > 0, count > 0 else { return }
  // An even number of columns a piece, about 50 us each.
  let group = n * n * count < 1 << 19 ? count : max(2, count / 32 * 2)
  // SAFETY: all columns were checked to lie inside the buffers; each piece writes columns of its
  // own.
  unsafe L.withUnsafeBufferPointer { L in
    unsafe C.withUnsafeMutableBufferPointer { C in
      guard let L = L.baseAddress, let C = C.baseAddress else { return }
      let reading = unsafe SharedPointer(UnsafeMutablePointer(mutating: L))
      let writing = unsafe SharedPointer(C)
      let kernel = unsafe ColumnKernels<Scalar>.kernels(for: instructionSet).solve
      parallelFor((count + group - 1) / group) { piece in
        let first = piece * group
        unsafe kernel(
          reading.pointer, stride, n, writing.pointer + first * stride, stride,
          min(group, count - first))
      }
    }
  }
}
