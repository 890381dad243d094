// Does a run fit into memory? Said before anything is allocated.

import Files

/// How many bytes a run needs, and how many there are.
package enum MemoryNeed {
  /// Bytes for each value of a feature: records of the journal, the matrix, centred values and the
  /// workspace of the decomposition; measured on 400 x 28,800 beyond the program's own memory: 42
  /// with the full decomposition, 25 with the randomized one.
  package static let bytesPerValue = 44

  /// Bytes of program, pictures, activations and report.
  package static let base = 300 << 20

  /// The bytes that `rows` images of `features` values need, and the weights.
  package static func bytes(rows: Int, features: Int, weights: Int) -> UInt64 {
    let values = UInt64(rows).multipliedFullWidth(by: UInt64(features))
    guard values.high == 0, values.low < 1 << 50 else { return .max }
    return values.low * UInt64(bytesPerValue) + UInt64(base + weights)
  }

  /// Refuses what does not fit.
  ///
  /// - Throws: `PipelineError.unsuitable` that states both figures.
  package static func check(
    rows: Int, features: Int, weights: Int, available: UInt64?
  ) throws(PipelineError) {
    let needed = bytes(rows: rows, features: features, weights: weights)
    guard let available, needed > available else { return }
    throw .unsuitable(
      "\(rows) images of \(features) features need about \(gigabytes(needed)) of memory, "
        + "\(gigabytes(available)) are available; take a layer with fewer values, pool it "
        + "(--pooling mean+max), or use fewer images")
  }

  private static func gigabytes(_ bytes: UInt64) -> String {
    guard bytes < .max else { return "more than 10^6 GB" }
    let tenths = (bytes + 50_000_000) / 100_000_000
    return "\(tenths / 10).\(tenths % 10) GB"
  }
}
