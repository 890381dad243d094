// How a convolution's window moves over its input, and the shapes that follow.
//
// Equation -> code: output extent = floor((H + before + after - dilation (R - 1) - 1) / stride) + 1
//   -> `outputExtent`, the only place where it is computed.
// Deviations: none. Checked by: ConvolutionKernelTests.

/// Stride, zero padding, dilation and groups of a convolution, or of a pooling window.
public struct ConvolutionGeometry: Sendable, Hashable {
  /// Distance between neighbouring windows along rows (y), in input pixels, at least 1.
  public var strideY: Int
  /// Distance between neighbouring windows along columns (x), in input pixels, at least 1.
  public var strideX: Int
  /// Rows of zeros above the input.
  public var paddingTop: Int
  /// Rows of zeros below the input.
  public var paddingBottom: Int
  /// Columns of zeros left of the input.
  public var paddingLeft: Int
  /// Columns of zeros right of the input.
  public var paddingRight: Int
  /// Distance between the rows of the filter on the input, at least 1.
  public var dilationY: Int
  /// Distance between the columns of the filter on the input, at least 1.
  public var dilationX: Int
  /// The number of groups that channels are cut into; each group sees its own inputs only.
  public var groups: Int

  /// The same stride, padding and dilation along both axes and on all sides.
  ///
  /// - Precondition: strides, dilations and groups are at least 1, the padding is not negative.
  public init(stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1) {
    self.init(
      strideY: stride, strideX: stride, paddingTop: padding, paddingBottom: padding,
      paddingLeft: padding, paddingRight: padding, dilationY: dilation, dilationX: dilation,
      groups: groups)
  }

  /// Every number by itself.
  ///
  /// - Precondition: strides, dilations and groups are at least 1, no padding is negative.
  public init(
    strideY: Int, strideX: Int, paddingTop: Int, paddingBottom: Int, paddingLeft: Int,
    paddingRight: Int, dilationY: Int = 1, dilationX: Int = 1, groups: Int = 1
  ) {
    precondition(
      min(strideY, strideX, dilationY, dilationX, groups) >= 1
        && min(paddingTop, paddingBottom, paddingLeft, paddingRight) >= 0,
      "strides, dilations and groups start at 1, paddings at 0")
    self.strideY = strideY
    self.strideX = strideX
    self.paddingTop = paddingTop
    self.paddingBottom = paddingBottom
    self.paddingLeft = paddingLeft
    self.paddingRight = paddingRight
    self.dilationY = dilationY
    self.dilationX = dilationX
    self.groups = groups
  }

  /// The geometry with stride 1 whose output is as large as its input.
  ///
  /// With an even extent the extra row or column of zeros comes after the input.
  public static func same(filterHeight R: Int, filterWidth S: Int, dilation: Int = 1) -> Self {
    let (y, x) = (dilation * (R - 1), dilation * (S - 1))
    return Self(
      strideY: 1, strideX: 1, paddingTop: y / 2, paddingBottom: y - y / 2, paddingLeft: x / 2,
      paddingRight: x - x / 2, dilationY: dilation, dilationX: dilation)
  }

  /// The number of output rows for `H` input rows and a filter of `R` rows; 0 when none fits.
  public func outputHeight(_ H: Int, filterHeight R: Int) -> Int {
    outputExtent(H + paddingTop + paddingBottom, R, strideY, dilationY)
  }

  /// The number of output columns for `W` input columns and a filter of `S` columns.
  public func outputWidth(_ W: Int, filterWidth S: Int) -> Int {
    outputExtent(W + paddingLeft + paddingRight, S, strideX, dilationX)
  }

  private func outputExtent(_ padded: Int, _ filter: Int, _ stride: Int, _ dilation: Int) -> Int {
    let room = padded - dilation * (filter - 1) - 1
    return room < 0 ? 0 : room / stride + 1
  }

  /// The shape (N, outputHeight, outputWidth, K) of a convolution's result.
  ///
  /// - Parameters:
  ///   - input: shape (N, H, W, C).
  ///   - filters: shape (R, S, C / groups, K).
  /// - Precondition: the channels fit together.
  /// - Returns: the shape; an extent is 0 where no window fits.
  public func outputShape(input: [Int], filters: [Int]) -> [Int] {
    precondition(
      input.count == 4 && filters.count == 4,
      "a convolution needs (N, H, W, C) and (R, S, C/groups, K), not \(input) and \(filters)")
    precondition(
      input[3] == filters[2] * groups && filters[3] % groups == 0 && filters[0] >= 1
        && filters[1] >= 1,
      "input \(input) and filters \(filters) do not fit together in \(groups) group(s)")
    return [
      input[0], outputHeight(input[1], filterHeight: filters[0]),
      outputWidth(input[2], filterWidth: filters[1]), filters[3],
    ]
  }
}
