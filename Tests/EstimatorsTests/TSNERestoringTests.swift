import Estimators
import Tensors
import Testing

@Suite struct TSNERestoringTests {
  @Test func aRestoredMapPutsSamplesWhereTheMapDoes() throws {
    var generator = SeededGenerator(seed: 5)
    let data = Tensor(
      shape: [60, 4],
      scalars: (0..<240).map { Float(generator.normal()) + Float($0 / 120) * 9 })
    let map = try TSNE(data, options: TSNEOptions(perplexity: 8, iterations: 150), seed: 1)
    let again = try TSNE(embedding: map.embedding, of: map.samples, divergence: map.divergence)
    #expect(map.samples.scalars == data.scalars.map { Double($0) })
    #expect(again.divergence == map.divergence)
    // Samples of the map lie at their own places, others where `transform` puts them.
    #expect(try again.places(of: data) == map.embedding)
    let moved = Tensor(shape: [60, 4], scalars: data.scalars.map { $0 + 0.25 })
    #expect(try again.places(of: moved) == map.transform(moved))
    #expect(try again.places(of: moved) != map.embedding)
  }
}
