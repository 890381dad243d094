// Resampling along one axis: the kernels behind a table of weights.
//
// Checked by: ResizeTests (in ImagingTests).

import _Kernels128

#if !NITAL_PORTABLE
import _Kernels256
import _Kernels512
#endif

/// A linear map along one axis of a picture: a weighted sum of a few samples for each output.
package struct AxisWeights: Sendable {
  /// The number of samples that the map takes.
  package let inputs: Int
  /// The number of samples that the map gives.
  package let outputs: Int
  /// The number of weights an output.
  package let taps: Int
  private let indices: [Int32]
  private let weights: [Float]
  private let bias: [Float]

  /// A map from the list of (sample, weight) of each output and what is added to it.
  ///
  /// - Precondition: the samples lie in 0..<`inputs`, which is at least 1.
  package init(inputs: Int, rows: [[(index: Int, weight: Double)]], bias: [Double]) {
    self.init(
      inputs: inputs, counts: rows.map(\.count), indices: rows.flatMap { $0.map(\.index) },
      weights: rows.flatMap { $0.map(\.weight) }, bias: bias)
  }

  /// A map from the number of taps of each output, and all their samples and weights in a row.
  ///
  /// - Precondition: the samples lie in 0..<`inputs`, which is at least 1.
  package init(inputs: Int, counts: [Int], indices: [Int], weights: [Double], bias: [Double]) {
    precondition(
      inputs >= 1 && inputs <= Int(Int32.max) && counts.count == bias.count
        && indices.count == weights.count && counts.reduce(0, +) == indices.count
        && indices.allSatisfy { (0..<inputs).contains($0) },
      "weights of samples outside 0..<\(inputs)")
    let taps = max(1, counts.max() ?? 1)
    var padded = [Int32](repeating: 0, count: counts.count * taps)
    var values = [Float](repeating: 0, count: counts.count * taps)
    var first = 0
    for (i, count) in counts.enumerated() {
      for t in 0..<taps where count > 0 {
        // A tap without weight repeats a sample that is read anyway.
        padded[i * taps + t] = Int32(indices[first + min(t, count - 1)])
        values[i * taps + t] = t < count ? Float(weights[first + t]) : 0
      }
      first += count
    }
    self.inputs = inputs
    self.outputs = counts.count
    self.taps = taps
    self.indices = padded
    self.weights = values
    self.bias = bias.map { Float($0) }
  }

  /// The map applied to the rows of a picture: (inputs, W, C) becomes (outputs, W, C).
  package func appliedToRows(of image: [Float], rowLength: Int) -> [Float] {
    precondition(
      image.count == inputs * rowLength, "\(image.count) values are not \(inputs) rows")
    // SAFETY: the kernel stays inside the buffers that `apply` hands over.
    return unsafe apply(to: image, outputCount: outputs * rowLength) { a, index, w, b, out in
      switch InstructionSet.current {
      #if !NITAL_PORTABLE
      case .avx512: unsafe _Kernels512.combineRows(a, rowLength, index, w, b, taps, outputs, out)
      case .avx2: unsafe _Kernels256.combineRows(a, rowLength, index, w, b, taps, outputs, out)
      #endif
      default: unsafe _Kernels128.combineRows(a, rowLength, index, w, b, taps, outputs, out)
      }
    }
  }

  /// The map applied to the columns of a picture: (H, inputs, C) becomes (H, outputs, C).
  package func appliedToColumns(of image: [Float], height H: Int, channels C: Int) -> [Float] {
    precondition(image.count == H * inputs * C, "\(image.count) values are not (\(H), \(inputs))")
    let (W, n) = (inputs, outputs)
    // SAFETY: the kernel stays inside the buffers that `apply` hands over.
    return unsafe apply(to: image, outputCount: H * n * C) { a, index, w, b, out in
      switch InstructionSet.current {
      #if !NITAL_PORTABLE
      case .avx512: unsafe _Kernels512.combinePixels(a, H, W, C, index, w, b, taps, n, out)
      case .avx2: unsafe _Kernels256.combinePixels(a, H, W, C, index, w, b, taps, n, out)
      #endif
      default: unsafe _Kernels128.combinePixels(a, H, W, C, index, w, b, taps, n, out)
      }
    }
  }

  /// Hands the picture, the table and the result to a kernel.
  private func apply(
    to image: [Float], outputCount: Int,
    _ kernel: (
      UnsafePointer<Float>, UnsafePointer<Int32>, UnsafePointer<Float>, UnsafePointer<Float>,
      UnsafeMutablePointer<Float>
    ) -> Void
  ) -> [Float] {
    // SAFETY: the kernels read `image` at the checked indices and write `outputCount` values once
    // each; no pointer outlives the call.
    unsafe [Float](unsafeUninitializedCapacity: outputCount) { buffer, initialised in
      initialised = outputCount
      unsafe image.withUnsafeBufferPointer { image in
        unsafe indices.withUnsafeBufferPointer { indices in
          unsafe weights.withUnsafeBufferPointer { weights in
            unsafe bias.withUnsafeBufferPointer { bias in
              guard let a = image.baseAddress, let index = indices.baseAddress,
                let w = weights.baseAddress, let b = bias.baseAddress, let out = buffer.baseAddress
              else { return }
              unsafe kernel(a, index, w, b, out)
            }
          }
        }
      }
    }
  }
}

