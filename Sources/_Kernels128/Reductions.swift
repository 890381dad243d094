// Sums, products, distances and extremes of arrays, in an order that no vector width changes.
//
// Implements: N. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed., 2002, section
//   4.2 (blocked summation: short sums whose results are summed again).
// Equation -> code: sum x, sum (x - m)^2, sum x y, sum (x - y)^2, min x, max x -> `reduceBlocks`
//   along memory, `reduceColumns` across rows.
// Symbols: 16 virtual lanes take every sixteenth value each, whatever the width of a vector, and
//   are folded 16 -> 8 -> 4 -> 2 -> 1, so that AVX2 and AVX-512 builds give the same bits.
// Deviations: none. NaN among the values makes the result NaN, minima and maxima too.
// Checked by: ReductionTests. Cost: one pass over memory.

/// What a reduction adds up or keeps; the numbers are those of `Reduction` in Tensors.
private enum Step {
  static let sum = 0
  static let squaredDeviations = 1
  static let dot = 2
  static let squaredDistances = 3
  static let minimum = 4
  static let maximum = 5
  static let deviations = 6
}

@inline(__always)
private func plus<V: SIMD>(_ acc: V, _ a: V, _ b: V) -> V where V.Scalar: FloatingPoint {
  #if NITAL_FMA || arch(arm64)
  acc.addingProduct(a, b)
  #else
  acc + a * b
  #endif
}

@inline(__always)
private func isExtreme(_ step: Int) -> Bool { step == Step.minimum || step == Step.maximum }

/// The accumulator after one more vector `x` (and its partner `y`).
@inline(__always)
private func advance<V: SIMD>(_ step: Int, _ acc: V, _ x: V, _ y: V) -> V
where V.Scalar: FloatingPoint {
  switch step {
  case Step.squaredDeviations, Step.squaredDistances:
    let d = x - y
    return plus(acc, d, d)
  case Step.deviations: return acc + (x - y)
  case Step.dot: return plus(acc, x, y)
  case Step.minimum: return acc.replacing(with: x, where: (x .< acc) .| (x .!= x))
  case Step.maximum: return acc.replacing(with: x, where: (x .> acc) .| (x .!= x))
  default: return acc + x
  }
}

/// One step for single values.
@inline(__always)
private func advanceOne<S: BinaryFloatingPoint>(
  _ step: Int, _ acc: S, _ x: S, _ y: S
) -> S {
  switch step {
  case Step.squaredDeviations, Step.squaredDistances:
    let d = x - y
    #if NITAL_FMA || arch(arm64)
    return acc.addingProduct(d, d)
    #else
    return acc + d * d
    #endif
  case Step.deviations: return acc + (x - y)
  case Step.dot:
    #if NITAL_FMA || arch(arm64)
    return acc.addingProduct(x, y)
    #else
    return acc + x * y
    #endif
  case Step.minimum: return x < acc || x != x ? x : acc
  case Step.maximum: return x > acc || x != x ? x : acc
  default: return acc + x
  }
}

/// Two accumulators of the same kind joined.
@inline(__always)
private func join<V: SIMD>(_ step: Int, _ a: V, _ b: V) -> V where V.Scalar: FloatingPoint {
  isExtreme(step) ? advance(step, a, b, b) : a + b
}

@inline(__always)
private func fold<S: BinaryFloatingPoint & SIMDScalar>(_ step: Int, _ lanes: SIMD16<S>) -> S {
  let eight = join(step, lanes.lowHalf, lanes.highHalf)
  let four = join(step, eight.lowHalf, eight.highHalf)
  let two = join(step, four.lowHalf, four.highHalf)
  return isExtreme(step) ? advanceOne(step, two[0], two[1], 0) : two[0] + two[1]
}

/// One block; `yStep` is 1 for a partner array and 0 for one partner value.
@inline(__always)
private func reduceBlock<S: BinaryFloatingPoint & SIMDScalar>(
  _ step: Int, _ x: UnsafePointer<S>, _ y: UnsafePointer<S>, _ yStep: Int, _ count: Int
) -> S {
  let start: S = isExtreme(step) ? x[0] : 0
  var lanes = SIMD16<S>(repeating: start)
  let (xs, ys) = (UnsafeRawPointer(x), UnsafeRawPointer(y))
  let size = MemoryLayout<S>.stride
  var i = 0
  while i + 16 <= count {
    let a = xs.loadUnaligned(fromByteOffset: i * size, as: SIMD16<S>.self)
    let b =
      yStep == 0
      ? SIMD16<S>(repeating: y[0])
      : ys.loadUnaligned(fromByteOffset: i * size, as: SIMD16<S>.self)
    lanes = advance(step, lanes, a, b)
    i += 16
  }
  var lane = 0
  while i < count {
    lanes[lane] = advanceOne(step, lanes[lane], x[i], y[i * yStep])
    lane += 1
    i += 1
  }
  return fold(step, lanes)
}

