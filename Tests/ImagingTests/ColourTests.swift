import Imaging
import Tensors
import Testing

@Suite struct ColourTests {
  @Test func agreesWithScikitImage() throws {
    for golden in try GoldenCase.all("colour") {
      let input = golden.input.unit
      let result: Tensor<Float>
      // Tolerances: a few ulp of single precision of the result's range; the way back from L*a*b*
      // magnifies the rounding of its input (range 200) by at most 1/116 * 3 * 1.055.
      var tolerance = 2e-6
      switch golden.words[1] {
      case "xyz": result = Colour.xyz(fromSRGB: input)
      case "rgbOfXyz": result = Colour.sRGB(fromXYZ: input)
      case "lab":
        result = Colour.lab(fromSRGB: input)
        tolerance = 2e-5
      case "rgbOfLab": result = Colour.sRGB(fromLab: input)
      case "hsv": result = Colour.hsv(fromSRGB: input)
      case "rgbOfHsv": result = Colour.sRGB(fromHSV: input)
      default:
        let image = Image(
          height: input.shape[0], width: input.shape[1], channels: 3,
          samples: .float32(input.scalars))
        result = try image.grey()
      }
      let difference = worstDifference(
        result.scalars.map(Double.init), golden.expected.values)
      #expect(difference <= tolerance, "\(golden.words)")
    }
  }

  @Test func undoesEachConversion() {
    var generator = SeededGenerator(seed: 21)
    let rgb = Tensor<Float>(
      shape: [6, 7, 3], scalars: (0..<126).map { _ in Float(generator.uniform()) })
    let pairs: [(String, Tensor<Float>)] = [
      ("linear", Colour.sRGB(fromLinear: Colour.linear(fromSRGB: rgb))),
      ("XYZ", Colour.sRGB(fromXYZ: Colour.xyz(fromSRGB: rgb))),
      ("Lab", Colour.sRGB(fromLab: Colour.lab(fromSRGB: rgb))),
      ("HSV", Colour.sRGB(fromHSV: Colour.hsv(fromSRGB: rgb))),
      ("XYZ of Lab", Colour.sRGB(fromXYZ: Colour.xyz(fromLab: Colour.lab(fromSRGB: rgb)))),
    ]
    for (name, back) in pairs {
      let worst = worstDifference(back.scalars.map(Double.init), rgb.scalars.map(Double.init))
      #expect(worst <= 2e-6, "\(name)")
    }
  }
}
