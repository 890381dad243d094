// Fourier transforms of any length, in plans that hold their twiddle factors.
//
// Implements: mixed-radix Stockham transforms (C. Van Loan, Computational Frameworks for the Fast
//   Fourier Transform, SIAM 1992, section 1.7; see _Kernels128/FFTLanes.swift), and two real rows
//   in one complex transform (W. Press et al., Numerical Recipes, 3rd ed., section 12.3.1).
// Equation -> code: X[k] = sum over j of x[j] e^(-2 pi i j k / n)        -> forward
//   x[j] = (1/n) sum over k of X[k] e^(2 pi i j k / n)                    -> inverse, by exchanging
//   real and imaginary parts before and after the forward transform.
// Symbols: n length, m number of rows transformed at once, r radix, w twiddle factors.
// Deviations: a prime factor above 5 is transformed by its definition, r^2 multiply-adds; there is no
//   Bluestein or Rader step, so that a large prime length costs n^2.
// Checked by: FFTTests, FFT2DTests; twin: Reference/DFTReference.swift.
// Cost: about 4 n log2 n multiply-adds a row for powers of two; memory 2 m n and 64 n a thread.

/// Complex numbers with a shape, real and imaginary parts apart.
public struct ComplexTensor<Scalar: KernelScalar>: Sendable, Equatable {
  /// The real parts.
  public let real: Tensor<Scalar>
  /// The imaginary parts, of the same shape.
  public let imaginary: Tensor<Scalar>

  /// Pairs real and imaginary parts.
  ///
  /// - Precondition: both have the same shape.
  public init(real: Tensor<Scalar>, imaginary: Tensor<Scalar>) {
    precondition(
      real.shape == imaginary.shape,
      "real parts \(real.shape) and imaginary parts \(imaginary.shape) differ in shape")
    self.real = real
    self.imaginary = imaginary
  }

  /// Complex numbers whose imaginary parts are zero.
  public init(real: Tensor<Scalar>) {
    self.init(real: real, imaginary: .zeros(real.shape))
  }

  /// The extent of each dimension.
  public var shape: [Int] { real.shape }

  init(_ shape: [Int], _ parts: ([Scalar], [Scalar])) {
    self.init(
      real: Tensor(shape: shape, scalars: parts.0),
      imaginary: Tensor(shape: shape, scalars: parts.1))
  }
}

/// A plan for Fourier transforms of one length, along the last dimension of a tensor.
public struct FFT<Scalar: KernelScalar>: Sendable {
  /// The length n of the transform.
  public let count: Int
  /// The kernels that run: those of this process, unless a test says otherwise.
  package var instructionSet = InstructionSet.current
  /// n, the number of passes, the radix of each pass.
  let plan: [Int]
  /// For each pass the roots of unity of its radix, where it has no code of its own, and the factors.
  let twiddles: [Scalar]

  /// Plans transforms of length `count`.
  ///
  /// - Precondition: `count` is not negative.
  /// - Complexity: O(n) sines and cosines.
  public init(count: Int) {
    precondition(count >= 0, "a transform cannot have the length \(count)")
    self.count = count
    let radices = radixFactors(count)
    plan = [count, radices.count] + radices
    twiddles = twiddleFactors(count, radices).map { Scalar($0) }
  }

  /// The transform of each row, e^(-2 pi i j k / n), without a factor.
  ///
  /// - Parameter x: shape (..., n).
  /// - Returns: the same shape.
  /// - Complexity: O(n log n) a row when n has small factors alone; rows share vector lanes.
  public func forward(_ x: ComplexTensor<Scalar>) -> ComplexTensor<Scalar> {
    let m = rowCount(x.shape, count)
    return ComplexTensor(x.shape, transformRows(x.real.scalars, x.imaginary.scalars, m))
  }

  /// The inverse transform of each row, e^(2 pi i j k / n) / n.
  ///
  /// - Parameter X: shape (..., n).
  /// - Returns: the same shape.
  public func inverse(_ X: ComplexTensor<Scalar>) -> ComplexTensor<Scalar> {
    let m = rowCount(X.shape, count)
    let (i, r) = transformRows(X.imaginary.scalars, X.real.scalars, m)
    return ComplexTensor(X.shape, (scaled(r, by: count), scaled(i, by: count)))
  }

