// How far single precision may take Winograd's algorithms from the exact result.

import Tensors

/// The root mean square of the error that single precision leaves, over that of the values, times two.
///
/// A value is a weighted sum of the (m + 2)^2 parts, and a part a chain of `terms` products U V.
/// For numbers of random signs the variance of part (i, j) is that of a product times
/// |row of G|^2 |row of B^T|^2 along both axes, and its weight the square of A^T's entry. That sum is
/// larger than the variance of the value itself: by 10.8 along an axis for F(4, 3) and by 1.67 for
/// F(2, 3), in the mean over the outputs of a tile, and so is the root in the plane. The gradient to
/// filters, where G^T and A change places, has the same means. (The matrices of WinogradReference.)
///
/// In a chain of L terms rounding step k errs by at most u of a partial sum of variance k, at random by
/// u / sqrt 3 of it: sqrt(L / 6) u of the sum's deviation, u = 2^-24. The transforms of both factors and
/// of the sums, and the products where they are rounded, are some ten more roundings of u / sqrt 3.
func winogradErrorBound(_ m: Int, terms: Int) -> Double {
  2 * (m == 2 ? 1.67 : 10.8) * 0x1p-24 * (Double(terms) / 6 + 10.0 / 3).squareRoot()
}

extension Tensor where Scalar: BinaryFloatingPoint {
  /// The root of the mean of the squares.
  var rootMeanSquare: Double {
    (scalars.reduce(0) { $0 + Double($1) * Double($1) } / Double(Swift.max(1, count))).squareRoot()
  }
}

/// The root mean square of the difference over that of the exact values.
func relativeError(_ a: Tensor<Float>, _ exact: Tensor<Double>) -> Double {
  let differences = zip(a.scalars, exact.scalars).map { Double($0) - $1 }
  return Tensor(shape: exact.shape, scalars: differences).rootMeanSquare / exact.rootMeanSquare
}