/// A factored tridiagonal system with the rows (a_i, b_i, g_i).
package struct TridiagonalSystem: Sendable {
  private let lower: [Float]
  private let upper: [Float]
  private let pivot: [Float]

  /// Factors the system; all three lists have the same length, at least 1.
  ///
  /// - Precondition: the rows dominate: |b_i| > |a_i| + |g_i|, so that no pivot vanishes.
  package init(lower a: [Double], diagonal b: [Double], upper g: [Double]) {
    precondition(
      !b.isEmpty && a.count == b.count && g.count == b.count
        && b.indices.allSatisfy { b[$0].magnitude > a[$0].magnitude + g[$0].magnitude },
      "a tridiagonal system needs dominant rows")
    var upper: [Double] = []
    var pivot: [Double] = []
    for i in b.indices {
      pivot.append(1 / (i == 0 ? b[0] : b[i] - a[i] * upper[i - 1]))
      upper.append(g[i] * pivot[i])
    }
    lower = a.map { Float($0) }
    self.upper = upper.map { Float($0) }
    self.pivot = pivot.map { Float($0) }
  }

  /// Solves for right sides that are the columns of `values` (n rows), times `scale`, in place.
  package func solve(_ values: inout [Float], scale: Float) {
    let n = pivot.count
    precondition(values.count % n == 0, "\(values.count) values are not \(n) rows")
    let length = values.count / n
    // SAFETY: `values` holds n rows of `length`, the factors n numbers; nothing outlives the call.
    unsafe values.withUnsafeMutableBufferPointer { values in
      unsafe lower.withUnsafeBufferPointer { lower in
        unsafe upper.withUnsafeBufferPointer { upper in
          unsafe pivot.withUnsafeBufferPointer { pivot in
            guard let v = values.baseAddress, let l = lower.baseAddress,
              let u = upper.baseAddress, let p = pivot.baseAddress
            else { return }
            switch InstructionSet.current {
            #if !NITAL_PORTABLE
            case .avx512: unsafe _Kernels512.solveRows(v, n, length, length, l, u, p, scale)
            case .avx2: unsafe _Kernels256.solveRows(v, n, length, length, l, u, p, scale)
            #endif
            default: unsafe _Kernels128.solveRows(v, n, length, length, l, u, p, scale)
            }
          }
        }
      }
    }
  }
}

/// The least and the greatest of some values.
package struct ValueRange: Sendable {
  package var least: Float
  package var greatest: Float
  /// Whether no value is NaN or infinite.
  package let isFinite: Bool

  /// The range of `values`; with none of them infinity...-infinity.
  package init(of values: [Float]) {
    var keys: [Int32] = [0, 0]
    let n = values.count
    // SAFETY: the kernel reads n values and writes two keys; no pointer outlives the call.
    unsafe values.withUnsafeBufferPointer { values in
      unsafe keys.withUnsafeMutableBufferPointer { keys in
        guard let v = values.baseAddress, let k = keys.baseAddress else { return }
        switch InstructionSet.current {
        #if !NITAL_PORTABLE
        case .avx512: unsafe _Kernels512.keyRange(v, n, k)
        case .avx2: unsafe _Kernels256.keyRange(v, n, k)
        #endif
        default: unsafe _Kernels128.keyRange(v, n, k)
        }
      }
    }
    guard n > 0 else {
      (least, greatest, isFinite) = (.infinity, -.infinity, true)
      return
    }
    let ends = keys.map { Float(bitPattern: UInt32(bitPattern: $0 ^ (($0 >> 31) & 0x7FFF_FFFF))) }
    (least, greatest) = (ends[0], ends[1])
    isFinite = least.isFinite && greatest.isFinite
  }

  /// Limits values to the range, in place.
  package func limit(_ values: inout [Float]) {
    let n = values.count
    // SAFETY: the kernel changes n values; no pointer outlives the call.
    unsafe values.withUnsafeMutableBufferPointer { values in
      guard let v = values.baseAddress else { return }
      switch InstructionSet.current {
      #if !NITAL_PORTABLE
      case .avx512: unsafe _Kernels512.limitValues(v, n, least, greatest)
      case .avx2: unsafe _Kernels256.limitValues(v, n, least, greatest)
      #endif
      default: unsafe _Kernels128.limitValues(v, n, least, greatest)
      }
    }
  }
}