  /// The transform of real rows: the frequencies up to n / 2; the others are their conjugates.
  ///
  /// - Parameter x: shape (..., n).
  /// - Returns: shape (..., n / 2 + 1), or (..., 0) when n is 0.
  public func forward(real x: Tensor<Scalar>) -> ComplexTensor<Scalar> {
    let m = rowCount(x.shape, count)
    let shape = x.shape.dropLast() + [halfCount]
    return ComplexTensor(Array(shape), transformRealRows(x.scalars, m))
  }

  /// Real rows from their frequencies up to n / 2.
  ///
  /// Imaginary parts of frequency 0, and of n / 2 when n is even, are ignored.
  /// - Parameter X: shape (..., n / 2 + 1), or (..., 0) when n is 0.
  /// - Returns: shape (..., n).
  public func inverseReal(_ X: ComplexTensor<Scalar>) -> Tensor<Scalar> {
    let m = rowCount(X.shape, halfCount)
    let shape = X.shape.dropLast() + [count]
    return Tensor(
      shape: Array(shape), scalars: invertRealRows(X.real.scalars, X.imaginary.scalars, m))
  }

  /// The number of frequencies that a real transform keeps.
  var halfCount: Int { count == 0 ? 0 : count / 2 + 1 }
}

/// The number of rows of a tensor whose last dimension has to be `n`.
private func rowCount(_ shape: [Int], _ n: Int) -> Int {
  precondition(shape.last == n, "a row of shape \(shape) does not have the length \(n)")
  return shape.dropLast().reduce(1, *)
}

/// `values` / n.
func scaled<Scalar: KernelScalar>(_ values: [Scalar], by n: Int) -> [Scalar] {
  let factor = 1 / Scalar(max(n, 1))
  return values.map { $0 * factor }
}

/// The radices of the passes, in their order: 8, 4, 2, then 3, 5 and other primes.
func radixFactors(_ n: Int) -> [Int] {
  var radices: [Int] = []
  var rest = n
  guard n > 1 else { return [] }
  let twos = n.trailingZeroBitCount
  // An exponent 1 above a multiple of 3 is 4 times 4 rather than 8 times 2.
  let fours = twos % 3 == 1 ? (twos == 1 ? 0 : 2) : (twos % 3 == 2 ? 1 : 0)
  radices += Array(repeating: 8, count: max(0, (twos - 2 * fours) / 3))
  radices += Array(repeating: 4, count: fours)
  if twos == 1 { radices.append(2) }
  rest >>= twos
  var prime = 3
  while rest > 1 {
    while rest % prime == 0 {
      radices.append(prime)
      rest /= prime
    }
    prime += 2
    if prime * prime > rest && rest > 1 { prime = rest }
  }
  return radices
}

/// The table of twiddle factors in the order in which the kernels read it.
private func twiddleFactors(_ n: Int, _ radices: [Int]) -> [Double] {
  var table: [Double] = []
  var length = n
  for r in radices {
    if ![2, 3, 4, 5, 8].contains(r) {
      for j in 0..<r {
        let (c, s) = rootOfUnity(j, r)
        table += [c, s]
      }
    }
    let m = length / r
    for p in 0..<m {
      for k in 1..<r {
        let (c, s) = rootOfUnity(p * k, length)
        table += [c, -s]
      }
    }
    length = m
  }
  return table
}

/// cos and sin of 2 pi k / n for 0 <= k < n, exact where they are 0, 1 or -1.
func rootOfUnity(_ k: Int, _ n: Int) -> (Double, Double) {
  // The nearest multiple of a quarter turn; what is left is at most an eighth.
  let quarters = (4 * k + n / 2) / n
  let angle = Double(4 * k - quarters * n) / Double(n) * (Double.pi / 2)
  let (c, s) = (cosine(angle), sine(angle))
  switch quarters & 3 {
  case 0: return (c, s)
  case 1: return (-s, c)
  case 2: return (-c, -s)
  default: return (s, -c)
  }
}
