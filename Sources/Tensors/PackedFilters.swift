// Filters of a convolution in the order in which the kernels read them, packed once.
//
// Implements: the panels of K. Goto, R. van de Geijn, "Anatomy of high-performance matrix
//   multiplication", ACM Trans. Math. Softw. 34 (2008) 12, section 4.2.3, over (R S C/groups) x K.
// Symbols: a panel is (R S C/groups) rows of `panelWidth` output channels of one group, the last
//   panel of a group filled up with zeros.
// Deviations: none. Checked by: ConvolutionKernelTests. Cost: one copy of the filters.

/// Filters and bias of a convolution, packed once for one algorithm and the instruction set in use.
public struct PackedFilters<Scalar: KernelScalar>: Sendable {
  /// The shape (R, S, C / groups, K) of the filters.
  public let shape: [Int]
  /// The number of groups that they were packed for.
  public let groups: Int
  /// The algorithm that they were packed for: `.direct` or `.im2col`.
  public let algorithm: ConvolutionAlgorithm
  /// Output channels of a panel: two vectors.
  let panelWidth: Int
  /// Panels of a group.
  let panelsPerGroup: Int
  /// For `.direct`: the panels of each group, one after the other.
  let panels: [Scalar]
  /// For `.im2col`: the filters of each group as a matrix (R S C / groups, K / groups).
  let matrices: [PackedMatrix<Scalar>]
  /// The bias: in the order of the panels and filled up with zeros, or shape (K).
  let bias: [Scalar]

  /// Packs filters.
  ///
  /// - Parameters:
  ///   - filters: shape (R, S, C / groups, K).
  ///   - bias: shape (K), or `nil` for zeros.
  ///   - groups: divides K.
  ///   - algorithm: `.im2col`, `.direct`, or `.automatic`, which here means `.direct`.
  /// - Precondition: the shapes fit together; `algorithm` is not `.reference`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public init(
    _ filters: Tensor<Scalar>, bias: Tensor<Scalar>? = nil, groups: Int = 1,
    algorithm: ConvolutionAlgorithm = .automatic
  ) {
    precondition(
      filters.rank == 4 && groups >= 1 && filters.shape[3] % groups == 0,
      "filters have the shape (R, S, C/groups, K), not \(filters.shape) in \(groups) group(s)")
    precondition(algorithm != .reference, "the reference takes filters as they are")
    let K = filters.shape[3]
    precondition(bias.map { $0.shape == [K] } ?? true, "a bias has the shape (\(K))")
    panelWidth = 2 * vectorWidth(of: Scalar.self)
    panelsPerGroup = (K / groups + panelWidth - 1) / panelWidth
    (shape, self.groups) = (filters.shape, groups)
    self.algorithm = algorithm == .im2col ? .im2col : .direct
    if algorithm == .im2col {
      panels = []
      self.bias = bias?.scalars ?? [Scalar](repeating: 0, count: K)
      matrices = packMatrices(filters, groups)
    } else {
      panels = packPanels(filters, groups, panelWidth)
      self.bias = packPanels(
        Tensor(shape: [1, 1, 1, K], scalars: bias?.scalars ?? [Scalar](repeating: 0, count: K)),
        groups, panelWidth)
      matrices = []
    }
  }

  /// Values of a panel.
  var panelLength: Int { shape[0] * shape[1] * shape[2] * panelWidth }

  /// Output channels of panel `panel` of a group that exist.
  func columns(ofPanel panel: Int) -> Int {
    min(panelWidth, shape[3] / groups - panel * panelWidth)
  }
}

/// The panels of filters, one after the other, filled up with zeros.
private func packPanels<Scalar: KernelScalar>(
  _ filters: Tensor<Scalar>, _ groups: Int, _ width: Int
) -> [Scalar] {
  let K = filters.shape[3]
  let (rows, Kg) = (filters.shape[0] * filters.shape[1] * filters.shape[2], K / groups)
  let perGroup = (Kg + width - 1) / width
  var packed = [Scalar](repeating: 0, count: groups * perGroup * rows * width)
  for k in 0..<K {
    let (panel, lane) = (k / Kg * perGroup + k % Kg / width, k % Kg % width)
    for row in 0..<rows {
      packed[(panel * rows + row) * width + lane] = filters.scalars[row * K + k]
    }
  }
  return packed
}

/// The filters of each group as a right-hand matrix of the packed product.
private func packMatrices<Scalar: KernelScalar>(
  _ filters: Tensor<Scalar>, _ groups: Int
) -> [PackedMatrix<Scalar>] {
  let K = filters.shape[3]
  let rows = filters.shape[0] * filters.shape[1] * filters.shape[2]
  return (0..<groups).map { group in
    let Kg = K / groups
    let values = (0..<(rows * Kg)).map { i in
      filters.scalars[i / Kg * K + group * Kg + i % Kg]
    }
    return PackedMatrix(Tensor(shape: [rows, Kg], scalars: values))
  }
}

/// Lanes of a vector of the instruction set in use.
func vectorWidth<Scalar>(of _: Scalar.Type) -> Int {
  (16 << InstructionSet.current.rawValue) / MemoryLayout<Scalar>.stride
}
