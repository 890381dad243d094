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
  /// The algorithm that they were packed for: `.direct`, `.im2col`, `.winograd2` or `.winograd4`.
  public let algorithm: ConvolutionAlgorithm
  /// Output channels of a panel: two vectors.
  let panelWidth: Int
  /// Panels of a group.
  let panelsPerGroup: Int
  /// The panels of each group one after the other, or, for Winograd's algorithms, of each part of the
  /// transformed filters.
  var panels: [Scalar]
  /// For `.im2col`: the filters of each group as a matrix (R S C / groups, K / groups).
  let matrices: [PackedMatrix<Scalar>]
  /// The bias: in the order of the panels and filled up with zeros, or shape (K).
  let bias: [Scalar]
  /// A panel's width of zeros: the bias of sums that get theirs later.
  let zeros: [Scalar]

  /// Packs filters.
  ///
  /// - Parameters:
  ///   - filters: shape (R, S, C / groups, K).
  ///   - bias: shape (K), or `nil` for zeros.
  ///   - groups: divides K.
  ///   - algorithm: `.im2col`, `.direct`, `.winograd2`, `.winograd4`, or `.automatic`, which here means
  ///     `.direct`.
  /// - Precondition: the shapes fit together; `algorithm` is not `.reference`; Winograd's algorithms
  ///   take 3 x 3 filters in one group, in Float.
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
    self.algorithm = algorithm == .automatic ? .direct : algorithm
    zeros = [Scalar](repeating: 0, count: panelWidth)
    if algorithm == .im2col {
      panels = []
      self.bias = bias?.scalars ?? [Scalar](repeating: 0, count: K)
      matrices = packMatrices(filters, groups)
    } else {
      if let m = algorithm.winogradTile {
        panels = packWinograd(filters, groups, panelWidth, m)
      } else {
        panels = packPanels(filters, groups, panelWidth)
      }
      self.bias = packPanels(
        Tensor(shape: [1, 1, 1, K], scalars: bias?.scalars ?? [Scalar](repeating: 0, count: K)),
        groups, panelWidth)
      matrices = []
    }
  }

  /// A matrix of zeros with a bias, as filters (1, 1, inputs, outputs).
  init(inputs k: Int, outputs n: Int, bias: [Scalar]) {
    precondition(bias.count == n, "a bias has \(n) values, not \(bias.count)")
    panelWidth = 2 * vectorWidth(of: Scalar.self)
    panelsPerGroup = (n + panelWidth - 1) / panelWidth
    (shape, groups, algorithm, matrices) = ([1, 1, k, n], 1, .direct, [])
    zeros = [Scalar](repeating: 0, count: panelWidth)
    panels = largeZeros(panelsPerGroup * k * panelWidth)
    self.bias = bias + [Scalar](repeating: 0, count: panelsPerGroup * panelWidth - n)
  }

  /// Values of all panels.
  package var packedCount: Int { panels.count }

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
  var packed: [Scalar] = largeZeros(groups * perGroup * rows * width)
  let values = filters.scalars
  parallelForEachChunk(of: &packed, size: max(1, rows * width)) { panel, chunk in
    let first = panel % perGroup * width
    let (k, count) = (panel / perGroup * Kg + first, min(width, Kg - first))
    for row in 0..<rows {
      for lane in 0..<count { chunk[row * width + lane] = values[row * K + k + lane] }
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
