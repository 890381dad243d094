// Affine maps of each channel: what batch normalisation does to pixels, forward and backward.
//
// Implements: S. Ioffe, C. Szegedy, "Batch normalization", ICML 2015, section 3.
// Equation -> code: y = (x - mean) scale + shift -> normaliseChannels;
//   dx = scale dy - offset - (x - mean) slope -> normalisationGradient (see BatchNormalisation.swift).
// Symbols: C -> channels, the fastest index.
// Deviations: none. Checked by: TrainingLoopTests. Cost: one pass over memory each, parallel.

/// Values of one piece of parallel work, rounded to whole pixels.
private let pieceValues = 1 << 17

/// y = (x - mean) scale + shift of each channel, in place.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func normaliseChannels<Scalar: KernelScalar>(
  _ x: inout Tensor<Scalar>, mean: [Scalar], scale: [Scalar], shift: [Scalar]
) {
  let C = x.shape.last ?? 1
  precondition(mean.count == C && scale.count == C && shift.count == C, "\(x.shape)")
  guard x.count > 0 else { return }
  parallelForEachChunk(of: &x.scalars, size: max(1, pieceValues / C) * C) { _, chunk in
    // SAFETY: a chunk consists of whole pixels; the three arrays hold C values each.
    unsafe chunk.withUnsafeMutableBufferPointer { buffer in
      unsafe mean.withUnsafeBufferPointer { mean in
        unsafe scale.withUnsafeBufferPointer { scale in
          unsafe shift.withUnsafeBufferPointer { shift in
            guard let x = buffer.baseAddress, let m = mean.baseAddress,
              let a = scale.baseAddress, let b = shift.baseAddress
            else { return }
            for p in 0..<(buffer.count / C) {
              let row = unsafe x + p * C
              for c in 0..<C { unsafe row[c] = (row[c] - m[c]) * a[c] + b[c] }
            }
          }
        }
      }
    }
  }
}

/// The normalised values of `x`, or of max(x, 0) where `rectified`, written over `y` of the same
/// shape.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func normaliseChannels<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>, mean: [Scalar], scale: [Scalar], shift: [Scalar],
  rectified: Bool = false, into y: inout Tensor<Scalar>
) {
  let C = x.shape.last ?? 1
  precondition(y.shape == x.shape && min(mean.count, scale.count, shift.count) == C, "\(x.shape)")
  guard x.count > 0 else { return }
  let size = max(1, pieceValues / C) * C
  let floor = rectified ? 0 : -Scalar.infinity
  // SAFETY: chunks of `y` and the values of `x` at the same places; C values of each parameter.
  unsafe x.scalars.withUnsafeBufferPointer { source in
    guard let base = source.baseAddress else { return }
    let from = unsafe SharedPointer(UnsafeMutablePointer(mutating: base))
    parallelForEachChunk(of: &y.scalars, size: size) { piece, chunk in
      unsafe chunk.withUnsafeMutableBufferPointer { buffer in
        unsafe mean.withUnsafeBufferPointer { mean in
          unsafe scale.withUnsafeBufferPointer { scale in
            unsafe shift.withUnsafeBufferPointer { shift in
              guard let y = buffer.baseAddress, let m = mean.baseAddress,
                let a = scale.baseAddress, let b = shift.baseAddress
              else { return }
              let x = unsafe from.pointer + piece * size
              for p in 0..<(buffer.count / C) {
                let (to, row) = unsafe (y + p * C, x + p * C)
                for c in 0..<C {
                  unsafe to[c] = ((row[c] < floor ? floor : row[c]) - m[c]) * a[c] + b[c]
                }
              }
            }
          }
        }
      }
    }
  }
}

/// dx = scale dy - offset - (x - mean) slope of each channel, written over dy.
///
/// Where `rectified`, x stands for max(x, 0), and dx is 0 where x is not above 0.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func normalisationGradient<Scalar: KernelScalar>(
  _ dy: inout Tensor<Scalar>, _ x: Tensor<Scalar>, mean: [Scalar], scale: [Scalar],
  offset: [Scalar], slope: [Scalar], rectified: Bool = false
) {
  let C = x.shape.last ?? 1
  precondition(
    dy.count == x.count && min(mean.count, scale.count, offset.count, slope.count) == C,
    "\(dy.shape) and \(x.shape)")
  guard x.count > 0 else { return }
  let size = max(1, pieceValues / C) * C
  let parameters = mean + scale + offset + slope
  // SAFETY: chunks of `dy` and the values of `x` at the same places; 4 C parameters.
  unsafe x.scalars.withUnsafeBufferPointer { source in
    guard let base = source.baseAddress else { return }
    let from = unsafe SharedPointer(UnsafeMutablePointer(mutating: base))
    parallelForEachChunk(of: &dy.scalars, size: size) { piece, chunk in
      unsafe chunk.withUnsafeMutableBufferPointer { buffer in
        unsafe parameters.withUnsafeBufferPointer { parameters in
          guard let d = buffer.baseAddress, let m = parameters.baseAddress else { return }
          let (a, b, s) = unsafe (m + C, m + 2 * C, m + 3 * C)
          let x = unsafe from.pointer + piece * size
          for p in 0..<(buffer.count / C) {
            let (to, row) = unsafe (d + p * C, x + p * C)
            if rectified {
              for c in 0..<C {
                let value = unsafe a[c] * to[c] - b[c] - (row[c] - m[c]) * s[c]
                unsafe to[c] = row[c] > 0 ? value : 0
              }
            } else {
              for c in 0..<C {
                unsafe to[c] = a[c] * to[c] - b[c] - (row[c] - m[c]) * s[c]
              }
            }
          }
        }
      }
    }
  }
}
