// Product of two matrices.
//
// Implements: see GEMM+Kernels.swift, whose checked entry `gemm` does the work.
// Equation -> code: C[i, j] = sum over p of A[i, p] B[p, j] -> matmul.
// Symbols: A (m, k), B (k, n), C (m, n).
// Deviations: none. Checked by: MatmulTests, twin matmulReference. Cost: 2 m n k flops.

/// The product of two matrices.
///
/// Each element is summed in an order that depends on k alone; the result has the same bits for any
/// number of threads, and for the AVX2 and AVX-512 kernels.
///
/// - Parameters:
///   - A: shape (m, k), or (k, m) when `transposingA`.
///   - B: shape (k, n), or (n, k) when `transposingB`.
///   - transposingA: multiply by the transpose of `A`.
///   - transposingB: multiply by the transpose of `B`.
/// - Returns: shape (m, n).
/// - Precondition: both are matrices, and the inner extents agree.
/// - Complexity: 2 m n k operations.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func matmul<Scalar: KernelScalar>(
  _ A: Tensor<Scalar>, _ B: Tensor<Scalar>, transposingA: Bool = false, transposingB: Bool = false
) -> Tensor<Scalar> {
  precondition(
    A.rank == 2 && B.rank == 2 && A.shape[transposingA ? 0 : 1] == B.shape[transposingB ? 1 : 0],
    "cannot multiply shape \(A.shape)\(transposingA ? " transposed" : "") by \(B.shape)"
      + (transposingB ? " transposed" : ""))
  let (m, k) = transposingA ? (A.shape[1], A.shape[0]) : (A.shape[0], A.shape[1])
  let n = B.shape[transposingB ? 0 : 1]
  var C = [Scalar](repeating: 0, count: m * n)
  var target = C.mutableSpan
  gemm(
    m: m, n: n, k: k, alpha: 1,
    A: A.scalars.span, rowStrideA: transposingA ? 1 : k, columnStrideA: transposingA ? m : 1,
    B: B.scalars.span, rowStrideB: transposingB ? 1 : n, columnStrideB: transposingB ? k : 1,
    beta: 0, C: &target, rowStrideC: n, columnStrideC: 1)
  return Tensor(shape: [m, n], scalars: C)
}
