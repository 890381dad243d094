// Column kernels on every instruction set of this machine, with poisoned columns around the ones in
// use.

import Tensors
import Testing

@Suite struct RotationKernelTests {
  static let sets = InstructionSet.allCases.filter { $0 <= InstructionSet.supported }

  @Test(arguments: sets, [0, 16, 32, 80])
  func multipliesColumns(_ set: InstructionSet, _ rows: Int) {
    check(set, rows, Float.self)
    check(set, rows, Double.self)
    func check<Scalar: KernelScalar>(_ set: InstructionSet, _ rows: Int, _: Scalar.Type) {
      let X: AlignedArray<Scalar> = guarded(3, rows, used: [1])
      let Y: AlignedArray<Scalar> = guarded(4, rows, used: [2])
      let found = columnDot(X, 1, Y, 2, stride: rows, instructionSet: set)
      let terms = (0..<rows).map { Double(X[rows + $0]) * Double(Y[2 * rows + $0]) }
      // 16 lanes of rows / 16 terms, then 4 additions.
      let bound = Double(rows / 16 + 4) * Double(Scalar.ulpOfOne)
      let size = terms.reduce(0) { $0 + abs($1) }
      #expect(abs(Double(found) - terms.reduce(0, +)) <= bound * size)
    }
  }

