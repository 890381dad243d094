// Resizing of pictures by spline interpolation.
//
// Implements: M. Unser, A. Aldroubi, M. Eden, "B-Spline Signal Processing", IEEE Trans. Signal
//   Process. 41 (1993) 821, with the rules of scikit-image 0.26 (`skimage.transform.resize`), which
//   are those of SciPy's `ndimage.zoom` in grid mode.
// Equation -> code: output pixel k reads the position (k + 1/2) n / m - 1/2 (`eachSplineTap`);
//   B-splines of order 0, 1, 3 (`basis`); order 3 first solves (c[i-1] + 4 c[i] + c[i+1]) / 6 = f[i]
//   (`splineCoefficients`); anti-aliasing convolves with a Gaussian of sigma (n / m - 1) / 2, cut at
//   round(4 sigma) (`gaussianTaps`).
// Symbols: n samples become m; f samples, c spline coefficients.
// Deviations: SciPy filters the coefficients recursively, here the tridiagonal system is solved;
//   for orders 0 and 1 the Gaussian and the spline are one table of weights. Single precision.
// Checked by: ResizeTests (golden values of scikit-image 0.26, twin `resizeReference`).
// Cost: 2 T flops an output and axis, T the number of taps: 2 for order 1 without anti-aliasing.

import Tensors

/// How a picture goes on beyond its edges; the names are NumPy's.
public enum BoundaryMode: String, CaseIterable, Sendable {
  /// A constant value.
  case constant
  /// The value at the edge.
  case edge
  /// Mirrored about the edge of the last pixel, which occurs twice.
  case symmetric
  /// Mirrored about the centre of the last pixel, which occurs once.
  case reflect
  /// Repeated from the other side.
  case wrap
}

/// The settings of a change of size.
public struct ResizeOptions: Equatable, Sendable {
  /// The order of the interpolating spline.
  public enum Order: Int, CaseIterable, Sendable {
    /// The nearest pixel.
    case nearest = 0
    /// Linear between pixel centres.
    case linear = 1
    /// A cubic spline through the pixel centres.
    case cubic = 3
  }

  /// The order of the spline.
  public var order: Order
  /// How the picture goes on beyond its edges.
  public var mode: BoundaryMode
  /// The value beyond the edges in the mode `constant`.
  public var constant: Float
  /// Whether a Gaussian is applied before; `nil` for yes where an axis becomes shorter.
  ///
  /// scikit-image leaves it out too for whole numbers of order 0, class labels for instance: say
  /// `false` for them.
  public var antiAliasing: Bool?
  /// Whether the result is limited to the range of the input, which cubic splines may leave.
  public var isClipped: Bool

  /// Settings; the defaults are those of scikit-image for grey values.
  public init(
    order: Order = .linear, mode: BoundaryMode = .reflect, constant: Float = 0,
    antiAliasing: Bool? = nil, isClipped: Bool = true
  ) {
    self.order = order
    self.mode = mode
    self.constant = constant
    self.antiAliasing = antiAliasing
    self.isClipped = isClipped
  }
}

/// Changes the number of pixels of a picture.
///
/// - Parameters:
///   - image: shape (H, W) or (H, W, C), any range; the range is kept.
///   - height: the number of rows of the result, at least 1.
///   - width: the number of columns of the result, at least 1.
///   - options: order, edges, anti-aliasing.
/// - Returns: shape (height, width) or (height, width, C).
/// - Throws: `ImagingError` for NaN, infinity, and a picture without pixels.
/// - Precondition: the extents are at least 1, the shape is one of those above.
/// - Complexity: linear in the number of pixels of the larger picture.
public func resize(
  _ image: Tensor<Float>, height: Int, width: Int, options: ResizeOptions = ResizeOptions()
) throws(ImagingError) -> Tensor<Float> {
  precondition(
    (image.rank == 2 || image.rank == 3) && height >= 1 && width >= 1,
    "cannot resize shape \(image.shape) to (\(height), \(width))")
  let (H, W, C) = (image.shape[0], image.shape[1], image.rank == 3 ? image.shape[2] : 1)
  guard H >= 1, W >= 1, C >= 1 else { throw .tooSmall(height: H, width: W, needed: "1 x 1") }
  let range = ValueRange(of: image.scalars)
  guard range.isFinite else { throw .notFinite(index: image.firstNonFinite ?? 0) }
  if height == H && width == W { return image }

  let smooths = options.antiAliasing ?? (height < H || width < W)
  var grid = PixelGrid(height: H, width: W, channels: C, values: image.scalars)
  if options.order == .cubic {
    if smooths { grid.smooth(forHeight: height, width: width, options) }
    grid.resampleCubic(height: height, width: width, options)
  } else {
    grid.apply(
      rows: ResampledAxis(H, to: height, options, smooths: smooths).weights,
      columns: ResampledAxis(W, to: width, options, smooths: smooths).weights)
  }
  if options.isClipped { grid.limit(to: range, options) }
  let shape = image.rank == 3 ? [height, width, C] : [height, width]
  return Tensor(shape: shape, scalars: grid.values)
}

