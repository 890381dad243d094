// Superpixels (SLIC): the connected parts of a label image, and small ones joined to a neighbour.
//
// A run is a stretch of equal labels in a row, known by the index of its first pixel. Runs that touch
// (sides only) are one part, known by its first run: parents point to earlier runs (`linkRuns`).
// Symbols: parents[s], an earlier run of the same part; sizes[s], the pixels of the part whose first
//   run is s, or -(its new number + 1) once it has one; ends, the number of runs of each row.
// Deviations: none from `connectReference`. Checked by: SLICTests, ConnectedComponentsTests.
// Cost: about 5 ns a pixel.

/// Lists the runs of the rows first ..< end; `starts` has W places a row.
@inline(never)
public func findRuns(
  _ labels: UnsafePointer<Int32>, _ W: Int, _ first: Int, _ end: Int,
  _ starts: UnsafeMutablePointer<Int32>, _ counts: UnsafeMutablePointer<Int32>,
  _ parents: UnsafeMutablePointer<Int32>
) {
  for y in first..<end {
    let (row, list) = (labels + y * W, starts + y * W)
    let origin = Int32(truncatingIfNeeded: y &* W)
    list[0] = origin
    parents[y * W] = origin
    var n = 1
    for x in 1..<W {
      // Written always, kept where a run begins: no branch to predict.
      let s = origin &+ Int32(truncatingIfNeeded: x)
      list[n] = s
      n = row[x] != row[x - 1] ? n &+ 1 : n
    }
    for i in 1..<(n < 2 ? 1 : n) { parents[Int(list[i])] = list[i] }
    counts[y] = Int32(truncatingIfNeeded: n)
  }
}

/// The first run of the part of run `s`; shortens the way for the next time.
@inline(__always)
private func root(_ parents: UnsafeMutablePointer<Int32>, _ s: Int32) -> Int32 {
  var s = s
  while parents[Int(s)] != s {
    parents[Int(s)] = parents[Int(parents[Int(s)])]
    s = parents[Int(s)]
  }
  return s
}

/// Links the runs of row y to equal ones of row y - 1 that they touch.
///
/// `corners` is 1 if runs touch at corners too (8 neighbours), else 0.
@inline(never)
public func linkRuns(
  _ labels: UnsafePointer<Int32>, _ W: Int, _ y: Int, _ corners: Int,
  _ starts: UnsafePointer<Int32>, _ counts: UnsafePointer<Int32>,
  _ parents: UnsafeMutablePointer<Int32>
) {
  let (above, here) = (starts + (y - 1) * W, starts + y * W)
  let (n, m) = (Int(counts[y - 1]), Int(counts[y]))
  let shift = Int32(truncatingIfNeeded: W)
  var (i, j) = (0, 0)
  let reach = Int32(truncatingIfNeeded: corners)
  while i < n && j < m {
    // Both in the columns of row y.
    let (a, b) = (above[i] &+ shift, here[j])
    let aEnd = i + 1 < n ? above[i + 1] &+ shift : Int32(truncatingIfNeeded: (y + 1) * W)
    let bEnd = j + 1 < m ? here[j + 1] : Int32(truncatingIfNeeded: (y + 1) * W)
    if labels[Int(above[i])] == labels[Int(b)] && a < bEnd &+ reach && b < aEnd &+ reach {
      let (p, q) = (root(parents, above[i]), root(parents, b))
      if p != q { parents[Int(p < q ? q : p)] = p < q ? p : q }
    }
    // Runs that end together may still touch at a corner with the next one.
    if corners == 1 && aEnd == bEnd {
      if i + 1 < n && labels[Int(above[i + 1])] == labels[Int(b)] {
        let (p, q) = (root(parents, above[i + 1]), root(parents, b))
        if p != q { parents[Int(p < q ? q : p)] = p < q ? p : q }
      }
      if j + 1 < m && labels[Int(above[i])] == labels[Int(here[j + 1])] {
        let (p, q) = (root(parents, above[i]), root(parents, here[j + 1]))
        if p != q { parents[Int(p < q ? q : p)] = p < q ? p : q }
      }
    }
    if aEnd <= bEnd { i += 1 }
    if bEnd <= aEnd { j += 1 }
  }
}

/// Points every run at the first run of its part and adds up the sizes of the parts.
@inline(never)
public func measureParts(
  _ H: Int, _ W: Int, _ starts: UnsafePointer<Int32>, _ counts: UnsafePointer<Int32>,
  _ parents: UnsafeMutablePointer<Int32>, _ sizes: UnsafeMutablePointer<Int32>
) {
  for y in 0..<H {
    let list = starts + y * W
    let n = Int(counts[y])
    for i in 0..<n {
      let s = list[i]
      let end = i + 1 < n ? list[i + 1] : Int32(truncatingIfNeeded: (y + 1) * W)
      // Parents are earlier and point at their first run already.
      let first = parents[Int(parents[Int(s)])]
      parents[Int(s)] = first
      if first == s { sizes[Int(s)] = 0 }
      sizes[Int(first)] &+= end &- s
    }
  }
}

