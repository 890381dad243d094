// Triangular solves on every instruction set of this machine, with poisoned columns around the ones
// in use.

import Tensors
import Testing

@Suite struct TriangleKernelTests {
  static let sets = InstructionSet.allCases.filter { $0 <= InstructionSet.supported }

  @Test(arguments: sets, [1, 2, 7, 8, 9, 16, 17, 33])
  func solvesLowerTriangles(_ set: InstructionSet, _ n: Int) {
    for count in [1, 2, 5] {
      check(set, n, count, Float.self)
      check(set, n, count, Double.self)
    }
    func check<Scalar: KernelScalar>(
      _ set: InstructionSet, _ n: Int, _ count: Int, _: Scalar.Type
    ) {
      let stride = (n + 15) / 16 * 16 + 16
      let L: AlignedArray<Scalar> = triangle(n, stride)
      var before: AlignedArray<Scalar> = guarded(count + 1, stride, used: Array(0..<count))
      for j in 0..<count {
        // The first unknowns of every second column are zero: a block of them is passed over.
        for i in 0..<stride where i >= n || (j % 2 == 1 && i < n / 2) { before[j * stride + i] = 0 }
      }
      var C = before
      solveLowerTriangle(L, n: n, &C, count: count, stride: stride, instructionSet: set)
      for j in 0..<count {
        for i in 0..<n {
          let products = (0...i).map { Double(L[$0 * stride + i]) * Double(C[j * stride + $0]) }
          let residual = abs(products.reduce(-Double(before[j * stride + i]), +))
          // |L y - c| <= n eps |L| |y|, row by row (N. Higham, Accuracy and Stability, theorem 8.5),
          // and for Double as much again for the sum above.
          let size = products.reduce(0) { $0 + abs($1) }
          #expect(residual <= Double(2 * n) * Double(Scalar.ulpOfOne) * size)
        }
        #expect((n..<stride).allSatisfy { C[j * stride + $0] == 0 })
      }
      #expect((count * stride..<C.count).allSatisfy { C[$0].isNaN })
    }
  }

  @Test func solvesEachColumnAsIfAlone() {
    let (n, count, stride) = (150, 61, 160)
    let L: AlignedArray<Double> = triangle(n, stride)
    var all: AlignedArray<Double> = guarded(count, stride, used: Array(0..<count))
    for j in 0..<count { for i in n..<stride { all[j * stride + i] = 0 } }
    let before = all
    solveLowerTriangle(L, n: n, &all, count: count, stride: stride)
    for j in 0..<count {
      var one = AlignedArray(Array(before[j * stride..<(j + 1) * stride]))
      solveLowerTriangle(L, n: n, &one, count: 1, stride: stride)
      #expect(Array(one) == Array(all[j * stride..<(j + 1) * stride]))
    }
  }

  @Test(.enabled(if: InstructionSet.supported >= .avx512))
  func givesTheSameBitsWithAVX2AndAVX512() {
    let L: AlignedArray<Float> = triangle(41, 48)
    let before: AlignedArray<Float> = guarded(3, 48, used: [0, 1, 2])
    let results = [InstructionSet.avx2, .avx512].map { set in
      var C = before
      solveLowerTriangle(L, n: 41, &C, count: 3, stride: 48, instructionSet: set)
      return C
    }
    #expect(results[0] == results[1])
  }

  @Test func acceptsNoColumnsAndNoRows() {
    var C = AlignedArray<Float>([])
    solveLowerTriangle(AlignedArray([]), n: 0, &C, count: 0, stride: 0)
    #expect(C.isEmpty)
    var D = AlignedArray<Float>(repeating: 2, count: 16)
    solveLowerTriangle(AlignedArray([]), n: 0, &D, count: 1, stride: 16)
    #expect(D.allSatisfy { $0 == 2 })
  }
}

/// A lower triangle with a diagonal near 1, zeros above it and in the padding.
private func triangle<Scalar: KernelScalar>(_ n: Int, _ stride: Int) -> AlignedArray<Scalar> {
  var generator = SeededGenerator(seed: 21)
  var L = AlignedArray<Scalar>(repeating: 0, count: n * stride)
  for j in 0..<n {
    for i in j..<n {
      L[j * stride + i] = Scalar(i == j ? generator.uniform(1, 2) : generator.uniform(-0.3, 0.3))
    }
  }
  return L
}
