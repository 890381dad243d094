// Learning rates as functions of the epoch.
//
// Implements: I. Loshchilov, F. Hutter, "SGDR", ICLR 2017, equation 5 (cosine); the others are the
//   closed forms of PyTorch's StepLR, MultiStepLR, ExponentialLR, PolynomialLR and LinearLR.
// Equation -> code: see each case; eta0 is the first learning rate, t the epoch from 0.
// Deviations: cosine stays at its lowest value after `epochs`, where PyTorch's goes up again.
// Checked by: OptimiserTests (PyTorch). Cost: none.

import Tensors

/// A learning rate that changes from epoch to epoch.
public enum LearningRateSchedule: Sendable, Equatable {
  /// eta0.
  case constant
  /// eta0 times `factor` to the power of floor(t / `size`).
  case step(size: Int, factor: Double)
  /// eta0 times `factor` to the power of the number of `milestones` that t has reached.
  case milestones([Int], factor: Double)
  /// eta0 times `factor` to the power of t.
  case exponential(factor: Double)
  /// lowest + (eta0 - lowest) (1 + cos(pi t / epochs)) / 2.
  case cosine(epochs: Int, lowest: Double)
  /// eta0 (1 - t / epochs) to the power of `power`.
  case polynomial(epochs: Int, power: Int)
  /// eta0 times a factor that rises from `start` to 1 within `epochs`.
  case warmUp(epochs: Int, start: Double)

  /// The learning rate of epoch `t`.
  public func rate(_ first: Double, epoch t: Int) -> Double {
    switch self {
    case .constant: return first
    case .step(let size, let factor): return first * raised(factor, t / max(1, size))
    case .milestones(let epochs, let factor):
      return first * raised(factor, epochs.filter { $0 <= t }.count)
    case .exponential(let factor): return first * raised(factor, t)
    case .cosine(let epochs, let lowest):
      let share: Double = Double(min(t, epochs)) / Double(max(1, epochs))
      let wave: Double = (1 + Tensors.cosine(Double.pi * share)) / 2
      return lowest + (first - lowest) * wave
    case .polynomial(let epochs, let power):
      let share: Double = Double(min(t, epochs)) / Double(max(1, epochs))
      return first * raised(1 - share, power)
    case .warmUp(let epochs, let start):
      let share: Double = Double(min(t, epochs)) / Double(max(1, epochs))
      return first * (start + (1 - start) * share)
    }
  }

  private func raised(_ b: Double, _ n: Int) -> Double {
    (0..<max(0, n)).reduce(1.0) { r, _ in r * b }
  }
}
