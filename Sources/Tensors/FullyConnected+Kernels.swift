// Fully connected layers: a matrix that is read once for all images of a batch.
//
// Implements: the convolution of Convolution+Kernels.swift with images for pixels and one tap, so that
//   each panel of the matrix is one stream through memory.
// Equation -> code: Y[n, j] = b[j] + sum over p of X[n, p] B[p, j], p rising -> `multiply`.
// Symbols: k inputs, n outputs; a panel has `panelWidth` outputs.
// Deviations: a panel is cut into parts that stay in a core's cache while all images take them.
// Checked by: FullyConnectedTests, NetworkTests. Cost: 2 N k n flops; k n values read once.

/// Rows of a panel that all images take one after the other.
private let rowsAtOnce = 2048

/// The rows of `X` times a packed matrix, plus its bias.
///
/// - Parameters:
///   - X: shape (N, k), or any whose images have k values.
///   - B: a matrix (k, n), packed as filters (1, 1, k, n).
///   - rectified: negative results become 0.
/// - Returns: shape (N, n).
package func multiply(
  _ X: Tensor<Float>, _ B: PackedFilters<Float>, rectified: Bool
) -> Tensor<Float> {
  let (N, k, n) = (X.shape[0], B.shape[2], B.shape[3])
  precondition(
    B.shape[0] == 1 && B.shape[1] == 1 && B.algorithm == .direct && B.groups == 1
      && X.count == N * k,
    "cannot multiply \(X.shape) by filters \(B.shape)")
  var result = Tensor<Float>.zeros([N, n])
  guard result.count > 0 else { return result }
  // SAFETY: the arrays hold (N, k) and (N, n) numbers; pieces write different columns.
  unsafe X.scalars.withUnsafeBufferPointer { source in
    unsafe result.scalars.withUnsafeMutableBufferPointer { target in
      guard let source = source.baseAddress, let target = target.baseAddress else { return }
      let from = unsafe SharedPointer(UnsafeMutablePointer(mutating: source))
      let to = unsafe SharedPointer(target)
      parallelFor(B.panelsPerGroup) { panel in
        unsafe multiplyPanel(N, from.pointer, B, panel, to.pointer, rectified)
      }
    }
  }
  return result
}

/// The columns of one panel; those of an incomplete panel in one part.
@unsafe private func multiplyPanel(
  _ N: Int, _ X: UnsafePointer<Float>, _ B: PackedFilters<Float>, _ panel: Int,
  _ Y: UnsafeMutablePointer<Float>, _ rectified: Bool
) {
  let (k, n, columns) = (B.shape[2], B.shape[3], B.columns(ofPanel: panel))
  let part = columns == B.panelWidth ? rowsAtOnce : max(1, k)
  let target = unsafe Y + panel * B.panelWidth
  // SAFETY: the panel holds k rows, the bias a panel's width; the caller guarantees the rest.
  unsafe B.panels.withUnsafeBufferPointer { panels in
    unsafe B.bias.withUnsafeBufferPointer { bias in
      guard let panels = panels.baseAddress, let bias = bias.baseAddress else { return }
      for first in stride(from: 0, to: max(1, k), by: part) {
        let end = min(k, first + part)
        let band = ConvolutionBand(
          rows: 1, inputRowStep: 0, outputRowStep: 0, pixels: N, inputPixelStep: k,
          outputPixelStep: n, outerTaps: 1, outerStep: 0, innerTaps: 1, innerStep: 0,
          channels: end - first, columns: columns, rectifies: rectified && end == k ? 1 : 0,
          biasStep: first == 0 ? 0 : n)
        let start =
          unsafe first == 0 ? bias + panel * B.panelWidth : UnsafePointer(target)
        unsafe multiplyImages(
          band, X + first, panels + (panel * k + first) * B.panelWidth, start, target)
      }
    }
  }
}