/// What a search over small parts works on.
private struct PartSearch {
  var clusters: UnsafePointer<Int32>
  var H: Int, W: Int
  var starts: UnsafePointer<Int32>, counts: UnsafePointer<Int32>, parents: UnsafePointer<Int32>
  var sizes: UnsafePointer<Int32>
  var out: UnsafeMutablePointer<Int32>
  var queue: UnsafeMutablePointer<Int32>

  /// The new number of a pixel, or a negative number when it has none yet.
  @inline(__always)
  func number(_ q: Int) -> Int32 {
    if out[q] != -1 { return out[q] }
    let list = starts + (q / W) * W
    // The last run that begins at or before q.
    var (low, high) = (0, Int(counts[q / W]))
    while high - low > 1 {
      let middle = (low + high) >> 1
      if Int(list[middle]) <= q { low = middle } else { high = middle }
    }
    let size = sizes[Int(parents[Int(list[low])])]
    return size < 0 ? -(size &+ 1) : -1
  }

  /// Searches the part of `start` in breadth; gives its size and the number met last.
  func search(_ start: Int, _ next: Int32, _ largest: Int) -> (size: Int, neighbour: Int32) {
    var (size, visited, neighbour) = (1, 0, Int32(0))
    queue[0] = Int32(truncatingIfNeeded: start)
    out[start] = next
    let cluster = clusters[start]
    while visited < size && size < largest {
      let p = Int(queue[visited])
      let x = p % W
      for side in 0..<4 {
        let q = side == 0 ? p + 1 : side == 1 ? p - 1 : side == 2 ? p + W : p - W
        let exists = side == 0 ? x + 1 < W : side == 1 ? x > 0 : side == 2 ? q < H * W : q >= 0
        guard exists else { continue }
        let label = number(q)
        if clusters[q] == cluster && label < 0 {
          out[q] = next
          queue[size] = Int32(truncatingIfNeeded: q)
          size += 1
          if size >= largest { break }
        } else if label >= 0 && label != next {
          neighbour = label
        }
      }
      visited += 1
    }
    return (size, neighbour)
  }
}

/// Numbers the parts in the order of their first pixels; small ones take a neighbour's number.
///
/// `out` holds -1 and receives the numbers of parts that were searched pixel by pixel; `queue` has
/// room for as many pixels as a part may have.
/// - Returns: the number of parts.
@inline(never)
public func numberParts(
  _ clusters: UnsafePointer<Int32>, _ H: Int, _ W: Int, _ smallest: Int, _ largest: Int,
  _ starts: UnsafePointer<Int32>, _ counts: UnsafePointer<Int32>, _ parents: UnsafePointer<Int32>,
  _ sizes: UnsafeMutablePointer<Int32>, _ out: UnsafeMutablePointer<Int32>,
  _ queue: UnsafeMutablePointer<Int32>
) -> Int {
  let work = PartSearch(
    clusters: clusters, H: H, W: W, starts: starts, counts: counts, parents: parents, sizes: sizes,
    out: out, queue: queue)
  var next: Int32 = 0
  for y in 0..<H {
    let list = starts + y * W
    let n = Int(counts[y])
    for i in 0..<n {
      let s = Int(list[i])
      let first = Int(parents[s])
      let size = Int(sizes[first])
      // A part above the largest size is searched from each pixel that an earlier search left.
      let isCut = size >= largest && size > 0
      if !isCut {
        if first != s { continue }
        if size >= smallest {
          sizes[s] = -(next &+ 1)
          next &+= 1
          continue
        }
      }
      let end = isCut ? (i + 1 < n ? Int(list[i + 1]) : (y + 1) * W) : s + 1
      for p in s..<end where out[p] == -1 {
        let found = work.search(p, next, largest)
        if found.size < smallest {
          for q in 0..<found.size { out[Int(queue[q])] = found.neighbour }
        } else {
          next &+= 1
        }
      }
    }
  }
  return next > 0 ? Int(next) : 1
}

/// Writes the numbers of the parts that were not searched pixel by pixel.
@inline(never)
public func fillParts(
  _ W: Int, _ first: Int, _ end: Int, _ starts: UnsafePointer<Int32>,
  _ counts: UnsafePointer<Int32>, _ parents: UnsafePointer<Int32>, _ sizes: UnsafePointer<Int32>,
  _ out: UnsafeMutablePointer<Int32>
) {
  for y in first..<end {
    let list = starts + y * W
    let n = Int(counts[y])
    for i in 0..<n {
      let s = Int(list[i])
      let size = sizes[Int(parents[s])]
      if size >= 0 { continue }
      let next = i + 1 < n ? Int(list[i + 1]) : (y + 1) * W
      let number = -(size &+ 1)
      for p in s..<next { out[p] = number }
    }
  }
}
