// The best matching of a segmentation's labels to the true phases, and scores after it.
//
// Implements: H. W. Kuhn, "The Hungarian method for the assignment problem", Naval Res. Logist. Q. 2
//   (1955), in the form of shortest augmenting paths with potentials (R. Jonker, A. Volgenant,
//   Computing 38 (1987)); pixel accuracy and intersection over union (J. Long et al., CVPR 2015, 5).
// Equation -> code: accuracy = sum over matched pairs of n_ij / all pixels; IoU of phase j =
//   n_ij / (n_i + n_j - n_ij) for its label i, 0 without one; mean over the phases that are there.
// Symbols: n_ij -> pixels with label i and phase j.
// Deviations: labels beyond the number of phases stay unmatched, as do phases beyond that of labels;
//   `merged` gives every label the phase that most of its pixels have.
// Checked by: LabelMatchingTests (SciPy `linear_sum_assignment`). Cost: O(pixels + k^3).

/// Labels matched to true phases.
public struct LabelMatching: Sendable, Equatable {
  /// The labels of the segmentation, rising.
  public let labels: [Int]
  /// The true phases, rising.
  public let phases: [Int]
  /// The phase of each label in `labels`; `nil` for labels that stay unmatched.
  public let assigned: [Int?]
  /// The share of pixels whose label has the true phase.
  public let accuracy: Double
  /// Intersection over union of each phase in `phases`.
  public let intersectionOverUnion: [Double]

  /// The mean over phases.
  public var meanIntersectionOverUnion: Double {
    intersectionOverUnion.reduce(0, +) / Double(max(1, phases.count))
  }

  /// Matches labels one to one so that most pixels are right.
  ///
  /// - Parameters:
  ///   - map: the segmentation.
  ///   - truth: the true phases of the same pixels.
  /// - Precondition: both have the same rows and columns, and there are pixels.
  public init(_ map: LabelMap, truth: LabelMap) {
    let counts = Self.counts(map, truth)
    let columns = bestAssignment(counts)
    self.init(map, truth, counts, columns)
  }

  /// Gives every label the phase that most of its pixels have: several labels may share a phase.
  ///
  /// - Precondition: as above.
  public static func merged(_ map: LabelMap, truth: LabelMap) -> LabelMatching {
    let counts = counts(map, truth)
    let columns = counts.map { row in row.indices.max { row[$0] < row[$1] } }
    return LabelMatching(map, truth, counts, columns)
  }

  private init(_ map: LabelMap, _ truth: LabelMap, _ counts: [[Int]], _ columns: [Int?]) {
    (labels, phases) = (map.classes, truth.classes)
    let phases = phases
    assigned = columns.map { $0.map { phases[$0] } }
    var (hits, found) = ([Int](repeating: 0, count: phases.count), [Int]())
    found = hits
    for (row, column) in columns.enumerated() {
      guard let column else { continue }
      hits[column] += counts[row][column]
      found[column] += counts[row].reduce(0, +)
    }
    accuracy = Double(hits.reduce(0, +)) / Double(map.labels.count)
    intersectionOverUnion = phases.indices.map { j in
      let there = counts.reduce(0) { $0 + $1[j] }
      return Double(hits[j]) / Double(there + found[j] - hits[j])
    }
  }

  /// Pixels with each label (rows) and each phase (columns).
  private static func counts(_ map: LabelMap, _ truth: LabelMap) -> [[Int]] {
    precondition(
      map.height == truth.height && map.width == truth.width && !map.labels.isEmpty,
      "labels of \(map.height) x \(map.width) for phases of \(truth.height) x \(truth.width)")
    let (a, b) = (map.compacted.labels, truth.compacted.labels)
    let columns = truth.classes.count
    var counts = [Int](repeating: 0, count: map.classes.count * columns)
    for i in a.indices { counts[a[i] * columns + b[i]] += 1 }
    return stride(from: 0, to: counts.count, by: columns).map {
      Array(counts[$0..<($0 + columns)])
    }
  }
}

/// The column of each row so that the sum of the chosen entries is largest.
///
/// - Parameter gain: rows of equal length, no entry negative.
/// - Returns: a column a row; `nil` for rows without.
func bestAssignment(_ gain: [[Int]]) -> [Int?] {
  var search = AssignmentSearch(gain)
  for row in stride(from: 1, through: search.size, by: 1) { search.place(row) }
  var result = [Int?](repeating: nil, count: gain.count)
  for j in stride(from: 1, through: gain.first?.count ?? 0, by: 1) {
    let row = search.rowOf[j]
    if (1...max(1, gain.count)).contains(row) { result[row - 1] = j - 1 }
  }
  return result
}

/// Shortest augmenting paths over a square of costs, numbered from 1; row and column 0 stand for "none".
private struct AssignmentSearch {
  let gain: [[Int]]
  let (rows, columns, size, largest): (Int, Int, Int, Int)
  /// The potentials of rows and columns.
  var (u, v): ([Int], [Int])
  /// The row of each column, 0 for none.
  var rowOf: [Int]

  init(_ gain: [[Int]]) {
    self.gain = gain
    (rows, columns) = (gain.count, gain.first?.count ?? 0)
    size = max(rows, columns)
    largest = gain.joined().max() ?? 0
    let zeros = [Int](repeating: 0, count: size + 1)
    (u, v, rowOf) = (zeros, zeros, zeros)
  }

  /// Beyond the matrix, that is padded to a square, every cost is the largest.
  private func cost(_ i: Int, _ j: Int) -> Int {
    i <= rows && j <= columns ? largest - gain[i - 1][j - 1] : largest
  }

  /// Gives a row a column; other rows move along the shortest path to a free one.
  mutating func place(_ i: Int) {
    var way = [Int](repeating: 0, count: size + 1)
    var slack = [Int](repeating: .max, count: size + 1)
    var isDone = [Bool](repeating: false, count: size + 1)
    var j = 0
    rowOf[0] = i
    repeat {
      isDone[j] = true
      let row = rowOf[j]
      var (delta, next) = (Int.max, 0)
      for k in 1...size where !isDone[k] {
        let reduced = cost(row, k) - u[row] - v[k]
        if reduced < slack[k] { (slack[k], way[k]) = (reduced, j) }
        if slack[k] < delta { (delta, next) = (slack[k], k) }
      }
      for k in 0...size {
        if isDone[k] {
          u[rowOf[k]] += delta
          v[k] -= delta
        } else {
          slack[k] -= delta
        }
      }
      j = next
    } while rowOf[j] != 0
    while j != 0 {
      rowOf[j] = rowOf[way[j]]
      j = way[j]
    }
  }
}
