// Matrix product as three loops: the plain twin of `matmul`.
//
// Equation: C[i, j] = sum over p of A[i, p] B[p, j].
// Checked by: MatmulTests. Cost: 2 m n k flops.

/// The product of two matrices by the definition, one rounding an operation.
///
/// - Parameters:
///   - A: shape (m, k).
///   - B: shape (k, n).
/// - Returns: shape (m, n).
public func matmulReference<Scalar: KernelScalar>(
  _ A: Tensor<Scalar>, _ B: Tensor<Scalar>
) -> Tensor<Scalar> {
  precondition(
    A.rank == 2 && B.rank == 2 && A.shape[1] == B.shape[0],
    "cannot multiply shape \(A.shape) by \(B.shape)")
  let (m, k, n) = (A.shape[0], A.shape[1], B.shape[1])
  var C = [Scalar](repeating: 0, count: m * n)
  for i in 0..<m {
    for p in 0..<k {
      let a = A.scalars[i * k + p]
      for j in 0..<n { C[i * n + j] += a * B.scalars[p * n + j] }
    }
  }
  return Tensor(shape: [m, n], scalars: C)
}
