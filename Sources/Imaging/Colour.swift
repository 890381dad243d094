// Colour spaces: sRGB, linear RGB, CIE XYZ and CIE L*a*b*.
//
// Implements: IEC 61966-2-1:1999 (the sRGB curve); CIE 15:2004, section 8.2.1 (L*a*b*); the matrix
//   and the constants are those of scikit-image's `skimage.color`.
// Equation -> code: the sRGB curve (`linear(fromSRGB:)`, `sRGB(fromLinear:)`); XYZ = M RGB
//   (`xyz(fromSRGB:)`); L* = 116 f(Y) - 16, a* = 500 (f(X) - f(Y)), b* = 200 (f(Y) - f(Z)) with
//   f(t) = cube root of t above 0.008856, 7.787 t + 16/116 below (`lab(fromXYZ:)`).
// Symbols: X Y Z relative to the white point D65, 2 degrees: (0.95047, 1, 1.08883).
// Deviations: scikit-image warns about a negative Z on the way back and sets it to 0; here it is
//   set to 0 without a warning.
// Checked by: ColourTests (golden values of scikit-image 0.26). Cost: three powers a pixel.

import Tensors

/// Conversions between colour spaces; every tensor has three channels, shape (H, W, 3).
public enum Colour {
  /// sRGB 0...1 as linear RGB 0...1: the display curve undone.
  ///
  /// - Precondition: the last extent is 3.
  public static func linear(fromSRGB image: Tensor<Float>) -> Tensor<Float> {
    eachPixel(of: image) { SIMD3(linearValue($0.x), linearValue($0.y), linearValue($0.z)) }
  }

  /// Linear RGB 0...1 as sRGB 0...1: the display curve applied.
  ///
  /// - Precondition: the last extent is 3.
  public static func sRGB(fromLinear image: Tensor<Float>) -> Tensor<Float> {
    eachPixel(of: image) { SIMD3(displayValue($0.x), displayValue($0.y), displayValue($0.z)) }
  }

  /// sRGB 0...1 as CIE XYZ, white at (0.950456, 1, 1.088754).
  ///
  /// - Precondition: the last extent is 3.
  public static func xyz(fromSRGB image: Tensor<Float>) -> Tensor<Float> {
    eachPixel(of: image, xyzPixel)
  }

  /// CIE XYZ as sRGB, limited to 0...1.
  ///
  /// - Precondition: the last extent is 3.
  public static func sRGB(fromXYZ image: Tensor<Float>) -> Tensor<Float> {
    eachPixel(of: image, sRGBPixel)
  }

  /// CIE XYZ as L*a*b* for the white point D65: L* 0...100, a* and b* about -128...127.
  ///
  /// - Precondition: the last extent is 3.
  public static func lab(fromXYZ image: Tensor<Float>) -> Tensor<Float> {
    eachPixel(of: image, labPixel)
  }

  /// L*a*b* for the white point D65 as CIE XYZ.
  ///
  /// - Precondition: the last extent is 3.
  public static func xyz(fromLab image: Tensor<Float>) -> Tensor<Float> {
    eachPixel(of: image, xyzOfLab)
  }

  /// sRGB 0...1 as L*a*b* for the white point D65.
  ///
  /// - Precondition: the last extent is 3.
  public static func lab(fromSRGB image: Tensor<Float>) -> Tensor<Float> {
    eachPixel(of: image) { labPixel(xyzPixel($0)) }
  }

  /// One pixel: sRGB 0...1 as L*a*b* for the white point D65, in double precision.
  static func lab(fromSRGB pixel: SIMD3<Double>) -> SIMD3<Double> { labPixel(xyzPixel(pixel)) }

  /// One value: sRGB 0...1 as linear 0...1, in double precision.
  static func linear(fromSRGB value: Double) -> Double { linearValue(value) }

  /// L*a*b* for the white point D65 as sRGB, limited to 0...1.
  ///
  /// - Precondition: the last extent is 3.
  public static func sRGB(fromLab image: Tensor<Float>) -> Tensor<Float> {
    eachPixel(of: image) { sRGBPixel(xyzOfLab($0)) }
  }

