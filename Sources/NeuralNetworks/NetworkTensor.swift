// A named tensor of weights, as whoever reads files hands it over.

import Tensors

/// A named tensor whose values are read when a network packs them, so that a large file is never
/// in memory as a whole.
public struct NetworkTensor: Sendable {
  /// The name in the file.
  public let name: String
  /// The shape in the file.
  public let shape: [Int]
  private let read: @Sendable () throws -> Tensor<Float>
  private let readRows: (@Sendable (Range<Int>) throws -> [Float])?

  /// A tensor whose values are read when they are needed.
  ///
  /// - Parameters:
  ///   - name: the name in the file.
  ///   - shape: the shape in the file.
  ///   - rows: returns the values of some rows (indices of the first dimension), for large matrices;
  ///     `nil` when that is not cheaper than all values.
  ///   - values: returns a tensor of that shape.
  public init(
    name: String, shape: [Int], rows: (@Sendable (Range<Int>) throws -> [Float])? = nil,
    values: @escaping @Sendable () throws -> Tensor<Float>
  ) {
    (self.name, self.shape, read, readRows) = (name, shape, values, rows)
  }

  /// A tensor in memory.
  public init(name: String, _ tensor: Tensor<Float>) {
    self.init(name: name, shape: tensor.shape) { tensor }
  }

  /// The values, all of them finite.
  ///
  /// - Throws: `NetworkError` when they cannot be read, or one is NaN or infinite.
  package func values() throws(NetworkError) -> Tensor<Float> {
    let tensor: Tensor<Float>
    do { tensor = try read() } catch { throw .unreadable(tensor: name, problem: "\(error)") }
    guard tensor.shape == shape else {
      throw .shape(tensor: name, expected: shape, found: tensor.shape)
    }
    if let index = firstNonFinite(tensor.scalars) { throw .notFinite(tensor: name, index: index) }
    return tensor
  }

  /// Whether rows can be read by themselves.
  package var canReadRows: Bool { readRows != nil }

  /// The values of some rows, all of them finite.
  ///
  /// - Precondition: `canReadRows`.
  /// - Throws: `NetworkError` when they cannot be read, or one is NaN or infinite.
  package func values(ofRows rows: Range<Int>) throws(NetworkError) -> [Float] {
    let length = shape.dropFirst().reduce(1, *)
    let count = rows.count * length
    let values: [Float]
    do { values = try readRows?(rows) ?? [] } catch {
      throw .unreadable(tensor: name, problem: "\(error)")
    }
    guard values.count == count else {
      throw .unreadable(tensor: name, problem: "\(values.count) values instead of \(count)")
    }
    if let index = firstNonFinite(values) {
      throw .notFinite(tensor: name, index: rows.lowerBound * length + index)
    }
    return values
  }
}

/// The rows of a matrix of weights, read some at a time where the tensor can do that.
struct NetworkRows {
  private let tensor: NetworkTensor
  private let whole: [Float]?
  private let length: Int

  /// Reads all values at once where they cannot be read in parts.
  init(_ tensor: NetworkTensor) throws(NetworkError) {
    self.tensor = tensor
    length = tensor.shape.dropFirst().reduce(1, *)
    whole = tensor.canReadRows ? nil : try tensor.values().scalars
  }

  /// The values of some rows, all of them finite.
  func callAsFunction(_ range: Range<Int>) throws(NetworkError) -> [Float] {
    if let whole { return Array(whole[range.lowerBound * length..<range.upperBound * length]) }
    return try tensor.values(ofRows: range)
  }
}

/// The index of the first value that is NaN or infinite; concrete, since generic code of another
/// module is some 20 times slower.
///
/// Adding 1 to an exponent of all ones, and to no other, sets the sign bit; so blocks without one are
/// passed over in vectors.
func firstNonFinite(_ values: [Float]) -> Int? {
  let (exponent, one, block): (UInt32, UInt32, Int) = (0x7F80_0000, 0x0080_0000, 1024)
  for start in stride(from: 0, to: values.count, by: block) {
    let end = min(values.count, start + block)
    var carries: UInt32 = 0
    for i in start..<end { carries |= (values[i].bitPattern & exponent) &+ one }
    if carries >> 31 == 0 { continue }
    for i in start..<end where !values[i].isFinite { return i }
  }
  return nil
}
