// What can go wrong in a factorisation through no fault of the caller.

/// Why a factorisation has no result.
public enum LinearAlgebraError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A value is NaN or infinite; `index` counts in row-major order from 0.
  case nonFinite(index: Int)
  /// The iteration reached its bound.
  case noConvergence(sweeps: Int)
  /// A singular value, eigenvalue or entry of R is larger than the scalar type can hold.
  case overflow

  /// One sentence without a full stop.
  public var description: String {
    switch self {
    case .nonFinite(let index): "value \(index) of the matrix is NaN or infinite"
    case .noConvergence(let sweeps): "no convergence after \(sweeps) sweeps"
    case .overflow: "a result is larger than the scalar type can hold"
    }
  }
}