  /// sRGB 0...1 as hue, saturation and value, each 0...1.
  ///
  /// - Precondition: the last extent is 3.
  public static func hsv(fromSRGB image: Tensor<Float>) -> Tensor<Float> {
    eachPixel(of: image) {
      let colour = HSV(red: $0.x, green: $0.y, blue: $0.z)
      return SIMD3(colour.hue, colour.saturation, colour.value)
    }
  }

  /// Hue, saturation and value, each 0...1, as sRGB 0...1.
  ///
  /// - Precondition: the last extent is 3.
  public static func sRGB(fromHSV image: Tensor<Float>) -> Tensor<Float> {
    eachPixel(of: image) {
      let (r, g, b) = HSV(hue: $0.x, saturation: $0.y, value: $0.z).rgb
      return SIMD3(r, g, b)
    }
  }
}

/// The image of every pixel, computed in double precision.
private func eachPixel(
  of image: Tensor<Float>, _ convert: (SIMD3<Double>) -> SIMD3<Double>
) -> Tensor<Float> {
  precondition(
    image.rank == 3 && image.shape[2] == 3, "colours have shape (H, W, 3), not \(image.shape)")
  var result = image.scalars
  for p in stride(from: 0, to: result.count, by: 3) {
    let c = convert(SIMD3(Double(result[p]), Double(result[p + 1]), Double(result[p + 2])))
    result[p] = Float(c.x)
    result[p + 1] = Float(c.y)
    result[p + 2] = Float(c.z)
  }
  return Tensor(shape: image.shape, scalars: result)
}

private let white = SIMD3(0.95047, 1, 1.08883)

/// The columns of the matrix from linear RGB to XYZ.
private let xyzOfRed = SIMD3(0.412453, 0.212671, 0.019334)
private let xyzOfGreen = SIMD3(0.357580, 0.715160, 0.119193)
private let xyzOfBlue = SIMD3(0.180423, 0.072169, 0.950227)

private func linearValue(_ s: Double) -> Double {
  s > 0.04045 ? power((s + 0.055) / 1.055, 2.4) : s / 12.92
}

private func displayValue(_ l: Double) -> Double {
  l > 0.0031308 ? 1.055 * power(l, 1 / 2.4) - 0.055 : l * 12.92
}

private func xyzPixel(_ s: SIMD3<Double>) -> SIMD3<Double> {
  xyzOfRed * linearValue(s.x) + xyzOfGreen * linearValue(s.y) + xyzOfBlue * linearValue(s.z)
}

private func sRGBPixel(_ xyz: SIMD3<Double>) -> SIMD3<Double> {
  // Cramer's rule on the matrix whose columns are the three primaries.
  let determinant = dot(xyzOfRed, cross(xyzOfGreen, xyzOfBlue))
  let rgb = SIMD3(
    displayValue(dot(xyz, cross(xyzOfGreen, xyzOfBlue)) / determinant),
    displayValue(dot(xyzOfRed, cross(xyz, xyzOfBlue)) / determinant),
    displayValue(dot(xyzOfRed, cross(xyzOfGreen, xyz)) / determinant))
  return rgb.clamped(lowerBound: .zero, upperBound: .one)
}

private func labPixel(_ xyz: SIMD3<Double>) -> SIMD3<Double> {
  let t = xyz / white
  let (fx, fy, fz) = (labCurve(t.x), labCurve(t.y), labCurve(t.z))
  return SIMD3(116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz))
}

private func labCurve(_ t: Double) -> Double {
  t > 0.008856 ? cubeRoot(t) : 7.787 * t + 16.0 / 116
}

private func xyzOfLab(_ lab: SIMD3<Double>) -> SIMD3<Double> {
  let fy = (lab.x + 16) / 116
  let fx = lab.y / 500 + fy
  let fz = max(fy - lab.z / 200, 0)
  return SIMD3(labCurveUndone(fx), labCurveUndone(fy), labCurveUndone(fz)) * white
}

private func labCurveUndone(_ f: Double) -> Double {
  f > 0.2068966 ? f * f * f : (f - 16.0 / 116) / 7.787
}

private func dot(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double { (a * b).sum() }

private func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
  SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
}
