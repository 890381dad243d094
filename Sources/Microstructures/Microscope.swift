// From a section to a picture: edges, lighting, point spread, quanta, camera.
//
// Symbols: r, the section's grey value; I, the light that arrives; q, the quanta that make white.
// Equations: I = r (1 + g (x cos t + y sin t)) (1 - v (x^2 + y^2) / 2), x and y -1 ... 1 across the
//   picture; the noise has the variance I / q + sigma^2 (Poisson noise in its normal limit).
// Deviations: the noise of quanta is normal, not Poisson: q is some hundred at least.
// Checked by: MicrographTests. Cost: 60 ns a pixel, most of it for normal numbers.

import Imaging
import Tensors

extension Section {
  /// The picture that a microscope makes of the section: 8 bits a pixel.
  func picture(
    _ p: MicrographParameters, using generator: inout SeededGenerator
  ) -> Image {
    let look = p.look
    var light = look.microscope == .electron ? greyWithBrightEdges() : grey
    if look.blurPixels > 0 { light = blurred(light, sigma: look.blurPixels) }
    let mean = light.reduce(0) { $0 + Double($1) } / Double(light.count)
    let angle = look.illuminationDegrees * Double.pi / 180
    let (gx, gy) = (
      look.illuminationGradient * cosine(angle), look.illuminationGradient * sine(angle)
    )
    let camera = look.gaussianNoise * look.gaussianNoise
    var samples = [UInt8](repeating: 0, count: light.count)
    for y in 0..<height {
      let v = 2 * (Double(y) + 0.5) / Double(height) - 1
      for x in 0..<width {
        let u = 2 * (Double(x) + 0.5) / Double(width) - 1
        let i = y * width + x
        // Rows count downwards, angles turn upwards.
        let lighting = (1 + gx * u - gy * v) * (1 - look.vignetting * (u * u + v * v) / 2)
        let value = mean + look.contrast * (Double(light[i]) - mean) + look.brightness
        let intensity = max(0, value * lighting)
        let quanta = look.quantaPerPixel > 0 ? intensity / look.quantaPerPixel : 0
        let noise = generator.normal() * (quanta + camera).squareRoot()
        samples[i] = UInt8((min(max(intensity + noise, 0), 1) * 255).rounded(.toNearestOrEven))
      }
    }
    let side = Length(micrometres: p.pixelSizeMicrometres)
    return Image(
      height: height, width: width, channels: 1, samples: .uint8(samples),
      pixelSize: PixelSize(width: side, height: side, source: "synthetic micrograph"))
  }

  /// Slopes of the relief emit more secondary electrons.
  private func greyWithBrightEdges() -> [Float] {
    let smooth = blurred(relief, sigma: 0.8)
    var result = grey
    for y in 0..<height {
      for x in 0..<width {
        let (left, right) = (max(x - 1, 0), min(x + 1, width - 1))
        let (up, down) = (max(y - 1, 0), min(y + 1, height - 1))
        let dx = (smooth[y * width + right] - smooth[y * width + left]) / 2
        let dy = (smooth[down * width + x] - smooth[up * width + x]) / 2
        // The detector sits at the upper left: slopes that face it are brighter.
        result[y * width + x] += 0.35 * (dx * dx + dy * dy).squareRoot() + 0.12 * (dx + dy)
      }
    }
    return result
  }

  /// Convolves with a Gaussian, the picture mirrored at its edges.
  private func blurred(_ values: [Float], sigma: Double) -> [Float] {
    let radius = max(1, Int(3 * sigma + 0.5))
    var taps = (-radius...radius).map { exponential(-0.5 * Double($0 * $0) / (sigma * sigma)) }
    let sum = taps.reduce(0, +)
    taps = taps.map { $0 / sum }
    func weights(_ n: Int) -> AxisWeights {
      AxisWeights(
        inputs: n,
        rows: (0..<n).map { k in
          taps.enumerated().map { (mirrored(k + $0.offset - radius, n), $0.element) }
        }, bias: Array(repeating: 0, count: n))
    }
    // Taken as one row of `height` pixels with `width` channels: sums of the same bits everywhere.
    let rows = weights(height).appliedToColumns(of: values, height: 1, channels: width)
    return weights(width).appliedToColumns(of: rows, height: height, channels: 1)
  }
}

/// The index that `i` stands for when n samples are mirrored about the edges of the picture.
private func mirrored(_ i: Int, _ n: Int) -> Int {
  let m = ((i % (2 * n)) + 2 * n) % (2 * n)
  return m < n ? m : 2 * n - 1 - m
}
