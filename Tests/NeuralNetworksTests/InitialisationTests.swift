import NeuralNetworks
import Tensors
import Testing

@Suite struct InitialisationTests {
  /// 20,000 numbers: the standard error of a mean is 0.7 % of the deviation, of a variance 1 %.
  @Test func distributionsHaveTheirMoments() {
    var generator = SeededGenerator(seed: 2)
    func moments(_ kind: Initialisation) -> (mean: Double, variance: Double, largest: Double) {
      let x: Tensor<Double> = kind([20_000], fanIn: 27, fanOut: 100, using: &generator)
      let mean = x.scalars.reduce(0, +) / 20_000
      let variance = x.scalars.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000
      return (mean, variance, x.scalars.reduce(0) { max($0, abs($1)) })
    }
    let torch = moments(.pytorch)
    #expect(torch.largest <= 1 / 27.0.squareRoot() && abs(torch.variance * 27 * 3 - 1) < 0.04)
    let he = moments(.heNormal)
    #expect(abs(he.variance * 27 / 2 - 1) < 0.05 && abs(he.mean) < 0.01)
    let glorot = moments(.glorotUniform)
    #expect(glorot.largest <= (6.0 / 127).squareRoot() && abs(glorot.variance * 127 / 2 - 1) < 0.04)
    #expect(moments(.zeros).largest == 0)
  }
}
