import Imaging
import Tensors
import Testing

@Suite struct GreyLevelsTests {
  private func image(_ samples: Image.Samples, channels: Int = 1) -> Image {
    Image(height: 1, width: samples.count / channels, channels: channels, samples: samples)
  }

  @Test func dividesWholeNumbersByTheGreatestOfTheirType() throws {
    #expect(try image(.uint8([0, 51, 255])).grey().scalars == [0, 0.2, 1])
    #expect(try image(.uint16([0, 13107, 65535])).grey().scalars == [0, 0.2, 1])
    #expect(try image(.int16([0, 32767])).grey().scalars == [0, 1])
    #expect(try image(.int8([127, 0])).grey().scalars == [1, 0])
    #expect(try image(.uint32([0, .max])).grey().scalars == [0, 1])
    #expect(try image(.int32([0, .max])).grey().scalars == [0, 1])
    #expect(try image(.float32([0.25, 0.5])).grey().scalars == [0.25, 0.5])
  }

  @Test func stretchesOtherRangesAndSaysSo() throws {
    let float = image(.float32([-1, 3, 1]))
    #expect(try float.grey().scalars == [0, 1, 0.5])
    #expect(float.intensityRemark == "values -1.0 ... 3.0 were stretched to 0 ... 1")
    #expect(try image(.int16([-100, 100, 0])).grey().scalars == [0, 1, 0.5])
    #expect(try image(.float64([7, 7])).grey().scalars == [0, 0])
    #expect(image(.float32([0, 1])).intensityRemark == nil)
    #expect(image(.uint16([9])).intensityRemark == nil)
  }

  @Test func weightsColoursAndIgnoresAlpha() throws {
    let weights = try image(.uint8([255, 0, 0, 9, 0, 255, 0, 9, 0, 0, 255, 9]), channels: 4)
      .grey().scalars
    #expect(weights == [0.2125, 0.7154, 0.0721])
    #expect(try image(.uint8([51, 7, 255, 0]), channels: 2).grey().scalars == [0.2, 1])
    #expect(try image(.uint8([51, 7]), channels: 2).rgb().scalars == [0.2, 0.2, 0.2])
    #expect(try image(.uint8([51, 255, 0, 3]), channels: 4).rgb().scalars == [0.2, 1, 0])
    // An alpha channel that is out of range does not change the colours.
    #expect(try image(.float32([0.5, 0.5, 0.5, 9]), channels: 4).rgb().scalars == [0.5, 0.5, 0.5])
  }

  @Test func restoresEveryWholeLevel() throws {
    let bytes = image(.uint8((0...255).map { UInt8($0) }))
    #expect(try Image(grey: bytes.grey()) == bytes)
    let words = image(.uint16((0...65535).map { UInt16($0) }))
    #expect(try Image(grey: words.grey(), bits: 16) == words)
    let colour = image(.uint8((0..<255).map { UInt8($0) }), channels: 3)
    #expect(try Image(rgb: colour.rgb()) == colour)
  }

  @Test func roundsToNearestAndLimits() throws {
    let grey = Tensor<Float>(shape: [1, 4], scalars: [-2, 7, 0.5, 0.001])
    #expect(try Image(grey: grey).samples == .uint8([0, 255, 128, 0]))
  }

  @Test func refusesNaN() {
    #expect(throws: ImagingError.notFinite(index: 1)) { try image(.float32([0, .nan])).grey() }
    #expect(throws: ImagingError.notFinite(index: 0)) { try image(.float64([.infinity])).rgb() }
    #expect(throws: ImagingError.notFinite(index: 0)) {
      try Image(grey: Tensor<Float>(shape: [1, 1], scalars: [.nan]))
    }
  }
}
