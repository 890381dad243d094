import Files
import Imaging
import Testing

@Suite struct PixelSizeTests {
  private func size(_ builder: TIFFBuilder) throws -> PixelSize { try builder.decoded().pixelSize }

  private func resolution(_ x: [UInt64], _ unit: UInt64) -> TIFFBuilder {
    TIFFBuilder.small.with(282, 5, x).with(283, 5, x).with(296, 3, [unit])
  }

  @Test(arguments: [72, 96, 150, 300] as [UInt64])
  func defaultsOfScreensAndPrintersAreNoScale(dpi: UInt64) throws {
    let found = try size(resolution([dpi, 1], 2))
    #expect(found.width == nil && found.source == nil)
    #expect(found.remarks.count == 1 && found.remarks[0].hasPrefix("not calibrated"))
  }

  @Test func resolutionCountsPixelsAnInchOrCentimetre() throws {
    #expect(try size(resolution([254, 1], 2)).width == Length(micrometres: 100))
    #expect(try size(resolution([2, 1], 3)).width == Length(micrometres: 5000))
    #expect(try size(resolution([2, 1], 1)) == .unknown)
    #expect(try size(resolution([2, 1], 99)).remarks.count == 1)
  }

  /// Nothing, zero, infinity and nonsense never become a size.
  @Test(arguments: [[0, 0], [5, 0], [0, 5], [1, 4_294_967_295]] as [[UInt64]])
  func impossibleResolutionsAreRemarkedOn(fraction: [UInt64]) throws {
    let found = try size(resolution(fraction, 3))
    #expect(found.width == nil && found.remarks.count == 1)
  }

  @Test(
    arguments: [
      ("0\r\n0\r\n0\r\n1e-9\r\n", 1e-3 * 256),
      ("AP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = 18.61 nm\r\n", 0.01861),
      ("AP_IMAGE_PIXEL_SIZE\nImage Pixel Size = 2 pm\n", 2e-6),
      ("AP_WIDTH\r\nWidth = 8.0 \u{B5}m\r\n", 2), ("AP_WIDTH\r\nWidth = 8.0 mm\r\n", 2000),
      ("AP_PIXEL_SIZE\r\nPixel Size = 5.825 nm\r\n", nil),
      ("AP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = -18.6 nm\r\n", nil),
      ("AP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = 18.6 parsec\r\n", nil),
      ("AP_IMAGE_PIXEL_SIZE", nil), ("AP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = nan nm", nil),
    ] as [(String, Double?)])
  func zeissTextsGiveTheSizeOfThisPicture(text: String, expected: Double?) throws {
    let found = try size(TIFFBuilder.small.with(text: text, tag: 34118)).width?.micrometres
    if let expected {
      let value = try #require(found)
      #expect(abs(value - expected) <= 1e-12 * expected)
    } else {
      #expect(found == nil)
    }
  }

  @Test(
    arguments: [
      ("<?xml version=\"1.0\"?><OME><Image><Pixels PhysicalSizeX=\"2\"/></Image></OME>", 2.0),
      (
        "<ome:OME><ome:Pixels PhysicalSizeX='2' PhysicalSizeXUnit='nm'></ome:Pixels></ome:OME>",
        0.002
      ),
      ("<OME><Pixels PhysicalSizeX=\"2\" PhysicalSizeXUnit=\"&#181;m\"/></OME>", 2),
      ("<OME><Pixels PhysicalSizeX=\"2\" PhysicalSizeXUnit=\"reference frame\"/></OME>", nil),
      ("<OME><Pixels PhysicalSizeX=\"x\"/></OME>", nil), ("<OME><Pixels PhysicalSizeX=\"", nil),
      ("<OME><Pixels", nil), ("<OME", nil), ("<Pixels PhysicalSizeX=\"2\"/>", nil),
    ] as [(String, Double?)])
  func omeAttributesAreReadByHand(text: String, expected: Double?) throws {
    let found = try size(TIFFBuilder.small.with(text: text, tag: 270))
    #expect(found.width?.micrometres == expected)
  }

  @Test(
    arguments: [
      ("ImageJ=1.53t\nunit=um\n", 0.25), ("ImageJ=1.53t\nunit=micron\n", 0.25),
      ("ImageJ=1.53t\nunit=\\u00B5m\n", 0.25), ("ImageJ=1.53t\nunit=inch\n", 6350),
      ("ImageJ=1.53t\nunit=pixel\n", nil), ("ImageJ=1.53t\nunit=lightyear\n", nil),
    ] as [(String, Double?)])
  func imageJCountsPixelsPerItsOwnUnit(text: String, expected: Double?) throws {
    let found = try size(resolution([4, 1], 1).with(text: text, tag: 270))
    #expect(found.width?.micrometres == expected)
    // The unit of tag 296 does not matter.
    let other = try size(resolution([4, 1], 3).with(text: text, tag: 270))
    #expect(other.width?.micrometres == expected)
  }

  @Test func theMoreTrustedSourceWinsAndTheConflictIsNamed() throws {
    let zeiss = resolution([20_000, 1], 3)
      .with(text: "AP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = 0.25 \u{B5}m\r\n", tag: 34118)
    let found = try size(zeiss)
    #expect(found.width == Length(micrometres: 0.25))
    #expect(
      found.remarks == [
        "Zeiss AP_IMAGE_PIXEL_SIZE states 0.25 um, but TIFF resolution 0.5 um; the former is used"
      ])
    let agreeing = try size(zeiss.with(282, 5, [40_100, 1]).with(283, 5, [39_900, 1]))
    #expect(agreeing.remarks.isEmpty)
  }

  @Test func remarksOnADataBar() throws {
    let text = "[Scan]\r\nPixelWidth=1e-9\r\nPixelHeight=1e-9\r\n[Image]\r\nResolutionY=2\r\n"
    let image = try TIFFBuilder.small.with(text: text, tag: 34682).decoded()
    #expect(image.dataBarRows == 1)
    #expect(image.remarks == ["data bar: the last 1 rows are not part of the scan"])
    for rows in ["3", "0", "-1", "nan", "1e300", "x"] {
      let other = text.replacing("ResolutionY=2", with: "ResolutionY=" + rows)
      #expect(try TIFFBuilder.small.with(text: other, tag: 34682).decoded().dataBarRows == 0)
    }
  }
}
