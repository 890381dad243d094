// Winograd's transforms of tiles of images, vectorised over channels.
//
// Implements: A. Lavin, S. Gray, "Fast algorithms for convolutional neural networks", CVPR 2016,
//   section 4.
// Equation -> code: V = B^T d B -> `winogradInput`; Y = A^T M A -> `winogradOutput`; A dY A^T, the
//   transpose of the latter -> `winogradGradient`. The products in between are those of
//   `convolveBand`, one for each of the (m + 2)^2 parts.
// Symbols: see WinogradLines.swift. Part i (m + 2) + j of a tile is element (i, j) of V and of M.
// Deviations: tiles that reach beyond the image are copied, with zeros, before they are transformed.
// Checked by: WinogradTests (twin winogradReference, guard zones). Cost: two passes over a tile.

/// Transforms the inputs of tiles.
///
/// `numbers` are those of `TileWalk`, `m` is 2 or 4, `input` points at the first pixel of the first image, `output` at the
/// first tile's values. `scratch` holds (m + 2)^2 (max(channels, lanes) + lanes) values.
@inline(never)
public func winogradInput(
  _ numbers: UnsafePointer<Int>, _ m: Int, _ input: UnsafePointer<Float>,
  _ output: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
) {
  let walk = TileWalk(n: numbers, m: m, reach: m &+ 2)
  let whole = numbers[9] < lanesFloat ? lanesFloat : numbers[9]
  let copy = scratch + walk.reach &* walk.reach &* lanesFloat
  var t = numbers[0]
  var target = output
  while t < numbers[1] {
    let place = walk.place(t)
    var (source, row, pixel) = (input + place.offset, numbers[5], numbers[6])
    if !place.isWhole(walk.reach) || numbers[9] < lanesFloat {
      copyTile(walk, place, source, copy, whole)
      (source, row, pixel) = (UnsafePointer(copy), walk.reach &* whole, whole)
    }
    if m == 2 {
      transformTile(walk, 4, 4, source, row, pixel, target, scratch) { d, step, v, part in
        store(inputLine2(line4(d, step)), v, part)
      }
    } else {
      transformTile(walk, 6, 6, source, row, pixel, target, scratch) { d, step, v, part in
        store(inputLine4(line6(d, step)), v, part)
      }
    }
    target += numbers[10]
    t &+= 1
  }
}

/// Copies the part of a tile that exists, and zeros around it.
@inline(__always)
private func copyTile(
  _ walk: TileWalk, _ place: TilePlace, _ source: UnsafePointer<Float>,
  _ copy: UnsafeMutablePointer<Float>, _ whole: Int
) {
  var (y, to) = (0, copy)
  while y < walk.reach {
    var x = 0
    while x < walk.reach {
      let from = source + (y &* walk.n[5] &+ x &* walk.n[6])
      var c = 0
      if y >= place.firstRow && y < place.endRow && x >= place.firstColumn && x < place.endColumn {
        while c < walk.n[9] {
          to[c] = from[c]
          c &+= 1
        }
      }
      while c < whole {
        to[c] = 0
        c &+= 1
      }
      to += whole
      x &+= 1
    }
    y &+= 1
  }
}

/// V = B^T d B of one tile, or A dY A^T: `transform(source, step, target, targetStep)` transforms one line.
///
/// Columns first, into `scratch` as rows; then the rows.
@inline(__always)
private func transformTile(
  _ walk: TileWalk, _ lines: Int, _ results: Int, _ source: UnsafePointer<Float>, _ row: Int,
  _ pixel: Int, _ target: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>,
  _ transform: (UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int) -> Void
) {
  let part = walk.n[11]
  var c = 0
  while c < walk.n[9] {
    var j = 0
    while j < lines {
      transform(source + (j &* pixel &+ c), row, scratch + j &* lanesFloat, lines &* lanesFloat)
      j &+= 1
    }
    var i = 0
    while i < results {
      transform(
        scratch + lines &* i &* lanesFloat, lanesFloat, target + (results &* i &* part &+ c), part)
      i &+= 1
    }
    c = walk.next(c)
  }
}

// MARK: - Outputs

/// Transforms sums back, adds the bias and, where asked, takes negative values for 0.
///
/// `numbers` are those of `TileWalk`, with the extents of the output; `sums` points at the first tile's
/// values, with whole vectors of channels; `bias` at whole vectors; `output` at the first pixel of
/// the first image. `scratch` holds ((m + 2)^2 + m^2) vectors.
@inline(never)
public func winogradOutput(
  _ numbers: UnsafePointer<Int>, _ m: Int, _ sums: UnsafePointer<Float>,
  _ bias: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let walk = TileWalk(n: numbers, m: m, reach: m)
  let edge = scratch + (m &+ 2) &* (m &+ 2) &* lanesFloat
  var t = numbers[0]
  var source = sums
  while t < numbers[1] {
    let place = walk.place(t)
    let isWhole = place.isWhole(m)
    var k = 0
    while k < numbers[9] {
      let channels = numbers[9] &- k
      let target = output + (place.offset &+ k)
      let isDirect = isWhole && channels >= lanesFloat
      let (to, row, pixel) =
        isDirect ? (target, numbers[5], numbers[6]) : (edge, m &* lanesFloat, lanesFloat)
      if m == 2 {
        outputTile2(walk, source + k, load(bias + k), to, row, pixel, scratch, place.endRow)
      } else {
        outputTile4(walk, source + k, load(bias + k), to, row, pixel, scratch, place.endRow)
      }
      if !isDirect { copyEdge(walk, place, channels, edge, target) }
      k &+= lanesFloat
    }
    source += numbers[10]
    t &+= 1
  }
}