/// A picture between the steps of a change of size.
private struct PixelGrid {
  var height: Int
  var width: Int
  let channels: Int
  var values: [Float]

  /// Applies one map to the columns and one to the rows, the one that leaves fewer pixels first.
  mutating func apply(rows: AxisWeights, columns: AxisWeights) {
    if rows.outputs * columns.inputs <= rows.inputs * columns.outputs {
      values = rows.appliedToRows(of: values, rowLength: width * channels)
      values = columns.appliedToColumns(of: values, height: rows.outputs, channels: channels)
    } else {
      values = columns.appliedToColumns(of: values, height: height, channels: channels)
      values = rows.appliedToRows(of: values, rowLength: columns.outputs * channels)
    }
    (height, width) = (rows.outputs, columns.outputs)
  }

  /// Convolves with the Gaussians of both axes.
  mutating func smooth(forHeight m: Int, width k: Int, _ options: ResizeOptions) {
    apply(
      rows: ResampledAxis(smoothing: height, for: m, options).weights,
      columns: ResampledAxis(smoothing: width, for: k, options).weights)
  }

  /// Interpolates by a cubic spline.
  mutating func resampleCubic(height m: Int, width k: Int, _ options: ResizeOptions) {
    let margin = options.mode.splineMargin
    let (H, W) = (height, width)
    pad(margin, options)
    let mirrorsAtEdge = options.mode == .symmetric || options.mode == .edge
    splineCoefficients(&values, height, mirrorsAtEdge)
    transpose()
    splineCoefficients(&values, height, mirrorsAtEdge)
    transpose()
    apply(
      rows: ResampledAxis(H, to: m, options, smooths: false, margin: margin).weights,
      columns: ResampledAxis(W, to: k, options, smooths: false, margin: margin).weights)
  }

  /// Goes on beyond the edges by `margin` pixels.
  private mutating func pad(_ margin: Int, _ options: ResizeOptions) {
    guard margin > 0 else { return }
    apply(
      rows: ResampledAxis(padding: height, by: margin, options).weights,
      columns: ResampledAxis(padding: width, by: margin, options).weights)
  }

  /// Swaps rows and columns.
  private mutating func transpose() {
    let (H, W, C) = (height, width, channels)
    var result = [Float](repeating: 0, count: values.count)
    for y in 0..<H {
      for x in 0..<W {
        for c in 0..<C { result[(x * H + y) * C + c] = values[(y * W + x) * C + c] }
      }
    }
    values = result
    (height, width) = (W, H)
  }

  /// Limits the values to the range of the input, and to the constant where it is read.
  mutating func limit(to input: ValueRange, _ options: ResizeOptions) {
    var range = input
    if options.mode == .constant {
      let output = ValueRange(of: values)
      if output.least <= options.constant && options.constant <= output.greatest {
        range.least = min(range.least, options.constant)
        range.greatest = max(range.greatest, options.constant)
      }
    }
    range.limit(&values)
  }
}

/// Solves for the coefficients of the cubic spline through the rows of `values`, in place.
///
/// With `mirrorsAtEdge` they are mirrored about the edge of the last pixel, else about its centre.
private func splineCoefficients(_ values: inout [Float], _ n: Int, _ mirrorsAtEdge: Bool) {
  guard n > 1 else { return }
  var lower = [Double](repeating: 1, count: n)
  var diagonal = [Double](repeating: 4, count: n)
  var upper = lower
  if mirrorsAtEdge {
    diagonal[0] = 5
    diagonal[n - 1] = 5
  } else {
    upper[0] = 2
    lower[n - 1] = 2
  }
  lower[0] = 0
  upper[n - 1] = 0
  TridiagonalSystem(lower: lower, diagonal: diagonal, upper: upper).solve(&values, scale: 6)
}

extension BoundaryMode {
  /// How many pixels are added on each side before a cubic spline is fitted: where the edge is not a
  /// mirror, its trace is below 2e-7 after 12 pixels, and below 1e-9 after 16.
  fileprivate var splineMargin: Int {
    switch self {
    case .reflect, .symmetric: 0
    case .edge, .constant: 12
    case .wrap: 16
    }
  }
}