  @Test(arguments: sets, [16, 48])
  func rotatesColumns(_ set: InstructionSet, _ rows: Int) {
    let before: AlignedArray<Double> = guarded(5, rows, used: [1, 3])
    var X = before
    rotateColumns(&X, 1, 3, stride: rows, c: 0.8, s: 0.6, instructionSet: set)
    for i in 0..<rows {
      let (x, y) = (before[rows + i], before[3 * rows + i])
      #expect(abs(X[rows + i] - (0.8 * x - 0.6 * y)) <= 2 * Double.ulpOfOne)
      #expect(abs(X[3 * rows + i] - (0.6 * x + 0.8 * y)) <= 2 * Double.ulpOfOne)
      for j in [0, 2, 4] { #expect(X[j * rows + i].isNaN) }
    }
  }

  @Test(arguments: sets)
  func makesAPairOrthogonalTheLongerFirst(_ set: InstructionSet) {
    let rows = 32
    for scale in [1.0, 4.0] {
      var X: AlignedArray<Double> = guarded(4, rows, used: [1, 2])
      for i in 0..<rows { X[2 * rows + i] *= scale }
      let before = X
      var J = AlignedArray<Double>(repeating: 0, count: 4 * 16)
      (J[16], J[33]) = (1, 1)
      var norms = (0..<4).map { columnDot(X, $0, X, $0, stride: rows, instructionSet: set) }
      norms[0] = .nan
      let rotated = orthogonalize(
        &X, strideX: rows, &J, strideJ: 16, norms: &norms,
        pairs: [ColumnBlockPair(p: 1..<2, q: 2..<3)],
        rule: RotationRule(tolerance: 1e-15, floor: 0), instructionSet: set)
      #expect(rotated == 1)
      let product = columnDot(X, 1, X, 2, stride: rows, instructionSet: set)
      #expect(abs(product) <= 32 * Double.ulpOfOne * norms[1].squareRoot() * norms[2].squareRoot())
      #expect(norms[1] >= norms[2])
      for j in [1, 2] {
        let square = columnDot(X, j, X, j, stride: rows, instructionSet: set)
        #expect(abs(square - norms[j]) <= 8 * Double.ulpOfOne * square)
        // The new columns are the old ones times J.
        for i in 0..<rows {
          let expected = before[rows + i] * J[j * 16] + before[2 * rows + i] * J[j * 16 + 1]
          #expect(abs(X[j * rows + i] - expected) <= 8 * Double.ulpOfOne * scale)
        }
      }
      for i in 0..<rows { #expect(X[i].isNaN && X[3 * rows + i].isNaN) }
    }
  }

  @Test(arguments: sets)
  func leavesZeroAndOrthogonalColumnsAlone(_ set: InstructionSet) {
    var X = AlignedArray<Float>(repeating: 0, count: 4 * 16)
    (X[0], X[17], X[34]) = (1, 2, 3)
    let before = X
    var norms: [Float] = [1, 4, 9, 0]
    var none = AlignedArray<Float>([])
    let rotated = orthogonalize(
      &X, strideX: 16, &none, strideJ: 0, norms: &norms,
      pairs: [ColumnBlockPair(p: 0..<4, q: 0..<4)],
      rule: RotationRule(tolerance: 1e-6, floor: 0), instructionSet: set)
    #expect(rotated == 0 && X == before && norms == [1, 4, 9, 0])
  }

  @Test(arguments: sets, [1, 2, 3, 6])
  func reflectsColumns(_ set: InstructionSet, _ columns: Int) {
    let rows = 48
    for falling in [false, true] {
      var V = AlignedArray<Double>(repeating: 0, count: 20 * rows)
      var generator = SeededGenerator(seed: 5)
      for k in 0..<20 {
        for i in k..<rows { V[k * rows + i] = i == k ? 1 : generator.uniform(-0.1, 0.1) }
      }
      let tau = (0..<20).map { _ in generator.uniform(1, 2) }
      let before: AlignedArray<Double> = guarded(columns + 2, rows, used: Array(1...columns))
      var C = before
      applyReflectors(
        V, tau: tau, 3..<20, falling: falling, to: &C, columns: 1..<columns + 1, stride: rows,
        instructionSet: set)
      var expected = before
      for k in falling ? Array((3..<20).reversed()) : Array(3..<20) {
        for j in 1...columns {
          let w = (0..<rows).reduce(0) { $0 + V[k * rows + $1] * expected[j * rows + $1] } * tau[k]
          for i in 0..<rows { expected[j * rows + i] -= w * V[k * rows + i] }
        }
      }
      for index in C.indices {
        let isGuard = index < rows || index >= (columns + 1) * rows
        // 17 reflectors of norm about 1, each with rows eps.
        let isClose = abs(C[index] - expected[index]) <= 17 * 48 * Double.ulpOfOne
        #expect(isGuard ? C[index].isNaN : isClose)
      }
    }
  }

  @Test(.enabled(if: InstructionSet.supported >= .avx512))
  func givesTheSameBitsWithAVX2AndAVX512() {
    check(Float.self)
    check(Double.self)
    func check<Scalar: KernelScalar>(_: Scalar.Type) {
      let one: [[Scalar]] = run(.avx2)
      let two: [[Scalar]] = run(.avx512)
      #expect(one == two)
    }
    func run<Scalar: KernelScalar>(_ set: InstructionSet) -> [[Scalar]] {
      let (rows, n) = (112, 40)
      var X: AlignedArray<Scalar> = guarded(n, rows, used: Array(0..<n))
      var J = AlignedArray<Scalar>(repeating: 0, count: n * 48)
      for j in 0..<n { J[j * 48 + j] = 1 }
      var norms = (0..<n).map { columnDot(X, $0, X, $0, stride: rows, instructionSet: set) }
      let rule = RotationRule<Scalar>(tolerance: 8 * Scalar.ulpOfOne, floor: 0)
      for pair in [ColumnBlockPair(p: 0..<n, q: 0..<n), ColumnBlockPair(p: 0..<16, q: 16..<32)] {
        _ = orthogonalize(
          &X, strideX: rows, &J, strideJ: 48, norms: &norms, pairs: [pair], rule: rule,
          instructionSet: set)
      }
      rotateColumns(&X, 3, 7, stride: rows, c: 0.8, s: 0.6, instructionSet: set)
      let V: AlignedArray<Scalar> = guarded(5, rows, used: [0, 1, 2, 3, 4])
      let tau: [Scalar] = [1.5, 1.25, 1.75, 1.1, 1.9]
      applyReflectors(
        V, tau: tau, 0..<5, to: &X, columns: 0..<n, stride: rows, instructionSet: set)
      return [Array(X), Array(J), norms]
    }
  }
}

/// Columns of numbers in -1 ..< 1 where `used`, NaN elsewhere.
func guarded<Scalar: KernelScalar>(
  _ count: Int, _ rows: Int, used: [Int]
) -> AlignedArray<Scalar> {
  var generator = SeededGenerator(seed: UInt64(count))
  let numbers = (0..<count * rows).map { index -> Scalar in
    let value = Scalar(generator.uniform(-1, 1))
    return used.contains(index / max(rows, 1)) ? value : .nan
  }
  return AlignedArray(numbers)
}