/// Copies the part of a transformed tile that exists.
@inline(__always)
private func copyEdge(
  _ walk: TileWalk, _ place: TilePlace, _ channels: Int,
  _ edge: UnsafeMutablePointer<Float>, _ target: UnsafeMutablePointer<Float>
) {
  let lanes = channels < lanesFloat ? channels : lanesFloat
  var y = 0
  while y < place.endRow {
    var x = 0
    while x < place.endColumn {
      let from = edge + (y &* walk.m &+ x) &* lanesFloat
      let to = target + (y &* walk.n[5] &+ x &* walk.n[6])
      var lane = 0
      if lanes == lanesFloat {
        store(load(from), to)
        lane = lanes
      }
      while lane < lanes {
        to[lane] = from[lane]
        lane &+= 1
      }
      x &+= 1
    }
    y &+= 1
  }
}

@inline(__always)
private func finished(_ walk: TileWalk, _ v: FloatVector) -> FloatVector {
  walk.n[12] != 0 ? rectified(v) : v
}

/// The first `rows` rows of Y = A^T M A of one tile, plus the bias.
@inline(__always)
private func outputTile2(
  _ walk: TileWalk, _ sums: UnsafePointer<Float>, _ bias: FloatVector,
  _ target: UnsafeMutablePointer<Float>, _ row: Int, _ pixel: Int,
  _ scratch: UnsafeMutablePointer<Float>, _ rows: Int
) {
  let part = walk.n[11]
  var j = 0
  while j < 4 {
    let y = outputLine2(line4(sums + j &* part, 4 &* part))
    store(y.0, scratch + j &* lanesFloat)
    store(y.1, scratch + (4 &+ j) &* lanesFloat)
    j &+= 1
  }
  var i = 0
  while i < rows {
    let y = outputLine2(line4(scratch + 4 &* i &* lanesFloat, lanesFloat))
    let to = target + i &* row
    store(finished(walk, y.0 + bias), to)
    store(finished(walk, y.1 + bias), to + pixel)
    i &+= 1
  }
}

/// The first `rows` rows of Y = A^T M A of one tile, plus the bias.
@inline(__always)
private func outputTile4(
  _ walk: TileWalk, _ sums: UnsafePointer<Float>, _ bias: FloatVector,
  _ target: UnsafeMutablePointer<Float>, _ row: Int, _ pixel: Int,
  _ scratch: UnsafeMutablePointer<Float>, _ rows: Int
) {
  let part = walk.n[11]
  var j = 0
  while j < 6 {
    store(
      outputLine4(line6(sums + j &* part, 6 &* part)), scratch + j &* lanesFloat,
      6 &* lanesFloat)
    j &+= 1
  }
  var i = 0
  while i < rows {
    let y = outputLine4(line6(scratch + 6 &* i &* lanesFloat, lanesFloat))
    let to = target + i &* row
    store(finished(walk, y.0 + bias), to)
    store(finished(walk, y.1 + bias), to + pixel)
    store(finished(walk, y.2 + bias), to + 2 &* pixel)
    store(finished(walk, y.3 + bias), to + 3 &* pixel)
    i &+= 1
  }
}

// MARK: - Gradients

/// Transforms the gradients of tiles' outputs: A dY A^T.
///
/// `numbers` are those of `TileWalk` with the extents of the output, `input` points at the first pixel's gradients;
/// the rest as for `winogradInput`.
@inline(never)
public func winogradGradient(
  _ numbers: UnsafePointer<Int>, _ m: Int, _ input: UnsafePointer<Float>,
  _ output: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
) {
  let walk = TileWalk(n: numbers, m: m, reach: m)
  let whole = numbers[9] < lanesFloat ? lanesFloat : numbers[9]
  let copy = scratch + (m &+ 2) &* (m &+ 2) &* lanesFloat
  var t = numbers[0]
  var target = output
  while t < numbers[1] {
    let place = walk.place(t)
    var (source, row, pixel) = (input + place.offset, numbers[5], numbers[6])
    if !place.isWhole(m) || numbers[9] < lanesFloat {
      copyTile(walk, place, source, copy, whole)
      (source, row, pixel) = (UnsafePointer(copy), m &* whole, whole)
    }
    if m == 2 {
      transformTile(walk, 2, 4, source, row, pixel, target, scratch) { y, step, v, part in
        store(gradientLine2((load(y), load(y + step))), v, part)
      }
    } else {
      transformTile(walk, 4, 6, source, row, pixel, target, scratch) { y, step, v, part in
        store(gradientLine4(line4(y, step)), v, part)
      }
    }
    target += numbers[10]
    t &+= 1
  }
}
