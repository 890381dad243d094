// Checked calls of the cluster kernels in the instruction set of this process.
//
// Deviations: none. Checked by: ClusterDistancesTests, KMeansTests.

import _Kernels128

#if !NITAL_PORTABLE
import _Kernels256
import _Kernels512
#endif

/// Points of one chunk of `nearestCentres`; a number of panels that suits a core's cache.
private let chunkPoints = 2048

/// The centre with the least distance to each point, or ~centre where Float cannot tell.
///
/// - Parameters:
///   - points: the points.
///   - centres: the centres, as many features as the points.
///   - norms: |x| of each point, rounded up, padding included.
///   - doubt: a gap of at most doubt.0 + |x| (doubt.1 + |x| doubt.2) is no proof.
///   - labels: receives the result, padding included.
package func nearestCentres(
  _ points: PointPanels<Float>, _ centres: CentreBlocks, norms: [Float],
  doubt: (Float, Float, Float), labels: inout [Int32]
) {
  let (d, padded) = (points.d, points.paddedCount)
  precondition(norms.count == padded && labels.count == padded, "labels do not fit the panels")
  precondition(centres.values.count == centres.blocks * d * 4, "centres have another width")
  parallelForEachChunk(of: &labels, size: chunkPoints) { chunk, span in
    let first = chunk * chunkPoints
    let panels = span.count / PointPanels<Float>.width
    // SAFETY: the counts were checked above; each chunk writes its own span alone.
    unsafe span.withUnsafeMutableBufferPointer { target in
      unsafe points.values.withUnsafeBufferPointer { source in
        unsafe norms.withUnsafeBufferPointer { norms in
          guard let labels = target.baseAddress, let x = source.baseAddress,
            let norm = norms.baseAddress
          else { return }
          unsafe nearestCentres(
            x + first * d, panels, d, centres, norm + first, doubt, labels)
        }
      }
    }
  }
}

private func nearestCentres(
  _ x: UnsafePointer<Float>, _ panels: Int, _ d: Int, _ centres: CentreBlocks,
  _ norms: UnsafePointer<Float>, _ doubt: (Float, Float, Float),
  _ labels: UnsafeMutablePointer<Int32>
) {
  let (values, halves, blocks) = (centres.values, centres.negativeHalfNorms, centres.blocks)
  // SAFETY: the caller guarantees the pointers for `panels` panels; arrays outlive the call.
  switch InstructionSet.current {
  #if !NITAL_PORTABLE
  case .avx512:
    unsafe _Kernels512.nearestCentres(x, panels, d, values, halves, blocks, norms, doubt, labels)
  case .avx2:
    unsafe _Kernels256.nearestCentres(x, panels, d, values, halves, blocks, norms, doubt, labels)
  #endif
  default:
    unsafe _Kernels128.nearestCentres(x, panels, d, values, halves, blocks, norms, doubt, labels)
  }
}

/// What the cluster kernels offer for each scalar type.
package protocol ClusterScalar: KernelScalar {
  /// distances[i] = min(closest[i], |x_i - candidate|^2), and the sum over each panel.
  static func squaredDistances(
    _ points: PointPanels<Self>, to candidate: [Self], closest: [Self],
    distances: inout [Self], sums: inout [Double])
  /// sums[labels[i] * stride + j] += rows[i * stride + j], in the order of i.
  static func addRows(
    _ rows: [Self], _ n: Int, _ stride: Int, labels: [Int32], sums: inout [Double])
  /// sums[j] += (rows[i * stride + j] - centres[labels[i] * stride + j])^2, in the order of i.
  static func addSquaredDifferences(
    _ rows: [Self], _ n: Int, _ stride: Int, labels: [Int32], centres: [Double],
    sums: inout [Double])
}

private func checkDistances<Scalar>(
  _ points: PointPanels<Scalar>, _ candidate: Int, _ closest: Int, _ distances: Int, _ sums: Int
) {
  precondition(
    candidate == points.d && closest == points.paddedCount && distances == points.paddedCount
      && sums == points.count, "arrays do not fit \(points.n) points of \(points.d) features")
}

private func checkRows(_ rows: Int, _ n: Int, _ stride: Int, _ labels: [Int32], _ sums: Int) {
  precondition(
    stride % 8 == 0 && rows >= n * stride && labels.count >= n,
    "arrays do not fit \(n) rows of \(stride)")
  let limit = stride == 0 ? Int.max : sums / stride
  precondition(
    labels.prefix(n).allSatisfy { $0 >= 0 && Int($0) < limit }, "a label has no room in the sums")
}

