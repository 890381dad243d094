import Tensors
import Testing

@Suite struct TensorTests {
  @Test func indexesInRowMajorOrder() {
    let matrix = Tensor<Int>(shape: [2, 3], scalars: Array(0..<6))
    #expect(matrix[1, 2] == 5 && matrix[0, 1] == 1)
    var image = Tensor<Int>(shape: [2, 3, 4], scalars: Array(0..<24))
    #expect(image[1, 2, 3] == 23 && image[0, 1, 2] == 6)
    image[1, 0, 1] = -1
    #expect(image.scalars[13] == -1)
  }

  @Test func reshapingKeepsTheValues() {
    let x = Tensor<Int>(shape: [2, 6], scalars: Array(0..<12))
    let y = x.reshaped(to: [3, 4])
    #expect(y.scalars == x.scalars && y.shape == [3, 4] && y.rank == 2 && y.count == 12)
  }

  @Test func transposingTwiceGivesTheMatrix() {
    let x = Tensor<Double>(shape: [3, 5], scalars: (0..<15).map { Double($0) })
    for i in 0..<3 {
      for j in 0..<5 { #expect(x.transposed()[j, i] == x[i, j]) }
    }
    #expect(x.transposed().transposed() == x)
    #expect(Tensor<Float>.zeros([0, 3]).transposed().shape == [3, 0])
  }

  @Test func copiesAreIndependent() {
    let x = Tensor<Float>(repeating: 2, shape: [2, 2])
    var y = x
    y[0, 0] = 7
    #expect(x[0, 0] == 2 && y[0, 0] == 7 && x != y)
  }

  @Test func findsTheFirstValueThatIsNotFinite() {
    var x = Tensor<Double>.zeros([4, 4])
    #expect(x.firstNonFinite == nil)
    x.scalars[9] = .infinity
    x.scalars[11] = .nan
    #expect(x.firstNonFinite == 9)
  }

  @Test func aShapeWithoutAxesHoldsOneValue() {
    let x = Tensor<Float>(shape: [], scalars: [3])
    #expect(x.count == 1 && x.rank == 0)
    #expect(Tensor<Float>.zeros([2, 0]).count == 0)
  }

  @Test func refusesShapesThatDoNotHoldTheValues() async {
    await #expect(processExitsWith: .failure) {
      _ = Tensor<Float>(shape: [2, 3], scalars: [1, 2])
    }
    await #expect(processExitsWith: .failure) {
      _ = Tensor<Float>.zeros([2, 3])[2, 0]
    }
  }
}
