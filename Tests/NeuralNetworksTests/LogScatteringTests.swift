import NeuralNetworks
import Tensors
import Testing

@Suite struct LogScatteringTests {
  private let rows = Tensor<Float>(
    shape: [4, 3], scalars: [1, 0, 8, 4, 0, 2, 2, 5, 6, 3, 0, 4])

  @Test func takesMediansAndDropsCoefficientsWithoutOne() throws {
    let fitted = try LogScattering(fitting: rows, offset: 0.1)
    #expect(fitted.keptIndices == [0, 2])
    #expect(fitted.droppedIndices == [1])
    #expect(fitted.medians == [2.5, 5])
    #expect(fitted.inputCount == 3)
  }

  @Test func takesTheLogarithmWithTheOffset() throws {
    let fitted = try LogScattering(fitting: rows, offset: 0.5)
    let logs = try fitted(rows)
    #expect(logs.shape == [4, 2])
    // log(1 + 1.25), log(8 + 2.5), log(3 + 1.25), log(4 + 2.5): to the rounding to Float.
    let expected: [(Int, Float)] = [
      (0, 0.810_930_2), (1, 2.351_375), (6, 1.446_919), (7, 1.871_802_2),
    ]
    for (index, value) in expected { #expect(abs(logs.scalars[index] - value) <= 4e-7) }
  }

  @Test func isMadeAgainFromItsParameters() throws {
    let fitted = try LogScattering(fitting: rows, offset: 0.1)
    let again = LogScattering(
      offset: fitted.offset, inputCount: fitted.inputCount, keptIndices: fitted.keptIndices,
      medians: fitted.medians)
    #expect(again == fitted)
    #expect(try again(rows) == fitted(rows))
  }

  @Test func refusesWhatHasNoLogarithm() throws {
    var values = rows.scalars
    values[5] = .nan
    let bad = Tensor(shape: [4, 3], scalars: values)
    #expect(throws: LogScatteringError.notFinite(row: 1, column: 2)) {
      try LogScattering(fitting: bad)
    }
    let fitted = try LogScattering(fitting: rows)
    #expect(throws: LogScatteringError.notFinite(row: 1, column: 2)) { try fitted(bad) }
    #expect(throws: LogScatteringError.noRows) {
      try LogScattering(fitting: Tensor(shape: [0, 3], scalars: []))
    }
    #expect(throws: LogScatteringError.notPositive(row: 0, column: 2)) {
      try fitted(Tensor(shape: [1, 3], scalars: [1, 0, -7]))
    }
  }

  @Test func keepsNothingOfConstantImages() throws {
    let fitted = try LogScattering(fitting: Tensor(repeating: 0, shape: [2, 3]))
    #expect(fitted.keptIndices.isEmpty && fitted.droppedIndices == [0, 1, 2])
    #expect(try fitted(Tensor(repeating: 0, shape: [5, 3])).shape == [5, 0])
  }
}