/// One part of a panel for all images, a tile's number of them at a time.
@unsafe private func multiplyImages(
  _ band: ConvolutionBand, _ X: UnsafePointer<Float>, _ panel: UnsafePointer<Float>,
  _ start: UnsafePointer<Float>, _ Y: UnsafeMutablePointer<Float>
) {
  let atOnce = 4
  for first in stride(from: 0, to: band.pixels, by: atOnce) {
    var some = band
    some.pixels = min(atOnce, band.pixels - first)
    unsafe convolveBand(
      some, X + first * band.inputPixelStep, panel, start + first * band.biasStep,
      Y + first * band.outputPixelStep)
  }
}

// MARK: - Packing

extension PackedFilters where Scalar == Float {
  /// Packs a matrix whose outputs are handed over some at a time.
  ///
  /// - Parameters:
  ///   - k: inputs.
  ///   - n: outputs.
  ///   - bias: n values.
  ///   - slice: the weights of some outputs, k values each; never more than 8 MB, or one panel.
  /// - Throws: what `slice` throws.
  package init<Fault: Error>(
    inputs k: Int, outputs n: Int, bias: [Float],
    slice: (Range<Int>) throws(Fault) -> [Float]
  ) throws(Fault) {
    self.init(inputs: k, outputs: n, bias: bias)
    let atOnce = max(1, (2 << 20) / max(1, k * panelWidth)) * panelWidth
    for first in stride(from: 0, to: n, by: atOnce) {
      let outputs = first..<min(n, first + atOnce)
      let values = try slice(outputs)
      precondition(values.count == outputs.count * k, "\(values.count) values for \(outputs)")
      fill(values, firstOutput: first, outputs: outputs.count, firstInput: 0, inputs: k, 1, k)
    }
  }

  /// Packs a matrix whose inputs are handed over some at a time.
  ///
  /// - Parameters:
  ///   - k: inputs.
  ///   - n: outputs.
  ///   - bias: n values.
  ///   - rows: the weights of some inputs, n values each; never more than 8 MB, or one row.
  /// - Throws: what `rows` throws.
  package init<Fault: Error>(
    inputs k: Int, outputs n: Int, bias: [Float],
    rows: (Range<Int>) throws(Fault) -> [Float]
  ) throws(Fault) {
    self.init(inputs: k, outputs: n, bias: bias)
    let atOnce = max(1, (2 << 20) / max(1, n))
    for first in stride(from: 0, to: k, by: atOnce) {
      let inputs = first..<min(k, first + atOnce)
      let values = try rows(inputs)
      precondition(values.count == inputs.count * n, "\(values.count) values for \(inputs)")
      fill(values, firstOutput: 0, outputs: n, firstInput: first, inputs: inputs.count, n, 1)
    }
  }

  /// Copies weights into their panels; that of input p and output j lies at p `inputStep` + j
  /// `outputStep`.
  private mutating func fill(
    _ values: [Float], firstOutput: Int, outputs: Int, firstInput: Int, inputs: Int,
    _ inputStep: Int, _ outputStep: Int
  ) {
    let (width, length) = (panelWidth, panelLength)
    // SAFETY: whole panels begin at `firstOutput`; pieces write different ones; the indices of
    // `values` are below the product of both counts.
    unsafe values.withUnsafeBufferPointer { source in
      unsafe panels.withUnsafeMutableBufferPointer { target in
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        let from = unsafe SharedPointer(UnsafeMutablePointer(mutating: source))
        let to = unsafe SharedPointer(target)
        parallelFor((outputs + width - 1) / width) { piece in
          let lanes = min(width, outputs - piece * width)
          let panel = unsafe to.pointer + ((firstOutput / width + piece) * length)
          for p in 0..<inputs {
            let row = unsafe panel + (firstInput + p) * width
            let weights = unsafe from.pointer + (p * inputStep + piece * width * outputStep)
            for lane in 0..<lanes { unsafe row[lane] = weights[lane * outputStep] }
          }
        }
      }
    }
  }
}
