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

/// Where batch normalisation takes the larger of a value and 0.
public enum NormalisedRectification: Sendable {
  /// Nowhere.
  case none
  /// Of its input: it normalises max(x, 0).
  case before
  /// Of its result.
  case after
}

/// What the loops over pixels read of each channel.
private struct ChannelNumbers<Scalar: KernelScalar>: Sendable {
  let C: Int
  /// Four numbers a channel, one kind after the other.
  private let numbers: [Scalar]
  /// Below these, inputs and results count as these.
  let inputFloor, resultFloor: Scalar

  init(
    _ a: [Scalar], _ b: [Scalar], _ c: [Scalar], _ d: [Scalar], _ kind: NormalisedRectification
  ) {
    precondition(a.count == b.count && b.count == c.count && c.count == d.count)
    (C, numbers) = (a.count, a + b + c + d)
    inputFloor = kind == .before ? 0 : -Scalar.infinity
    resultFloor = kind == .after ? 0 : -Scalar.infinity
  }

  /// Calls `body` with the four numbers of all channels.
  @inline(__always)
  func read(
    _ body: (
      UnsafePointer<Scalar>, UnsafePointer<Scalar>, UnsafePointer<Scalar>, UnsafePointer<Scalar>
    ) -> Void
  ) {
    unsafe numbers.withUnsafeBufferPointer { buffer in
      guard let p = buffer.baseAddress else { return }
      unsafe body(p, p + C, p + 2 * C, p + 3 * C)
    }
  }
}

/// The normalised values of `x` written over `y` of the same shape.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func normaliseChannels<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>, mean: [Scalar], scale: [Scalar], shift: [Scalar],
  rectification: NormalisedRectification = .none, into y: inout Tensor<Scalar>
) {
  let C = x.shape.last ?? 1
  precondition(y.shape == x.shape && min(mean.count, scale.count, shift.count) == C, "\(x.shape)")
  guard x.count > 0 else { return }
  let size = max(1, pieceValues / C) * C
  let numbers = ChannelNumbers(mean, scale, shift, shift, rectification)
  // SAFETY: chunks of `y` and the values of `x` at the same places; C values of each parameter.
  unsafe x.scalars.withUnsafeBufferPointer { source in
    guard let base = source.baseAddress else { return }
    let from = unsafe SharedPointer(UnsafeMutablePointer(mutating: base))
    parallelForEachChunk(of: &y.scalars, size: size) { piece, chunk in
      unsafe chunk.withUnsafeMutableBufferPointer { buffer in
        guard let y = buffer.baseAddress else { return }
        for p in 0..<(buffer.count / C) {
          unsafe normalisePixel(numbers, from.pointer + piece * size + p * C, y + p * C)
        }
      }
    }
  }
}

@inline(__always)
@unsafe private func normalisePixel<Scalar: KernelScalar>(
  _ numbers: ChannelNumbers<Scalar>, _ x: UnsafePointer<Scalar>, _ y: UnsafeMutablePointer<Scalar>
) {
  let (low, least) = (numbers.inputFloor, numbers.resultFloor)
  unsafe numbers.read { m, a, b, _ in
    forLanes(Scalar.self, numbers.C) { c in
      let v = atLeast(low, unsafe lanes(x + c))
      let w = unsafe (v - lanes(m + c)) * lanes(a + c) + lanes(b + c)
      unsafe store(atLeast(least, w), y + c)
    } single: { c in
      let v = unsafe ((x[c] < low ? low : x[c]) - m[c]) * a[c] + b[c]
      unsafe y[c] = v < least ? least : v
    }
  }
}

