// Pictures as the code of Kitahara & Holm (2018) handed them to its network.
//
// Implements: Keras' `preprocess_input` before `scipy.misc.imresize` (SciPy below 1.3): all values of
//   a picture are stretched from their least ... greatest to 0 ... 255 and rounded down after adding
//   1/2 (`toimage`), then the picture is resized by Pillow's bilinear filter in 8 bits.
// Equation -> code: weight of input x for output k: 1 - |x + 1/2 - (k + 1/2) r| / max(r, 1), where it
//   is positive, divided by the weights' sum, r = inputs / outputs (`triangleTaps`); weights are whole
//   numbers of 2^-22, each of two passes, columns first, is rounded to 8 bits (`resizedBytes`).
// Deviations: none. Checked by: LegacyPreparationTests (golden values of Pillow).
// Cost: 2 multiplications an output and pass.

import Tensors

/// The network's input as the 2018 code made it: whole values from 0 to 255, no mean subtracted.
///
/// - Parameters:
///   - values: shape (H, W, 3), preprocessed.
///   - side: rows and columns of the result.
/// - Returns: shape (side, side, 3).
package func legacyInput(_ values: Tensor<Float>, side: Int) -> Tensor<Float> {
  let resized = resizedBytes(stretchedBytes(values), height: side, width: side)
  return Tensor(shape: resized.shape, scalars: resized.scalars.map { Float($0) })
}

/// Stretches all values to 0...255; a constant picture is black.
package func stretchedBytes(_ values: Tensor<Float>) -> Tensor<UInt8> {
  let least = values.scalars.min() ?? 0
  let range = (values.scalars.max() ?? 0) - least
  let scale = range > 0 ? 255 / range : 1
  return Tensor(
    shape: values.shape,
    scalars: values.scalars.map { UInt8(max(0, min(255, ($0 - least) * scale)) + 0.5) })
}

/// Resizes a picture of bytes by Pillow's bilinear filter.
///
/// - Parameters:
///   - picture: shape (H, W, C).
///   - height: rows of the result.
///   - width: columns of the result.
/// - Returns: shape (height, width, C).
package func resizedBytes(_ picture: Tensor<UInt8>, height: Int, width: Int) -> Tensor<UInt8> {
  let (H, W, C) = (picture.shape[0], picture.shape[1], picture.shape[2])
  var wide = Tensor(repeating: UInt8(0), shape: [H, width, C])
  for (k, taps) in triangleTaps(W, to: width).enumerated() {
    for y in 0..<H {
      for c in 0..<C {
        var sum = 1 << 21
        for (i, weight) in taps.weights.enumerated() {
          sum += weight * Int(picture.scalars[(y * W + taps.first + i) * C + c])
        }
        wide.scalars[(y * width + k) * C + c] = UInt8(max(0, min(255, sum >> 22)))
      }
    }
  }
  var result = Tensor(repeating: UInt8(0), shape: [height, width, C])
  for (k, taps) in triangleTaps(H, to: height).enumerated() {
    for x in 0..<width * C {
      var sum = 1 << 21
      for (i, weight) in taps.weights.enumerated() {
        sum += weight * Int(wide.scalars[(taps.first + i) * width * C + x])
      }
      result.scalars[k * width * C + x] = UInt8(max(0, min(255, sum >> 22)))
    }
  }
  return result
}

/// The first input and the weights, in 2^-22, of each of `outputs` samples.
private func triangleTaps(_ inputs: Int, to outputs: Int) -> [(first: Int, weights: [Int])] {
  let ratio = Double(inputs) / Double(outputs)
  let reach = max(ratio, 1)
  return (0..<outputs).map { k in
    let centre = (Double(k) + 0.5) * ratio
    let first = max(0, Int(centre - reach + 0.5))
    let end = min(inputs, Int(centre + reach + 0.5))
    let shares = (first..<end).map { max(0, 1 - abs((Double($0) + 0.5 - centre) / reach)) }
    let total = shares.reduce(0, +)
    return (first, shares.map { Int(($0 / total * Double(1 << 22)) + 0.5) })
  }
}
