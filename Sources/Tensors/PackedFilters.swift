// Filters of a convolution in the order in which the kernels read them, packed once.
//
// Implements: the panels of K. Goto, R. van de Geijn, "Anatomy of high-performance matrix
//   multiplication", ACM Trans. Math. Softw. 34 (2008) 12, section 4.2.3, over (R S C/groups) x K.
// Symbols: a panel is (R S C/groups) rows of `panelWidth` output channels of one group, the last
//   panel of a group filled up with zeros.
// Deviations: none. Checked by: ConvolutionKernelTests. Cost: one copy of the filters.

/// Filters and bias of a convolution, packed once for the instruction set in use.
public struct PackedFilters<Scalar: KernelScalar>: Sendable {
  /// The shape (R, S, C / groups, K) of the filters.
  public let shape: [Int]
  /// The number of groups that they were packed for.
  public let groups: Int
  /// Output channels of a panel: two vectors.
  let panelWidth: Int
  /// Panels of a group.
  let panelsPerGroup: Int
  /// The panels of each group, one after the other.
  let panels: [Scalar]
  /// The bias in the order of the panels, filled up with zeros.
  let bias: [Scalar]

  /// Packs filters.
  ///
  /// - Parameters:
  ///   - filters: shape (R, S, C / groups, K).
  ///   - bias: shape (K), or `nil` for zeros.
  ///   - groups: divides K.
  /// - Precondition: the shapes fit together.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public init(_ filters: Tensor<Scalar>, bias: Tensor<Scalar>? = nil, groups: Int = 1) {
    precondition(
      filters.rank == 4 && groups >= 1 && filters.shape[3] % groups == 0,
      "filters have the shape (R, S, C/groups, K), not \(filters.shape) in \(groups) group(s)")
    let K = filters.shape[3]
    precondition(bias.map { $0.shape == [K] } ?? true, "a bias has the shape (\(K))")
    let width = 2 * vectorWidth(of: Scalar.self)
    let (rows, Kg) = (filters.shape[0] * filters.shape[1] * filters.shape[2], K / groups)
    let perGroup = (Kg + width - 1) / width
    var packed = [Scalar](repeating: 0, count: groups * perGroup * rows * width)
    var packedBias = [Scalar](repeating: 0, count: groups * perGroup * width)
    for k in 0..<K {
      let (panel, lane) = (k / Kg * perGroup + k % Kg / width, k % Kg % width)
      for row in 0..<rows {
        packed[(panel * rows + row) * width + lane] = filters.scalars[row * K + k]
      }
      if let bias { packedBias[panel * width + lane] = bias.scalars[k] }
    }
    (shape, self.groups, panelWidth, panelsPerGroup) = (filters.shape, groups, width, perGroup)
    (panels, self.bias) = (packed, packedBias)
  }

  /// Values of a panel.
  var panelLength: Int { shape[0] * shape[1] * shape[2] * panelWidth }

  /// Output channels of panel `panel` of a group that exist.
  func columns(ofPanel panel: Int) -> Int {
    min(panelWidth, shape[3] / groups - panel * panelWidth)
  }
}

/// Lanes of a vector of the instruction set in use.
func vectorWidth<Scalar>(of _: Scalar.Type) -> Int {
  (16 << InstructionSet.current.rawValue) / MemoryLayout<Scalar>.stride
}
