// Elementary functions of every value of a tensor.
//
// Float runs in the vector kernels (Sources/_Kernels128/Elementwise.swift) and stays within 2 ulp
// of the exact value for every argument; Double runs the scalar functions of ScalarMaths.swift.
// Deviations: none. Checked by: ElementwiseKernelTests. Cost: see the kernels; parallel.

import _Kernels128

#if !NITAL_PORTABLE
import _Kernels256
import _Kernels512
#endif

/// Values that one piece of a parallel elementwise loop covers.
private let pieceLength = 1 << 15

/// The functions that have vector kernels.
package enum ElementaryFunction: CaseIterable, Sendable {
  case exponential, naturalLogarithm, hyperbolicTangent, logisticSigmoid

  /// The function of one Double.
  package func callAsFunction(_ x: Double) -> Double {
    switch self {
    case .exponential: Tensors.exponential(x)
    case .naturalLogarithm: Tensors.naturalLogarithm(x)
    case .hyperbolicTangent: Tensors.hyperbolicTangent(x)
    case .logisticSigmoid: Tensors.logisticSigmoid(x)
    }
  }

  /// Runs the kernel of the instruction set in use on `count` values, in place.
  @unsafe package func run(_ values: UnsafeMutablePointer<Float>, _ count: Int) {
    switch InstructionSet.current {
    #if !NITAL_PORTABLE
    case .avx512:
      switch self {
      case .exponential: unsafe _Kernels512.mapExponential(values, values, count)
      case .naturalLogarithm: unsafe _Kernels512.mapNaturalLogarithm(values, values, count)
      case .hyperbolicTangent: unsafe _Kernels512.mapHyperbolicTangent(values, values, count)
      case .logisticSigmoid: unsafe _Kernels512.mapLogisticSigmoid(values, values, count)
      }
    case .avx2:
      switch self {
      case .exponential: unsafe _Kernels256.mapExponential(values, values, count)
      case .naturalLogarithm: unsafe _Kernels256.mapNaturalLogarithm(values, values, count)
      case .hyperbolicTangent: unsafe _Kernels256.mapHyperbolicTangent(values, values, count)
      case .logisticSigmoid: unsafe _Kernels256.mapLogisticSigmoid(values, values, count)
      }
    #endif
    default:
      switch self {
      case .exponential: unsafe _Kernels128.mapExponential(values, values, count)
      case .naturalLogarithm: unsafe _Kernels128.mapNaturalLogarithm(values, values, count)
      case .hyperbolicTangent: unsafe _Kernels128.mapHyperbolicTangent(values, values, count)
      case .logisticSigmoid: unsafe _Kernels128.mapLogisticSigmoid(values, values, count)
      }
    }
  }
}

extension Tensor where Scalar: KernelScalar {
  /// e to the power of each value.
  ///
  /// - Returns: the same shape; infinity above the largest finite result, 0 below the smallest.
  public func exponential() -> Tensor { mapped(.exponential) }

  /// The natural logarithm of each value.
  ///
  /// - Returns: the same shape; -infinity for zeros, NaN for negative values.
  public func naturalLogarithm() -> Tensor { mapped(.naturalLogarithm) }

  /// The hyperbolic tangent of each value.
  public func hyperbolicTangent() -> Tensor { mapped(.hyperbolicTangent) }

  /// The logistic function 1 / (1 + e^-x) of each value.
  public func logisticSigmoid() -> Tensor { mapped(.logisticSigmoid) }

  private func mapped(_ function: ElementaryFunction) -> Tensor {
    if let floats = self as? Tensor<Float> {
      return mappedFloats(floats, function) as? Tensor ?? self
    }
    var result = self
    parallelForEachChunk(of: &result.scalars, size: pieceLength) { _, chunk in
      for i in chunk.indices { chunk[i] = Scalar(function(Double(chunk[i]))) }
    }
    return result
  }
}

private func mappedFloats(_ x: Tensor<Float>, _ function: ElementaryFunction) -> Tensor<Float> {
  var result = x
  parallelForEachChunk(of: &result.scalars, size: pieceLength) { _, chunk in
    // SAFETY: the kernel reads and writes the chunk's own values only, in place.
    unsafe chunk.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      unsafe function.run(base, buffer.count)
    }
  }
  return result
}
