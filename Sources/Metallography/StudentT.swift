// Student's t-distribution for whole degrees of freedom: its distribution function and quantiles.
//
// Implements: M. Abramowitz, I. A. Stegun, "Handbook of mathematical functions" (1964), 26.7.3 and
//   26.7.4 (finite series).
// Equation -> code: A(t|n) = 2/pi (theta + sin theta (cos theta + 2/3 cos^3 theta + ...)) for odd n,
//   sin theta (1 + 1/2 cos^2 theta + 1*3/(2*4) cos^4 theta + ...) for even n, theta = arctan(t/sqrt n).
// Symbols: A -> probability that |t| is smaller; n -> degrees of freedom.
// Deviations: none. Checked by: PhaseFractionTests (SciPy). Cost: n / 2 terms a value, 60 values a quantile.

import Tensors

/// Student's t-distribution.
public enum StudentT {
  /// The probability that the absolute value is below `t`.
  ///
  /// - Precondition: `degrees` is at least 1, `t` not negative.
  public static func centralProbability(_ t: Double, degrees n: Int) -> Double {
    precondition(n >= 1 && t >= 0, "t = \(t) with \(n) degrees of freedom")
    let length = (Double(n) + t * t).squareRoot()
    let (sine, cosine) = (t / length, Double(n).squareRoot() / length)
    let square = cosine * cosine
    var (term, sum) = n % 2 == 0 ? (1.0, 1.0) : (cosine, n == 1 ? 0.0 : cosine)
    var k = n % 2 == 0 ? 2 : 3
    while k <= n - 2 {
      term *= square * Double(k - 1) / Double(k)
      sum += term
      k += 2
    }
    if n % 2 == 0 { return sine * sum }
    return (arcTangent2(t, Double(n).squareRoot()) + sine * sum) * 2 / .pi
  }

  /// The t below which the absolute value stays with probability `confidence`.
  ///
  /// - Precondition: `degrees` is at least 1, `confidence` between 0 and 1.
  public static func quantile(confidence: Double, degrees n: Int) -> Double {
    precondition(
      n >= 1 && confidence > 0 && confidence < 1,
      "confidence \(confidence) with \(n) degrees of freedom")
    var (low, high) = (0.0, 1.0)
    while centralProbability(high, degrees: n) < confidence, high < 1e12 { high *= 2 }
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if centralProbability(middle, degrees: n) < confidence { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }
}
