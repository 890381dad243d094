import Tensors
import Testing

/// The packed product against its definition, on every instruction set that this machine has.
///
/// Matrices of small whole numbers make every sum exact, so that results must be equal, not close.
@Suite struct MatmulKernelTests {
  static let sets = InstructionSet.allCases.filter { $0 <= InstructionSet.supported }

  /// Around the tiles (14 x 32, 6 x 16, 4 x 8; Double half as wide).
  static let edges = [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 14, 15, 16, 17, 28, 31, 32, 33]

  @Test(arguments: sets) func equalsTheDefinitionAroundTileEdges(set: InstructionSet) {
    for m in [0] + Self.edges {
      for n in [0] + Self.edges {
        // Small depths only where the tile is narrow: packing treats fewer than 8 apart.
        for k in m <= 9 && n <= 9 ? [0, 1, 2, 3, 4, 7, 8, 9] : [3, 17] {
          #expect(ProductCase<Float>(m, n, k).isExact(on: set), "Float \(m) x \(n) x \(k)")
          #expect(ProductCase<Double>(m, n, k).isExact(on: set), "Double \(m) x \(n) x \(k)")
        }
      }
    }
  }

  @Test(arguments: sets) func equalsTheDefinitionAroundTheBlockOfDepth(set: InstructionSet) {
    for k in [511, 512, 513, 1023, 1024, 1025] {
      #expect(ProductCase<Float>(15, 33, k).isExact(on: set), "Float, depth \(k)")
      #expect(ProductCase<Double>(15, 17, k).isExact(on: set), "Double, depth \(k)")
    }
  }

  @Test(arguments: sets) func equalsTheDefinitionAroundTheOtherBlocks(set: InstructionSet) {
    // Blocks have 84 rows and 2048 (1024 in Double) columns.
    for (m, n, k) in [(83, 40, 9), (84, 40, 9), (85, 40, 9), (170, 1, 30), (1, 170, 30)] {
      #expect(ProductCase<Float>(m, n, k).isExact(on: set), "Float \(m) x \(n) x \(k)")
      #expect(ProductCase<Double>(m, n, k).isExact(on: set), "Double \(m) x \(n) x \(k)")
    }
    for (m, n, k) in [(3, 2047, 3), (15, 2048, 5), (15, 2049, 515), (29, 1025, 520)] {
      #expect(ProductCase<Float>(m, n, k).isExact(on: set), "Float \(m) x \(n) x \(k)")
      #expect(ProductCase<Double>(m, n, k).isExact(on: set), "Double \(m) x \(n) x \(k)")
    }
  }

  @Test(arguments: sets) func equalsTheDefinitionWhereFewRowsAreShared(set: InstructionSet) {
    // Pieces of 64 to 256 columns, each packing its own; up to 512 rows that are packed for all.
    for (m, n, k) in [
      (9, 257, 520), (16, 600, 513), (29, 255, 1100), (100, 128, 200), (511, 515, 9), (512, 515, 9),
      (513, 515, 9), (60, 61, 1024),
    ] {
      for layout in [Layout.rows, .mixed] {
        var work = ProductCase<Float>(m, n, k)
        (work.beta, work.layout) = (2, layout)
        #expect(work.isExact(on: set), "Float \(m) x \(n) x \(k), \(layout)")
        var double = ProductCase<Double>(m, n, k)
        (double.beta, double.layout) = (2, layout)
        #expect(double.isExact(on: set), "Double \(m) x \(n) x \(k), \(layout)")
      }
    }
  }

  /// 512 rows of 512 numbers are packed in two pieces, which are whole tiles of rows.
  @Test(arguments: sets) func packsSharedRowsInPieces(set: InstructionSet) {
    var work = ProductCase<Float>(512, 515, 512)
    (work.beta, work.layout) = (2, .mixed)
    #expect(work.isExact(on: set))
  }

  @Test(arguments: sets) func readsAndWritesAnyStrides(set: InstructionSet) {
    for layout in Layout.all {
      for (m, n, k) in [(1, 1, 1), (7, 5, 3), (15, 33, 9), (33, 15, 20), (40, 3, 8)] {
        var work = ProductCase<Float>(m, n, k)
        work.layout = layout
        #expect(work.isExact(on: set), "Float \(m) x \(n) x \(k), \(layout)")
        var double = ProductCase<Double>(m, n, k)
        double.layout = layout
        #expect(double.isExact(on: set), "Double \(m) x \(n) x \(k), \(layout)")
      }
    }
  }

