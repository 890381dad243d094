// Column kernels of the linear algebra: checked entry points that choose the instruction set.
//
// A block of columns is one array: column j begins at j * stride, holds `stride` numbers, a multiple
//   of 16, and is padded with zeros, so that kernels need no tails.
// Deviations: none. Checked by: RotationKernelTests. Cost: see Rotations.swift, Reflectors.swift.

/// Two disjoint ranges of columns, or one range twice, whose pairs are made orthogonal together.
package struct ColumnBlockPair: Sendable {
  package var p: Range<Int>
  package var q: Range<Int>
  package init(p: Range<Int>, q: Range<Int>) { (self.p, self.q) = (p, q) }
}

/// What decides whether a pair of columns is rotated.
package struct RotationRule<Scalar: KernelScalar>: Sendable {
  /// Pairs whose cosine is at most this are left alone.
  package var tolerance: Scalar
  /// Columns whose squared norm is at most this count as zero.
  package var floor: Scalar
  package init(tolerance: Scalar, floor: Scalar) {
    (self.tolerance, self.floor) = (tolerance, floor)
  }
}

/// The scalar product of columns i of X and j of Y.
///
/// - Precondition: both columns lie inside their arrays; `stride` is a multiple of 16.
package func columnDot<Scalar: KernelScalar>(
  _ X: AlignedArray<Scalar>, _ i: Int, _ Y: AlignedArray<Scalar>, _ j: Int, stride: Int,
  instructionSet: InstructionSet = .current
) -> Scalar {
  checkColumns(X, i..<i + 1, stride)
  checkColumns(Y, j..<j + 1, stride)
  guard stride > 0 else { return 0 }
  // SAFETY: both columns were just checked to lie inside the buffers, which live through the
  // closure.
  return unsafe X.withUnsafeBufferPointer { x in
    unsafe Y.withUnsafeBufferPointer { y in
      guard let x = x.baseAddress, let y = y.baseAddress else { return 0 }
      return unsafe ColumnKernels.kernels(for: instructionSet).dot(
        x + i * stride, y + j * stride, stride)
    }
  }
}

/// Rotates columns p and q of X: x' = c x - s y, y' = s x + c y.
///
/// - Precondition: two different columns inside the array; `stride` is a multiple of 16.
package func rotateColumns<Scalar: KernelScalar>(
  _ X: inout AlignedArray<Scalar>, _ p: Int, _ q: Int, stride: Int, c: Scalar, s: Scalar,
  instructionSet: InstructionSet = .current
) {
  checkColumns(X, p..<p + 1, stride)
  checkColumns(X, q..<q + 1, stride)
  precondition(p != q, "a column cannot be rotated with itself, \(p)")
  // SAFETY: two different columns, checked to lie inside the buffer.
  unsafe X.withUnsafeMutableBufferPointer { buffer in
    guard let x = buffer.baseAddress else { return }
    unsafe ColumnKernels.kernels(for: instructionSet).rotate(
      x + p * stride, x + q * stride, stride, c, s)
  }
}

/// Makes the columns of each pair of blocks orthogonal once over, the pairs of blocks in parallel.
///
/// - Parameters:
///   - X: columns `strideX` apart.
///   - strideX: a multiple of 16.
///   - J: columns `strideJ` apart that undergo the same rotations; empty if not wanted.
///   - strideJ: a multiple of 16.
///   - norms: the squared norm of each column of `X`, kept up to date to some eps.
///   - pairs: no block may appear in two pairs.
///   - rule: which pairs of columns are rotated.
///   - instructionSet: for tests; the one in use otherwise.
/// - Returns: the number of pairs of columns that were rotated.
package func orthogonalize<Scalar: KernelScalar>(
  _ X: inout AlignedArray<Scalar>, strideX: Int, _ J: inout AlignedArray<Scalar>, strideJ: Int,
  norms: inout [Scalar],
  pairs: [ColumnBlockPair], rule: RotationRule<Scalar>,
  instructionSet: InstructionSet = .current
) -> Int {
  let n = norms.count
  checkColumns(X, 0..<n, strideX)
  let rowsJ = J.isEmpty ? 0 : strideJ
  if rowsJ > 0 { checkColumns(J, 0..<n, strideJ) }
  for pair in pairs {
    precondition(
      pair.p.upperBound <= n && pair.q.upperBound <= n && pair.p.lowerBound >= 0
        && pair.q.lowerBound >= 0 && (pair.p == pair.q || !pair.p.overlaps(pair.q)),
      "blocks \(pair.p) and \(pair.q) do not fit \(n) columns")
  }
  // SAFETY: all columns were checked to lie inside the buffers; pairs of blocks do not overlap, so
  // each piece of the loop writes columns and norms of its own.
  return unsafe X.withUnsafeMutableBufferPointer { x in
    unsafe J.withUnsafeMutableBufferPointer { j in
      unsafe norms.withUnsafeMutableBufferPointer { norms in
        guard let x = x.baseAddress, let norms = norms.baseAddress else { return 0 }
        let columns = unsafe ColumnPointers(
          X: SharedPointer(x), strideX: strideX, J: SharedPointer(j.baseAddress ?? x),
          rowsJ: rowsJ, norms: SharedPointer(norms))
        return unsafe orthogonalize(columns, pairs, rule, instructionSet)
      }
    }
  }
}

