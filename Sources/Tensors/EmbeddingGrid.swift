// The grid of FFT-accelerated t-SNE and the spectra of its kernels.
//
// Equation -> code: K'(k) = K(k) / (b(k_x) b(k_y))^2 with b(k) = (4 + 2 cos k) / 6, the spectrum of
//   the cubic B-spline at the nodes (`fill`): splines through the samples of K in both arguments
//   (M. Unser, IEEE Signal Processing Magazine 16 (1999) 22, cardinal splines).
// Symbols: see EmbeddingField+Kernels.swift.
// Deviations: none. Checked by: TSNEFieldTests. Cost: two real transforms of M x M in Double,
//   which a new side or spacing alone makes necessary.

/// The sides of grids: few, so that kernels are rarely made anew; products of small primes.
///
/// The last holds a map of 600 x 600 at the finest spacing; beyond it nodes lie further apart.
let gridSides = [
  128, 160, 192, 240, 288, 320, 384, 480, 576, 640, 768, 960, 1152, 1280, 1536, 1920, 2304, 2560,
]

/// The grid of a map, and what its Fourier transforms need.
struct FieldGrid: Sendable {
  /// Nodes of the transform along either axis.
  let side: Int
  /// The distance of two nodes.
  let spacing: Double
  let transform: FFT<Float>
  /// Spectra of the potential and of the two forces, row k_y, column k_x, over `side` squared.
  private(set) var potential: [Float] = []
  private(set) var forceX: [Float] = []
  private(set) var forceY: [Float] = []

  init(side: Int, spacing: Double) {
    (self.side, self.spacing) = (side, spacing)
    transform = FFT(count: side)
    let lags = (0..<side).map { Double($0 <= side / 2 ? $0 : $0 - side) * spacing }
    var w = [Double](repeating: 0, count: side * side)
    var K = w
    for x in 0..<side {
      for y in 0..<side {
        let weight = 1 / (1 + (lags[x] * lags[x] + lags[y] * lags[y]))
        w[x * side + y] = weight
        K[x * side + y] = weight * weight * lags[x]
      }
    }
    let plan = FFT2D<Double>(height: side, width: side)
    let W = plan.forward(real: Tensor(shape: [side, side], scalars: w)).real.scalars
    let F = plan.forward(real: Tensor(shape: [side, side], scalars: K)).imaginary.scalars
    fill(W, F)
  }

  /// Divides by the spectra of the splines; K_y is the transpose of K_x, w is its own.
  private mutating func fill(_ W: [Double], _ F: [Double]) {
    let half = side / 2 + 1
    let squares = (0..<side).map { k in
      let b = (4 + 2 * cosine(2 * Double.pi * Double(k) / Double(side))) / 6
      return b * b
    }
    let scale = 1 / (Double(side) * Double(side))
    for array in [\FieldGrid.potential, \.forceX, \.forceY] {
      self[keyPath: array] = [Float](repeating: 0, count: side * side)
    }
    for x in 0..<side {
      for y in 0..<side {
        // Frequencies past the half are those of the conjugate; both kernels are even in y.
        let at = x * half + min(y, side - y)
        let factor = scale / (squares[x] * squares[y])
        potential[y * side + x] = Float(W[at] * factor)
        forceX[y * side + x] = Float(F[at] * factor)
        forceY[x * side + y] = Float(F[at] * factor)
      }
    }
  }
}
