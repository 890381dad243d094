// Matrix product. (Provisional body; the GEMM work replaces it.)

/// The product of two matrices.
///
/// - Parameters:
///   - A: shape (m, k), or (k, m) when `transposingA`.
///   - B: shape (k, n), or (n, k) when `transposingB`.
///   - transposingA: multiply by the transpose of `A`.
///   - transposingB: multiply by the transpose of `B`.
/// - Returns: shape (m, n).
public func matmul<Scalar: KernelScalar>(
  _ A: Tensor<Scalar>, _ B: Tensor<Scalar>, transposingA: Bool = false, transposingB: Bool = false
) -> Tensor<Scalar> {
  matmulReference(transposingA ? A.transposed() : A, transposingB ? B.transposed() : B)
}