/// Specialises the steps, so that the choice is not made for each vector.
@inline(__always)
private func reduceAllBlocks<S: BinaryFloatingPoint & SIMDScalar>(
  _ step: Int, _ x: UnsafePointer<S>, _ y: UnsafePointer<S>, _ count: Int, _ blockLength: Int,
  _ output: UnsafeMutablePointer<S>
) {
  let yStep = step == Step.dot || step == Step.squaredDistances ? 1 : 0
  var (first, block) = (0, 0)
  while first < count {
    let length = count - first < blockLength ? count - first : blockLength
    let (a, b) = (x + first, y + first * yStep)
    switch step {
    case Step.squaredDeviations:
      output[block] = reduceBlock(Step.squaredDeviations, a, b, 0, length)
    case Step.deviations: output[block] = reduceBlock(Step.deviations, a, b, 0, length)
    case Step.dot: output[block] = reduceBlock(Step.dot, a, b, 1, length)
    case Step.squaredDistances:
      output[block] = reduceBlock(Step.squaredDistances, a, b, 1, length)
    case Step.minimum: output[block] = reduceBlock(Step.minimum, a, b, 0, length)
    case Step.maximum: output[block] = reduceBlock(Step.maximum, a, b, 0, length)
    default: output[block] = reduceBlock(Step.sum, a, b, 0, length)
    }
    first += length
    block += 1
  }
}

/// Reduces consecutive blocks of `blockLength` values of `x` to one value each.
///
/// `y` is the partner array (dot, squared distances) or one partner value (squared deviations).
@inline(never)
public func reduceBlocks(
  _ step: Int, _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ count: Int,
  _ blockLength: Int, _ output: UnsafeMutablePointer<Float>
) {
  reduceAllBlocks(step, x, y, count, blockLength, output)
}

/// Reduces consecutive blocks of `blockLength` values of `x` to one value each.
@inline(never)
public func reduceBlocks(
  _ step: Int, _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ count: Int,
  _ blockLength: Int, _ output: UnsafeMutablePointer<Double>
) {
  reduceAllBlocks(step, x, y, count, blockLength, output)
}

/// Adds one row to the accumulators of its columns.
@inline(__always)
private func reduceRow<V: SIMD>(
  _ step: Int, _: V.Type, _ x: UnsafePointer<V.Scalar>, _ y: UnsafePointer<V.Scalar>,
  _ columns: Int, _ output: UnsafeMutablePointer<V.Scalar>
) where V.Scalar: BinaryFloatingPoint {
  let size = MemoryLayout<V.Scalar>.stride
  let hasPartner = step == Step.squaredDeviations || step == Step.deviations
  let (xs, ys, out) = (UnsafeRawPointer(x), UnsafeRawPointer(y), UnsafeMutableRawPointer(output))
  var c = 0
  while c + V.scalarCount <= columns {
    let a = xs.loadUnaligned(fromByteOffset: c * size, as: V.self)
    let b =
      hasPartner ? ys.loadUnaligned(fromByteOffset: c * size, as: V.self) : a
    let acc = out.loadUnaligned(fromByteOffset: c * size, as: V.self)
    out.storeBytes(of: advance(step, acc, a, b), toByteOffset: c * size, as: V.self)
    c += V.scalarCount
  }
  while c < columns {
    let partner = hasPartner ? y[c] : x[c]
    output[c] = advanceOne(step, output[c], x[c], partner)
    c += 1
  }
}

@inline(__always)
private func reduceAllRows<V: SIMD>(
  _ step: Int, _: V.Type, _ x: UnsafePointer<V.Scalar>, _ y: UnsafePointer<V.Scalar>,
  _ rows: Int, _ columns: Int, _ output: UnsafeMutablePointer<V.Scalar>
) where V.Scalar: BinaryFloatingPoint {
  for c in 0..<columns { output[c] = isExtreme(step) ? x[c] : 0 }
  for row in 0..<rows {
    let r = x + row * columns
    switch step {
    case Step.squaredDeviations:
      reduceRow(Step.squaredDeviations, V.self, r, y, columns, output)
    case Step.deviations: reduceRow(Step.deviations, V.self, r, y, columns, output)
    case Step.minimum: reduceRow(Step.minimum, V.self, r, y, columns, output)
    case Step.maximum: reduceRow(Step.maximum, V.self, r, y, columns, output)
    default: reduceRow(Step.sum, V.self, r, y, columns, output)
    }
  }
}

/// Reduces `rows` rows of `columns` values to one row; `y` holds a partner value for each column.
@inline(never)
public func reduceColumns(
  _ step: Int, _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ rows: Int, _ columns: Int,
  _ output: UnsafeMutablePointer<Float>
) {
  reduceAllRows(step, FloatVector.self, x, y, rows, columns, output)
}

/// Reduces `rows` rows of `columns` values to one row; `y` holds a partner value for each column.
@inline(never)
public func reduceColumns(
  _ step: Int, _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ rows: Int, _ columns: Int,
  _ output: UnsafeMutablePointer<Double>
) {
  reduceAllRows(step, DoubleVector.self, x, y, rows, columns, output)
}
