import Imaging
import Tensors
import Testing

@Suite struct ConnectedComponentsTests {
  private func labels(_ golden: GoldenArray) -> Tensor<Int32> {
    Tensor(shape: golden.shape, scalars: golden.values.map { Int32($0) })
  }

  @Test func numbersComponentsAsScikitImage() throws {
    let cases = try GoldenCase.all("components", in: "labels")
    #expect(cases.count == 32)
    for golden in cases {
      let background = Int32(golden.words[2]) ?? 0
      let found = connectedComponents(
        labels(golden.input), neighbours: golden.words[1] == "1" ? .sides : .corners,
        background: background < 0 ? nil : background)
      #expect(found.components == labels(golden.expected), "\(golden.words)")
    }
  }

  @Test(arguments: PixelNeighbours.allCases)
  func equalsItsPlainTwinForAnyNumberOfThreads(_ neighbours: PixelNeighbours) {
    var generator = SeededGenerator(seed: 21)
    let before = Parallelism.threads
    defer { Parallelism.threads = before }
    let sizes = [(1, 1, 2), (150, 67, 2), (201, 33, 3), (90, 200, 4), (64, 5, 1), (129, 64, 2)]
    for (h, w, n) in sizes {
      let map = Tensor<Int32>(
        shape: [h, w], scalars: (0..<h * w).map { _ in Int32(generator.integer(below: n)) })
      for background in [nil, 0, 1] as [Int32?] {
        let expected = connectedComponentsReference(
          map, neighbours: neighbours, background: background)
        for threads in [1, 3] {
          Parallelism.threads = threads
          let found = connectedComponents(map, neighbours: neighbours, background: background)
          #expect(found.components == expected.components && found.count == expected.count)
        }
      }
    }
  }
}

@Suite struct MorphologyTests {
  @Test func agreesWithScikitImage() throws {
    let cases = try GoldenCase.all("morphology", in: "labels")
    #expect(cases.count == 80)
    for golden in cases {
      let r = Int(golden.words[2]) ?? 0
      let isSquare = golden.words[1] == "square"
      let shape = Morphology(isSquare ? .square(radius: r) : .disk(radius: r))
      let image = Tensor(shape: golden.input.shape, scalars: golden.input.values.map { Float($0) })
      let result = golden.words[3] == "erosion" ? shape.eroded(image) : shape.dilated(image)
      #expect(result.scalars.map { Double($0) } == golden.expected.values, "\(golden.words)")
    }
  }

  @Test func openingAndClosingAreIdempotentAndOrdered() {
    var generator = SeededGenerator(seed: 8)
    let image = Tensor<Float>(
      shape: [40, 33], scalars: (0..<40 * 33).map { _ in Float(generator.uniform()) })
    for shape in [Morphology(.disk(radius: 2)), Morphology(.square(radius: 1))] {
      let (opened, closed) = (shape.opened(image), shape.closed(image))
      #expect(shape.opened(opened) == opened && shape.closed(closed) == closed)
      #expect(zip(opened.scalars, image.scalars).allSatisfy { $0 <= $1 })
      #expect(zip(closed.scalars, image.scalars).allSatisfy { $0 >= $1 })
    }
  }
}
