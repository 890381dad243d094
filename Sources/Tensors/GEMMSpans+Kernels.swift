// The general matrix product over spans: strides, alpha and beta, with bounds checked once.
//
// Implements: J. Dongarra et al., "A set of level 3 basic linear algebra subprograms", ACM Trans.
//   Math. Softw. 16 (1990) 1 (xGEMM), with a stride for rows and one for columns as in BLIS.
// Equation -> code: C[i, j] = beta C[i, j] + alpha sum over p of A[i, p] B[p, j] -> gemm.
// Deviations: strides in place of the transposition letters; they may be 0 in A and B.
// Checked by: MatmulKernelTests. Cost: 2 m n k flops.

/// Adds a scaled matrix product to a scaled matrix: C becomes beta C + alpha A B.
///
/// Element (i, p) of A is `A[i * rowStrideA + p * columnStrideA]`, and so on: a row-major matrix has
/// a column stride of 1, its transpose is read by exchanging the strides. As in BLAS, C is not read
/// where `beta` is 0 (so it may hold NaN), and A and B are not read where `alpha` is 0. The result
/// has the same bits for any number of threads.
///
/// - Parameters:
///   - m: rows of A and C, at least 0.
///   - n: columns of B and C, at least 0.
///   - k: columns of A and rows of B, at least 0; with 0, C becomes beta C.
///   - alpha: the factor of the product.
///   - A: shape (m, k).
///   - rowStrideA: elements from a row of A to the next, at least 0.
///   - columnStrideA: elements from a column of A to the next, at least 0.
///   - B: shape (k, n).
///   - rowStrideB: elements from a row of B to the next, at least 0.
///   - columnStrideB: elements from a column of B to the next, at least 0.
///   - beta: the factor of the old C.
///   - C: shape (m, n); elements between its rows and columns are left alone.
///   - rowStrideC: elements from a row of C to the next.
///   - columnStrideC: elements from a column of C to the next.
/// - Precondition: the last element of each matrix that is not empty lies inside its span, no stride
///   is negative, and no two elements of C share a place.
/// - Complexity: 2 m n k operations.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func gemm<Scalar: KernelScalar>(
  m: Int, n: Int, k: Int, alpha: Scalar,
  A: Span<Scalar>, rowStrideA: Int, columnStrideA: Int,
  B: Span<Scalar>, rowStrideB: Int, columnStrideB: Int,
  beta: Scalar, C: inout MutableSpan<Scalar>, rowStrideC: Int, columnStrideC: Int
) {
  precondition(m >= 0 && n >= 0 && k >= 0, "a product cannot have shape \(m) x \(n) x \(k)")
  checkExtent("A", m, k, rowStrideA, columnStrideA, A.count)
  checkExtent("B", k, n, rowStrideB, columnStrideB, B.count)
  checkExtent("C", m, n, rowStrideC, columnStrideC, C.count)
  guard m > 0, n > 0 else { return }
  precondition(
    m <= 1 || n <= 1
      ? (m <= 1 || rowStrideC > 0) && (n <= 1 || columnStrideC > 0)
      : rowStrideC > (n - 1) * columnStrideC && columnStrideC > 0
        || columnStrideC > (m - 1) * rowStrideC && rowStrideC > 0,
    "elements of C overlap: shape \(m) x \(n), strides \(rowStrideC) and \(columnStrideC)")
  // SAFETY: the extents were checked above; `C` is exclusive, so that it overlaps neither A nor B.
  unsafe C.withUnsafeMutableBufferPointer { c in
    guard let start = c.baseAddress else { return }
    unsafe A.withUnsafeBufferPointer { a in
      unsafe B.withUnsafeBufferPointer { b in
        // An empty span has no address; then k is 0 and the address of C stands in, unread.
        unsafe gemmPointers(
          m: m, n: n, k: k, alpha: alpha,
          A: a.baseAddress ?? UnsafePointer(start), rowStrideA: rowStrideA,
          columnStrideA: columnStrideA,
          B: b.baseAddress ?? UnsafePointer(start), rowStrideB: rowStrideB,
          columnStrideB: columnStrideB,
          beta: beta, C: start, rowStrideC: rowStrideC, columnStrideC: columnStrideC)
      }
    }
  }
}

/// Checks that a matrix of this shape and these strides lies inside `count` elements.
private func checkExtent(
  _ name: String, _ rows: Int, _ columns: Int, _ rowStride: Int, _ columnStride: Int, _ count: Int
) {
  precondition(
    rowStride >= 0 && columnStride >= 0,
    "strides of \(name) are \(rowStride) and \(columnStride), not both at least 0")
  guard rows > 0, columns > 0 else { return }
  let (a, overflowA) = (rows - 1).multipliedReportingOverflow(by: rowStride)
  let (b, overflowB) = (columns - 1).multipliedReportingOverflow(by: columnStride)
  let (last, overflow) = a.addingReportingOverflow(b)
  precondition(
    !overflowA && !overflowB && !overflow && last < count,
    "\(name) of shape \(rows) x \(columns) with strides \(rowStride) and \(columnStride) "
      + "does not fit in \(count) elements")
}