  @Test(arguments: sets) func scalesAsBLASDoes(set: InstructionSet) {
    for layout in Layout.all {
      for (alpha, beta) in [(0, 0), (0, 1), (0, 2), (1, 1), (2, 0), (-1, 3), (3, -2)] {
        for (m, n, k) in [(5, 7, 0), (5, 7, 4), (15, 33, 5), (16, 2, 600)] {
          var work = ProductCase<Float>(m, n, k)
          (work.alpha, work.beta, work.layout) = (Float(alpha), Float(beta), layout)
          #expect(work.isExact(on: set), "\(m) x \(n) x \(k), alpha \(alpha), beta \(beta)")
          var double = ProductCase<Double>(m, n, k)
          (double.alpha, double.beta, double.layout) = (Double(alpha), Double(beta), layout)
          #expect(double.isExact(on: set), "\(m) x \(n) x \(k), alpha \(alpha), beta \(beta)")
        }
      }
    }
  }

  @Test(arguments: sets) func packsTheRightHandMatrixOnce(set: InstructionSet) {
    for (m, n, k) in [(0, 3, 3), (3, 0, 3), (3, 3, 0), (1, 1, 1), (15, 33, 27), (30, 50, 520)] {
      for route in PackedRoute.allCases {
        #expect(ProductCase<Float>(m, n, k).isExact(on: set, route), "\(m) x \(n) x \(k) \(route)")
        #expect(ProductCase<Double>(m, n, k).isExact(on: set, route), "\(m) x \(n) x \(k) \(route)")
      }
    }
  }

  @Test(arguments: sets) func sweepsOverTheRightHandMatrixForFewRows(set: InstructionSet) {
    for m in [1, 2, 3, 5, 7, 8] {
      for (n, k) in [(64, 1), (65, 8), (79, 9), (1025, 17), (70, 520)] {
        for (alpha, beta) in [(1, 0), (2, 1), (-1, 3)] {
          var work = ProductCase<Float>(m, n, k)
          (work.alpha, work.beta) = (Float(alpha), Float(beta))
          #expect(work.isExact(on: set), "Float \(m) x \(n) x \(k), \(alpha), \(beta)")
          var double = ProductCase<Double>(m, n, k)
          (double.alpha, double.beta) = (Double(alpha), Double(beta))
          #expect(double.isExact(on: set), "Double \(m) x \(n) x \(k), \(alpha), \(beta)")
        }
      }
    }
  }

  /// The first rows of a product are the product of the first rows: sweeps (up to 8 rows), small
  /// products, and blocks read in place or packed (more than 512 columns) all sum in one order.
  @Test(arguments: sets) func hasTheSameBitsWhateverWayTheShapeTakes(set: InstructionSet) {
    for (n, k) in [(70, 200), (70, 600), (530, 40)] {
      let (A, B) = randomPair(Float.self, 700, n, k)
      let whole = multiply(A, B, set).scalars
      for m in [1, 6, 8, 9, 40] {
        let part = Tensor(shape: [m, k], scalars: Array(A.scalars.prefix(m * k)))
        let isSame = multiply(part, B, set).scalars == Array(whole.prefix(m * n))
        #expect(isSame, "\(m) x \(n) x \(k)")
      }
    }
  }

  @Test func hasTheSameBitsOnAVX2AndAVX512() throws {
    guard InstructionSet.supported == .avx512 else { return }
    for (m, n, k) in [
      (17, 35, 9), (30, 70, 513), (5, 1, 1300), (1, 40, 77), (90, 3, 600), (4, 90, 700),
    ] {
      #expect(
        randomProduct(Float.self, m, n, k, .avx2) == randomProduct(Float.self, m, n, k, .avx512))
      #expect(
        randomProduct(Double.self, m, n, k, .avx2) == randomProduct(Double.self, m, n, k, .avx512))
    }
  }

  /// The error stays within four standard deviations of rounding.
  ///
  /// |error| is at most gamma_k |A||B| for any order of sums (Higham, Accuracy and Stability of
  /// Numerical Algorithms, 2nd ed., section 3.5), gamma_k = k u / (1 - k u); rounding errors of random
  /// signs reach about sqrt(k) u of it. 4 sqrt(k) u leaves room for 4 standard deviations.
  @Test(arguments: sets) func staysWithinTheErrorBound(set: InstructionSet) {
    for k in [1, 4, 27, 512, 700, 2000] {
      let (m, n) = (19, 37)
      let (A, B) = randomPair(Float.self, m, n, k)
      let C = multiply(A, B, set)
      let exact = matmulReference(A.asDouble, B.asDouble)
      let size = matmulReference(A.asDouble.magnitudes, B.asDouble.magnitudes)
      let bound = 4 * Double(k).squareRoot() * 0x1p-24
      var worst = 0.0
      for i in 0..<C.count {
        worst = max(worst, abs(Double(C.scalars[i]) - exact.scalars[i]) / size.scalars[i])
      }
      #expect(worst <= bound, "depth \(k): \(worst)")
    }
  }
}
