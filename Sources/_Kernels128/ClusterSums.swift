// Inner loops of k-means over rows: centre sums and the final sum of squared differences.
//
// Rows are `stride` values long, a multiple of 8, zeros after the features. A vector holds several
// features of one point; points are added in index order, so that each sum has the bits of the
// plain loop whatever the width of a vector. Nothing is fused.
// Checked by: ClusterDistancesTests, KMeansTests. Cost: n d additions (sums), 3 n d (differences).

#if NITAL_512
typealias HalfFloatVector = SIMD8<Float>
#elseif NITAL_256
typealias HalfFloatVector = SIMD4<Float>
#else
typealias HalfFloatVector = SIMD2<Float>
#endif

/// `DoubleVector.scalarCount` values as Double.
@inline(__always)
private func widened(_ p: UnsafePointer<Float>) -> DoubleVector {
  DoubleVector(UnsafeRawPointer(p).loadUnaligned(as: HalfFloatVector.self))
}

@inline(__always)
private func widened(_ p: UnsafePointer<Double>) -> DoubleVector {
  UnsafeRawPointer(p).loadUnaligned(as: DoubleVector.self)
}

/// Adds each row to the sum of its label: sums[labels[i] * stride + j] += rows[i * stride + j].
@inline(never)
public func addRows(
  _ rows: UnsafePointer<Float>, _ n: Int, _ stride: Int, _ labels: UnsafePointer<Int32>,
  _ sums: UnsafeMutablePointer<Double>
) {
  let width = DoubleVector.scalarCount
  for i in 0..<n {
    let row = rows + i * stride
    let sum = sums + Int(labels[i]) * stride
    var j = 0
    while j < stride {
      let total = widened(UnsafePointer(sum + j)) + widened(row + j)
      UnsafeMutableRawPointer(sum + j).storeBytes(of: total, as: DoubleVector.self)
      j += width
    }
  }
}

/// Adds each row to the sum of its label: sums[labels[i] * stride + j] += rows[i * stride + j].
@inline(never)
public func addRows(
  _ rows: UnsafePointer<Double>, _ n: Int, _ stride: Int, _ labels: UnsafePointer<Int32>,
  _ sums: UnsafeMutablePointer<Double>
) {
  let width = DoubleVector.scalarCount
  for i in 0..<n {
    let row = rows + i * stride
    let sum = sums + Int(labels[i]) * stride
    var j = 0
    while j < stride {
      let total = widened(UnsafePointer(sum + j)) + widened(row + j)
      UnsafeMutableRawPointer(sum + j).storeBytes(of: total, as: DoubleVector.self)
      j += width
    }
  }
}

/// Adds squared differences to the sum of their feature:
/// sums[j] += (rows[i * stride + j] - centres[labels[i] * stride + j])^2.
@inline(never)
public func addSquaredDifferences(
  _ rows: UnsafePointer<Float>, _ n: Int, _ stride: Int, _ labels: UnsafePointer<Int32>,
  _ centres: UnsafePointer<Double>, _ sums: UnsafeMutablePointer<Double>
) {
  let width = DoubleVector.scalarCount
  for i in 0..<n {
    let row = rows + i * stride
    let centre = centres + Int(labels[i]) * stride
    var j = 0
    while j < stride {
      let difference = widened(row + j) - widened(centre + j)
      let total = widened(UnsafePointer(sums + j)) + difference * difference
      UnsafeMutableRawPointer(sums + j).storeBytes(of: total, as: DoubleVector.self)
      j += width
    }
  }
}

/// Adds squared differences to the sum of their feature:
/// sums[j] += (rows[i * stride + j] - centres[labels[i] * stride + j])^2.
@inline(never)
public func addSquaredDifferences(
  _ rows: UnsafePointer<Double>, _ n: Int, _ stride: Int, _ labels: UnsafePointer<Int32>,
  _ centres: UnsafePointer<Double>, _ sums: UnsafeMutablePointer<Double>
) {
  let width = DoubleVector.scalarCount
  for i in 0..<n {
    let row = rows + i * stride
    let centre = centres + Int(labels[i]) * stride
    var j = 0
    while j < stride {
      let difference = widened(row + j) - widened(centre + j)
      let total = widened(UnsafePointer(sums + j)) + difference * difference
      UnsafeMutableRawPointer(sums + j).storeBytes(of: total, as: DoubleVector.self)
      j += width
    }
  }
}
