// Pictures as figures: a grid with headings, and one picture with its histogram laid over it.

/// One picture of a grid.
public struct GridPicture: Sendable {
  /// The name in the table.
  public var label: String
  /// A PNG file.
  public var png: [UInt8]
  /// The number of the image in the report; -1 for none.
  public var image: Int

  /// A picture under a name.
  public init(label: String, png: [UInt8], image: Int = -1) {
    self.label = label
    self.png = png
    self.image = image
  }
}

/// Pictures in columns with headings.
public struct PictureGrid: Chart {
  /// The heading of each column.
  public var headings: [String]
  /// The pictures of each column from the top.
  public var columns: [[GridPicture]]
  /// The side of a picture in pixels.
  public var side: Double

  /// Columns of pictures.
  ///
  /// - Precondition: as many headings as columns.
  public init(headings: [String], columns: [[GridPicture]], side: Double = 100) {
    precondition(
      headings.count == columns.count, "\(headings.count) headings, \(columns.count) columns")
    self.headings = headings
    self.columns = columns
    self.side = side
  }

  /// The pictures as an SVG document.
  public func svg(title: String) -> String {
    let rows = columns.map(\.count).max() ?? 0
    let step = side + 6
    var canvas = Canvas(
      width: max(320, 24 + step * Double(columns.count)), height: 64 + step * Double(rows))
    canvas.text(16, 26, title, size: 15, weight: "600")
    for (c, column) in columns.enumerated() {
      let x = 16 + Double(c) * step
      let heading = headings[c].count > 16 ? headings[c].prefix(15) + "\u{2026}" : headings[c][...]
      canvas.text(x + side / 2, 48, String(heading), size: 12, anchor: .middle)
      for (r, picture) in column.enumerated() {
        canvas.picture(
          picture.png, x, 56 + Double(r) * step, side, side,
          attributes: picture.image >= 0 ? "data-image=\"\(picture.image)\"" : "")
      }
    }
    return canvas.svg(title: title)
  }

  /// Columns: heading, row, file.
  public var csv: String {
    var text = "column,row,file\n"
    for (heading, column) in zip(headings, columns) {
      for (row, picture) in column.enumerated() {
        text += "\(csvText(heading)),\(row + 1),\(csvText(picture.label))\n"
      }
    }
    return text
  }
}

/// A picture, with the histogram of its grey levels over it if wanted.
public struct PictureChart: Chart {
  /// The name in the table.
  public var label: String
  /// A PNG file.
  public var png: [UInt8]
  /// The share of the pixels in equal bins of the grey level, 0 to 1; empty for none.
  public var histogram: [Double]
  /// The mark in the corner by which a map refers to the picture.
  public var mark: Mark?
  /// The side in pixels.
  public var side: Double

  /// A picture.
  public init(
    label: String, png: [UInt8], histogram: [Double] = [], mark: Mark? = nil, side: Double = 300
  ) {
    self.label = label
    self.png = png
    self.histogram = histogram
    self.mark = mark
    self.side = side
  }

  /// The picture as an SVG document.
  public func svg(title: String) -> String {
    var canvas = Canvas(width: side + 40, height: side + 70)
    canvas.text(20, 26, title, size: 15, weight: "600")
    canvas.picture(png, 20, 40, side, side)
    if !histogram.isEmpty {
      let greatest = max(histogram.max() ?? 1, 1e-12)
      let width = side / Double(histogram.count)
      let points = histogram.enumerated().map { bin, share in
        (20 + (Double(bin) + 0.5) * width, 40 + side - share / greatest * side * 0.9)
      }
      canvas.polyline(points, stroke: "#000", width: 4)
      canvas.polyline(points, stroke: "#F0E442", width: 2)
    }
    if let mark {
      canvas.rectangle(26, 46, 28, 28, fill: "#fff", stroke: "#000")
      canvas.mark(mark, 40, 60, size: 8, colour: "#000")
    }
    canvas.text(20, side + 60, label, size: 12)
    return canvas.svg(title: title)
  }

  /// Columns: grey level, share of the pixels.
  public var csv: String {
    var text = "file,\(csvText(label))\ngrey level,share of the pixels\n"
    for (bin, share) in histogram.enumerated() {
      text += "\((Double(bin) + 0.5) / Double(histogram.count)),\(share)\n"
    }
    return text
  }
}
