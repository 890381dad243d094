// Inputs and checks that the tests of the matrix product share.

import Tensors

/// How the matrices of a case lie in memory.
enum Layout: CaseIterable {
  case rows, columns, spaced, mixed

  static let all = allCases

  /// The row and column stride of matrix `number` (0 A, 1 B, 2 C) of this shape.
  func strides(_ number: Int, _ rows: Int, _ columns: Int) -> (row: Int, column: Int) {
    switch self {
    case .rows: (columns, 1)
    case .columns: (1, rows)
    case .spaced: (columns * 3 + 2, 3)
    case .mixed: number == 1 ? (1, rows + 5) : (columns + 7, 1)
    }
  }
}

/// How the right-hand matrix is packed ahead.
enum PackedRoute: CaseIterable {
  case strided, packingA, fillingRows
}

/// A matrix with poisoned margins: NaN before, between and after its elements.
struct GuardedMatrix<Scalar: KernelScalar> {
  static var margin: Int { 67 }
  let rows: Int
  let columns: Int
  let strides: (row: Int, column: Int)
  var memory: [Scalar]

  init(
    _ rows: Int, _ columns: Int, _ strides: (row: Int, column: Int),
    _ value: (Int, Int) -> Scalar
  ) {
    (self.rows, self.columns, self.strides) = (rows, columns, strides)
    let extent = rows * strides.row + columns * strides.column
    memory = Array(repeating: .nan, count: extent + 2 * Self.margin)
    for i in 0..<rows { for j in 0..<columns { memory[place(i, j)] = value(i, j) } }
  }

  func place(_ i: Int, _ j: Int) -> Int { Self.margin + i * strides.row + j * strides.column }

  /// Whether the elements are these and every other number is still NaN.
  func holds(_ value: (Int, Int) -> Scalar) -> Bool {
    var expected = GuardedMatrix(rows, columns, strides, value)
    for i in memory.indices where memory[i].isNaN && expected.memory[i].isNaN {
      expected.memory[i] = memory[i]
    }
    return zip(memory, expected.memory).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
  }
}

/// One product of small whole numbers, exact in either scalar type.
struct ProductCase<Scalar: KernelScalar> {
  let m: Int
  let n: Int
  let k: Int
  var alpha: Scalar = 1
  var beta: Scalar = 0
  var layout = Layout.rows

  init(_ m: Int, _ n: Int, _ k: Int) { (self.m, self.n, self.k) = (m, n, k) }

  private func a(_ i: Int, _ p: Int) -> Scalar { Scalar((i * 5 + p * 3) % 9 - 4) }
  private func b(_ p: Int, _ j: Int) -> Scalar { Scalar((p * 7 + j * 4 + 1) % 11 - 5) }
  private func c(_ i: Int, _ j: Int) -> Scalar { beta == 0 ? .nan : Scalar((i + j * 2) % 7 - 3) }

  /// beta C + alpha A B by the definition.
  private var expected: [Scalar] {
    let A = Tensor(shape: [m, k], scalars: (0..<m * k).map { a($0 / k, $0 % k) })
    let B = Tensor(shape: [k, n], scalars: (0..<k * n).map { b($0 / n, $0 % n) })
    let AB = matmulReference(A, B).scalars
    return (0..<m * n).map { alpha * AB[$0] + (beta == 0 ? 0 : beta * c($0 / n, $0 % n)) }
  }

  /// Whether the product on `set` is exact and touches nothing but C.
  func isExact(on set: InstructionSet, _ route: PackedRoute? = nil) -> Bool {
    let A = GuardedMatrix(m, k, layout.strides(0, m, k), a)
    let B = GuardedMatrix(k, n, layout.strides(1, k, n), b)
    var C = GuardedMatrix(m, n, layout.strides(2, m, n), c)
    A.memory.withUnsafeBufferPointer { a in
      B.memory.withUnsafeBufferPointer { b in
        C.memory.withUnsafeMutableBufferPointer { c in
          multiply(
            set, route, a.start + GuardedMatrix<Scalar>.margin, A.strides,
            b.start + GuardedMatrix<Scalar>.margin, B.strides,
            c.start + GuardedMatrix<Scalar>.margin, C.strides)
        }
      }
    }
    let expected = expected
    return C.holds { i, j in expected[i * n + j] }
  }