/// dx = scale dy - offset - (x - mean) slope of each channel, written over dy.
///
/// With `.before`, x stands for max(x, 0), and dx is 0 where x is not above 0. With `.after`, dy counts
/// only where (x - mean) scale + shift is above 0.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func normalisationGradient<Scalar: KernelScalar>(
  _ dy: inout Tensor<Scalar>, _ x: Tensor<Scalar>, mean: [Scalar], scale: [Scalar],
  offset: [Scalar], slope: [Scalar], shift: [Scalar] = [],
  rectification: NormalisedRectification = .none
) {
  let C = x.shape.last ?? 1
  precondition(
    dy.count == x.count && min(mean.count, scale.count, offset.count, slope.count) == C
      && (rectification != .after || shift.count == C), "\(dy.shape) and \(x.shape)")
  guard x.count > 0 else { return }
  let size = max(1, pieceValues / C) * C
  let numbers = ChannelNumbers(mean, scale, offset, slope, rectification)
  // SAFETY: chunks of `dy` and the values of `x` at the same places; C values of each parameter.
  unsafe x.scalars.withUnsafeBufferPointer { source in
    unsafe shift.withUnsafeBufferPointer { shift in
      guard let base = source.baseAddress else { return }
      let from = unsafe SharedPointer(UnsafeMutablePointer(mutating: base))
      let added = unsafe SharedPointer(UnsafeMutablePointer(mutating: shift.baseAddress ?? base))
      parallelForEachChunk(of: &dy.scalars, size: size) { piece, chunk in
        unsafe chunk.withUnsafeMutableBufferPointer { buffer in
          guard let d = buffer.baseAddress else { return }
          for p in 0..<(buffer.count / C) {
            let row = unsafe from.pointer + piece * size + p * C
            switch rectification {
            case .none: unsafe pixelGradient(numbers, row, d + p * C)
            case .before: unsafe rectifiedPixelGradient(numbers, row, d + p * C)
            case .after:
              unsafe keepPositive(numbers, row, added.pointer, d + p * C)
              unsafe pixelGradient(numbers, row, d + p * C)
            }
          }
        }
      }
    }
  }
}

@inline(__always)
@unsafe private func pixelGradient<Scalar: KernelScalar>(
  _ numbers: ChannelNumbers<Scalar>, _ x: UnsafePointer<Scalar>, _ d: UnsafeMutablePointer<Scalar>
) {
  unsafe numbers.read { m, a, b, s in
    forLanes(Scalar.self, numbers.C) { c in
      let (v, w): (Scalar.Lanes, Scalar.Lanes) = unsafe (lanes(x + c), lanes(d + c))
      unsafe store(lanes(a + c) * w - lanes(b + c) - (v - lanes(m + c)) * lanes(s + c), d + c)
    } single: { c in
      unsafe d[c] = a[c] * d[c] - b[c] - (x[c] - m[c]) * s[c]
    }
  }
}

/// As `pixelGradient`, and 0 where x is not above 0.
@inline(__always)
@unsafe private func rectifiedPixelGradient<Scalar: KernelScalar>(
  _ numbers: ChannelNumbers<Scalar>, _ x: UnsafePointer<Scalar>, _ d: UnsafeMutablePointer<Scalar>
) {
  unsafe pixelGradient(numbers, x, d)
  forLanes(Scalar.self, numbers.C) { c in
    let (v, w): (Scalar.Lanes, Scalar.Lanes) = unsafe (lanes(x + c), lanes(d + c))
    unsafe store(kept(Scalar.self, w, wherePositive: v), d + c)
  } single: { c in
    if unsafe !(x[c] > 0) { unsafe d[c] = 0 }
  }
}

/// Sets d to 0 where (x - mean) scale + shift is not above 0.
@inline(__always)
@unsafe private func keepPositive<Scalar: KernelScalar>(
  _ numbers: ChannelNumbers<Scalar>, _ x: UnsafePointer<Scalar>, _ shift: UnsafePointer<Scalar>,
  _ d: UnsafeMutablePointer<Scalar>
) {
  unsafe numbers.read { m, a, _, _ in
    forLanes(Scalar.self, numbers.C) { c in
      let (v, w): (Scalar.Lanes, Scalar.Lanes) = unsafe (lanes(x + c), lanes(d + c))
      let y = unsafe (v - lanes(m + c)) * lanes(a + c) + lanes(shift + c)
      unsafe store(kept(Scalar.self, w, wherePositive: y), d + c)
    } single: { c in
      if unsafe !((x[c] - m[c]) * a[c] + shift[c] > 0) { unsafe d[c] = 0 }
    }
  }
}
