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

  /// A tensor whose values are read when they are needed.
  ///
  /// - Parameters:
  ///   - name: the name in the file.
  ///   - shape: the shape in the file.
  ///   - values: returns a tensor of that shape.
  public init(name: String, shape: [Int], values: @escaping @Sendable () throws -> Tensor<Float>) {
    (self.name, self.shape, read) = (name, shape, values)
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
}

/// The index of the first value that is NaN or infinite; concrete, since generic code of another
/// module is some 20 times slower.
func firstNonFinite(_ values: [Float]) -> Int? {
  for i in values.indices where !values[i].isFinite { return i }
  return nil
}
