// What the clustering of superpixels works on: sizes and colours.
//
// Deviations: none. Checked by: SLICTests. Cost: none.

/// A picture's size, its grid of centres and the reach of their windows.
package struct SuperpixelGrid: Sendable {
  /// The picture's rows and columns.
  package var height: Int, width: Int
  /// The first row and column with a centre, the distance to the next, and their numbers.
  package var startY: Int, startX: Int, stepY: Int, stepX: Int, rows: Int, columns: Int
  /// How far a centre's window reaches.
  package var reachY: Int, reachX: Int

  /// All sizes.
  ///
  /// - Precondition: every size is at least 1, starts at least 0; there are fewer than 2^31 pixels.
  package init(
    height: Int, width: Int, startY: Int, startX: Int, stepY: Int, stepX: Int, rows: Int,
    columns: Int, reachY: Int, reachX: Int
  ) {
    precondition(
      height >= 1 && width >= 1 && height < 1 << 31 && width < (1 << 31) / height && startY >= 0
        && startX >= 0 && stepY >= 1 && stepX >= 1 && rows >= 1 && columns >= 1 && reachY >= 1
        && reachX >= 1 && startY + (rows - 1) * stepY < height
        && startX + (columns - 1) * stepX < width,
      "no \(rows) x \(columns) centres in a picture of (\(height), \(width))")
    self.height = height
    self.width = width
    self.startY = startY
    self.startX = startX
    self.stepY = stepY
    self.stepX = stepX
    self.rows = rows
    self.columns = columns
    self.reachY = reachY
    self.reachX = reachX
  }
}

/// Where colours come from.
package enum SuperpixelColours: Sendable {
  /// Bytes, `stride` a pixel, of which those at `order` count: a table gives each its number, a
  /// grey value of at most 1, or linear RGB 0...1, which becomes L*a*b* over 128.
  case bytes([UInt8], stride: Int, order: [Int], table: [Float])
  /// The same for whole numbers of 16 bits.
  case words([UInt16], stride: Int, order: [Int], table: [Float])
  /// Numbers that `scale` makes at most 1, `channels` a pixel.
  case numbers([Double], channels: Int, scale: Double)

  /// 1 or 3.
  var channels: Int {
    switch self {
    case .bytes(_, _, let order, _), .words(_, _, let order, _): order.count
    case .numbers(_, let channels, _): channels
    }
  }
}
