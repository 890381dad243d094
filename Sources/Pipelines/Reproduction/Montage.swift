// Every image at its place on a map: one large picture.
//
// Implements: the montage of the repositories of both papers (KH-A7: 8,192 pixels, 256 for an image,
//   a border of 4 pixels in the colour of the class; CH33: `pano_plot`).
// Deviations: images are drawn in the order of their numbers, later ones over earlier ones, as there.
// Checked by: ReproductionTests. Cost: three bytes a pixel, one decoding an image.

import Estimators
import Files
import Imaging
import Reporting
import Tensors

extension PaperStudy {
  /// Adds the montage as a file, and a small copy of it as a figure.
  func addMontage(_ name: String, _ places: Tensor<Double>, to content: inout PartContent) throws {
    let (side, image) = preset.montage
    let picture = try montage(places, side: side, imageSide: image)
    content.files.append(PaperFile(name: "\(name).png", bytes: try encodePNG(picture)))
    let small = try montage(places, side: 900, imageSide: max(12, 900 * image / side))
    content.add(
      Figure(
        name: name, title: "Images at their places on the map",
        caption: "\(sample); borders in the colours of the classes. The file has \(side) x \(side) "
          + "pixels, \(image) for an image.",
        chart: PictureChart(
          label: images.shortNames.joined(separator: ", "),
          png: try encodePNG(small), side: 900),
        attachments: ["\(name).png"]))
  }

  /// The images of a set at their places.
  ///
  /// - Parameters:
  ///   - places: shape (n, 2).
  ///   - side: of the picture in pixels.
  ///   - imageSide: of an image in it.
  /// - Returns: a colour picture on white.
  /// - Throws: `FormatError` when a file cannot be read again.
  func montage(_ places: Tensor<Double>, side: Int, imageSide: Int) throws -> Image {
    var samples = [UInt8](repeating: 255, count: side * side * 3)
    let range = (0..<2).map { axis in
      let values = (0..<places.shape[0]).map { places[$0, axis] }
      return (least: values.min() ?? 0, greatest: values.max() ?? 1)
    }
    let border = max(1, imageSide / 64)
    for i in images.names.indices {
      let small = try resize(images.grey(i), height: imageSide, width: imageSide)
      let colour = Palette.colour(images.truth[i])
      let free = Double(side - imageSide)
      func place(_ axis: Int) -> Double {
        let (least, greatest) = range[axis]
        return greatest > least ? (places[i, axis] - least) / (greatest - least) : 0.5
      }
      // The second axis points up.
      let (x, y) = (Int(place(0) * free), Int((1 - place(1)) * free))
      for r in 0..<imageSide {
        for c in 0..<imageSide {
          let base = ((y + r) * side + x + c) * 3
          let isBorder = min(r, c, imageSide - 1 - r, imageSide - 1 - c) < border
          let level = UInt8(max(0, min(255, (small[r, c] * 255).rounded())))
          samples[base] = isBorder ? colour.red : level
          samples[base + 1] = isBorder ? colour.green : level
          samples[base + 2] = isBorder ? colour.blue : level
        }
      }
    }
    return Image(height: side, width: side, channels: 3, samples: .uint8(samples))
  }
}