  private func multiply(
    _ set: InstructionSet, _ route: PackedRoute?, _ A: UnsafePointer<Scalar>,
    _ strideA: (row: Int, column: Int), _ B: UnsafePointer<Scalar>,
    _ strideB: (row: Int, column: Int), _ C: UnsafeMutablePointer<Scalar>,
    _ strideC: (row: Int, column: Int)
  ) {
    guard let route else {
      return gemmPointers(
        m: m, n: n, k: k, alpha: alpha, A: A, rowStrideA: strideA.row,
        columnStrideA: strideA.column, B: B, rowStrideB: strideB.row,
        columnStrideB: strideB.column, beta: beta, C: C, rowStrideC: strideC.row,
        columnStrideC: strideC.column, instructionSet: set)
    }
    let packed = PackedMatrix(
      k: k, n: n, B, rowStride: strideB.row, columnStride: strideB.column, instructionSet: set)
    switch route {
    case .strided:
      gemmPointers(
        m: m, alpha: alpha, A: A, rowStrideA: strideA.row, columnStrideA: strideA.column,
        B: packed, beta: beta, C: C, rowStrideC: strideC.row, columnStrideC: strideC.column)
    case .packingA:
      gemmPackingA(
        m: m, alpha: alpha, B: packed, beta: beta, C: C, rowStrideC: strideC.row,
        columnStrideC: strideC.column
      ) { pack($0, $1, $2, packed.rowsPerTile) }
    case .fillingRows:
      gemmFillingRows(
        m: m, alpha: alpha, B: packed, beta: beta, C: C, rowStrideC: strideC.row,
        columnStrideC: strideC.column
      ) { rows, depth, target in
        for (i, row) in rows.enumerated() {
          for (p, column) in depth.enumerated() { target[i * depth.count + p] = a(row, column) }
        }
      }
    }
  }

  /// Writes a block of A in panels of MR rows, as `gemmPackingA` asks.
  private func pack(
    _ rows: Range<Int>, _ depth: Range<Int>, _ target: UnsafeMutablePointer<Scalar>, _ MR: Int
  ) {
    for i in 0..<rows.count {
      let q = i / MR
      let w = min(MR, rows.count - q * MR)
      for p in 0..<depth.count {
        target[q * MR * depth.count + p * w + i - q * MR] =
          a(rows.lowerBound + i, depth.lowerBound + p)
      }
    }
  }
}

/// Matrices of shape (m, k) and (k, n) of normal numbers.
func randomPair<Scalar: KernelScalar>(
  _: Scalar.Type, _ m: Int, _ n: Int, _ k: Int
) -> (Tensor<Scalar>, Tensor<Scalar>) {
  var generator = SeededGenerator(seed: 7)
  let A = (0..<m * k).map { _ in Scalar(generator.normal()) }
  let B = (0..<k * n).map { _ in Scalar(generator.normal()) }
  return (Tensor(shape: [m, k], scalars: A), Tensor(shape: [k, n], scalars: B))
}

/// The product of two row-major matrices on an instruction set.
func multiply<Scalar: KernelScalar>(
  _ A: Tensor<Scalar>, _ B: Tensor<Scalar>, _ set: InstructionSet
) -> Tensor<Scalar> {
  let (m, k, n) = (A.shape[0], A.shape[1], B.shape[1])
  var C = [Scalar](repeating: .nan, count: m * n)
  A.scalars.withUnsafeBufferPointer { a in
    B.scalars.withUnsafeBufferPointer { b in
      C.withUnsafeMutableBufferPointer { c in
        gemmPointers(
          m: m, n: n, k: k, alpha: 1, A: a.start, rowStrideA: k, columnStrideA: 1,
          B: b.start, rowStrideB: n, columnStrideB: 1, beta: 0, C: c.start,
          rowStrideC: n, columnStrideC: 1, instructionSet: set)
      }
    }
  }
  return Tensor(shape: [m, n], scalars: C)
}

/// The product of the random pair of this shape on an instruction set.
func randomProduct<Scalar: KernelScalar>(
  _ type: Scalar.Type, _ m: Int, _ n: Int, _ k: Int, _ set: InstructionSet
) -> Tensor<Scalar> {
  let (A, B) = randomPair(type, m, n, k)
  return multiply(A, B, set)
}

extension Tensor where Scalar: BinaryFloatingPoint {
  /// The same values in double precision.
  var asDouble: Tensor<Double> { Tensor<Double>(shape: shape, scalars: scalars.map { Double($0) }) }

  /// The magnitude of each value.
  var magnitudes: Tensor { Tensor(shape: shape, scalars: scalars.map { $0.magnitude }) }
}

extension UnsafeBufferPointer {
  /// The address of a buffer that is not empty.
  var start: UnsafePointer<Element> {
    guard let baseAddress else { preconditionFailure("the buffer is empty") }
    return baseAddress
  }
}

extension UnsafeMutableBufferPointer {
  /// The address of a buffer that is not empty.
  var start: UnsafeMutablePointer<Element> {
    guard let baseAddress else { preconditionFailure("the buffer is empty") }
    return baseAddress
  }
}