/// The arrays of one sweep, each thread using columns of its own.
@unsafe private struct ColumnPointers<Scalar: KernelScalar>: Sendable {
  let X: SharedPointer<Scalar>
  let strideX: Int
  let J: SharedPointer<Scalar>
  let rowsJ: Int
  let norms: SharedPointer<Scalar>
}

/// Runs the pairs of blocks, in parallel when each is worth a thread (about 50 us).
private func orthogonalize<Scalar: KernelScalar>(
  _ columns: ColumnPointers<Scalar>, _ pairs: [ColumnBlockPair], _ rule: RotationRule<Scalar>,
  _ instructionSet: InstructionSet
) -> Int {
  let kernel = unsafe ColumnKernels<Scalar>.kernels(for: instructionSet).orthogonalize
  let run: @Sendable (ColumnBlockPair) -> Int = { pair in
    // SAFETY: the kernel touches the columns of its pair of blocks alone.
    unsafe kernel(
      columns.X.pointer, columns.strideX, columns.strideX, columns.J.pointer, columns.rowsJ,
      columns.rowsJ, columns.norms.pointer, pair.p.lowerBound, pair.p.upperBound,
      pair.q.lowerBound, pair.q.upperBound, rule.tolerance, rule.floor)
  }
  let work = pairs.reduce(0) { unsafe $0 + $1.p.count * $1.q.count * columns.strideX }
  if work < 1 << 17 { return pairs.reduce(0) { $0 + run($1) } }
  return parallelMap(pairs.count) { run(pairs[$0]) }.reduce(0, +)
}

/// Applies Householder reflectors to columns of C, groups of columns in parallel.
///
/// - Parameters:
///   - V: reflector k in column k, zeros above row k, 1 at row k.
///   - tau: the factor of each reflector.
///   - reflectors: which ones, in rising order of application unless `falling`.
///   - falling: whether the last one is applied first.
///   - C: columns of the same stride as those of V.
///   - columns: which of them change.
///   - stride: of V and C, a multiple of 16.
///   - instructionSet: for tests; the one in use otherwise.
package func applyReflectors<Scalar: KernelScalar>(
  _ V: AlignedArray<Scalar>, tau: [Scalar], _ reflectors: Range<Int>, falling: Bool = false,
  to C: inout AlignedArray<Scalar>, columns: Range<Int>, stride: Int,
  instructionSet: InstructionSet = .current
) {
  checkColumns(V, reflectors, stride)
  checkColumns(C, columns, stride)
  precondition(
    tau.count >= reflectors.upperBound && reflectors.upperBound <= stride,
    "\(reflectors) needs as many factors, not \(tau.count), and rows, not \(stride)")
  guard !columns.isEmpty, !reflectors.isEmpty else { return }
  let work = columns.count * reflectors.count * stride
  // An even number of columns a piece, about 50 us each.
  let group = work < 1 << 19 ? columns.count : max(2, columns.count / 32 * 2)
  // SAFETY: all columns were checked to lie inside the buffers; each piece writes columns of its
  // own.
  unsafe V.withUnsafeBufferPointer { V in
    unsafe tau.withUnsafeBufferPointer { tau in
      unsafe C.withUnsafeMutableBufferPointer { C in
        guard let V = V.baseAddress, let tau = tau.baseAddress, let C = C.baseAddress
        else { return }
        let reading = unsafe ReflectorPointers(
          V: SharedPointer(UnsafeMutablePointer(mutating: V)),
          tau: SharedPointer(UnsafeMutablePointer(mutating: tau)))
        let writing = unsafe SharedPointer(C + columns.lowerBound * stride)
        let kernel = unsafe ColumnKernels<Scalar>.kernels(for: instructionSet).reflect
        parallelFor((columns.count + group - 1) / group) { piece in
          let first = piece * group
          unsafe kernel(
            reading.V.pointer, stride, reading.tau.pointer, reflectors.lowerBound,
            reflectors.upperBound, falling, writing.pointer + first * stride, stride,
            min(group, columns.count - first), stride)
        }
      }
    }
  }
}

/// The reflectors that every thread reads.
@unsafe private struct ReflectorPointers<Scalar: KernelScalar>: Sendable {
  let V: SharedPointer<Scalar>
  let tau: SharedPointer<Scalar>
}

/// Stops if columns do not lie inside their array or are not padded as the kernels want them.
func checkColumns<Scalar: KernelScalar>(
  _ X: AlignedArray<Scalar>, _ columns: Range<Int>, _ stride: Int
) {
  precondition(
    stride >= 0 && stride % 16 == 0 && columns.lowerBound >= 0
      && columns.upperBound * stride <= X.count,
    "columns \(columns) of \(stride) numbers do not fit an array of \(X.count)")
}