extension Float: ClusterScalar {
  package static func squaredDistances(
    _ points: PointPanels<Float>, to candidate: [Float], closest: [Float],
    distances: inout [Float], sums: inout [Double]
  ) {
    checkDistances(points, candidate.count, closest.count, distances.count, sums.count)
    let (x, count, d) = (points.values, points.count, points.d)
    // SAFETY: the counts were checked above; arrays outlive the call and do not overlap.
    switch InstructionSet.current {
    #if !NITAL_PORTABLE
    case .avx512:
      unsafe _Kernels512.squaredDistances(x, count, d, candidate, closest, &distances, &sums)
    case .avx2:
      unsafe _Kernels256.squaredDistances(x, count, d, candidate, closest, &distances, &sums)
    #endif
    default:
      unsafe _Kernels128.squaredDistances(x, count, d, candidate, closest, &distances, &sums)
    }
  }

  package static func addRows(
    _ rows: [Float], _ n: Int, _ stride: Int, labels: [Int32], sums: inout [Double]
  ) {
    checkRows(rows.count, n, stride, labels, sums.count)
    // SAFETY: the counts and labels were checked above; arrays do not overlap.
    switch InstructionSet.current {
    #if !NITAL_PORTABLE
    case .avx512: unsafe _Kernels512.addRows(rows, n, stride, labels, &sums)
    case .avx2: unsafe _Kernels256.addRows(rows, n, stride, labels, &sums)
    #endif
    default: unsafe _Kernels128.addRows(rows, n, stride, labels, &sums)
    }
  }

  package static func addSquaredDifferences(
    _ rows: [Float], _ n: Int, _ stride: Int, labels: [Int32], centres: [Double],
    sums: inout [Double]
  ) {
    checkRows(rows.count, n, stride, labels, centres.count)
    precondition(sums.count == stride, "one sum for each feature")
    // SAFETY: the counts and labels were checked above; arrays do not overlap.
    switch InstructionSet.current {
    #if !NITAL_PORTABLE
    case .avx512:
      unsafe _Kernels512.addSquaredDifferences(rows, n, stride, labels, centres, &sums)
    case .avx2:
      unsafe _Kernels256.addSquaredDifferences(rows, n, stride, labels, centres, &sums)
    #endif
    default:
      unsafe _Kernels128.addSquaredDifferences(rows, n, stride, labels, centres, &sums)
    }
  }
}

extension Double: ClusterScalar {
  package static func squaredDistances(
    _ points: PointPanels<Double>, to candidate: [Double], closest: [Double],
    distances: inout [Double], sums: inout [Double]
  ) {
    checkDistances(points, candidate.count, closest.count, distances.count, sums.count)
    let (x, count, d) = (points.values, points.count, points.d)
    // SAFETY: the counts were checked above; arrays outlive the call and do not overlap.
    switch InstructionSet.current {
    #if !NITAL_PORTABLE
    case .avx512:
      unsafe _Kernels512.squaredDistances(x, count, d, candidate, closest, &distances, &sums)
    case .avx2:
      unsafe _Kernels256.squaredDistances(x, count, d, candidate, closest, &distances, &sums)
    #endif
    default:
      unsafe _Kernels128.squaredDistances(x, count, d, candidate, closest, &distances, &sums)
    }
  }

  package static func addRows(
    _ rows: [Double], _ n: Int, _ stride: Int, labels: [Int32], sums: inout [Double]
  ) {
    checkRows(rows.count, n, stride, labels, sums.count)
    // SAFETY: the counts and labels were checked above; arrays do not overlap.
    switch InstructionSet.current {
    #if !NITAL_PORTABLE
    case .avx512: unsafe _Kernels512.addRows(rows, n, stride, labels, &sums)
    case .avx2: unsafe _Kernels256.addRows(rows, n, stride, labels, &sums)
    #endif
    default: unsafe _Kernels128.addRows(rows, n, stride, labels, &sums)
    }
  }

  package static func addSquaredDifferences(
    _ rows: [Double], _ n: Int, _ stride: Int, labels: [Int32], centres: [Double],
    sums: inout [Double]
  ) {
    checkRows(rows.count, n, stride, labels, centres.count)
    precondition(sums.count == stride, "one sum for each feature")
    // SAFETY: the counts and labels were checked above; arrays do not overlap.
    switch InstructionSet.current {
    #if !NITAL_PORTABLE
    case .avx512:
      unsafe _Kernels512.addSquaredDifferences(rows, n, stride, labels, centres, &sums)
    case .avx2:
      unsafe _Kernels256.addSquaredDifferences(rows, n, stride, labels, centres, &sums)
    #endif
    default:
      unsafe _Kernels128.addSquaredDifferences(rows, n, stride, labels, centres, &sums)
    }
  }
}
