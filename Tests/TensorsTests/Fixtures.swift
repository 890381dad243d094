import Tensors
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The text of a file in Tests/Fixtures.
func fixtureText(_ name: String) throws -> String {
  let folder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
  let file = try #require(fopen("/\(folder)/Fixtures/\(name)", "r"), "no fixture \(name)")
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let n = fread(&chunk, 1, chunk.count, file)
    if n == 0 { break }
    bytes += chunk[..<n]
  }
  return String(decoding: bytes, as: UTF8.self)
}

/// Named arrays from a text file: lines "name; shape; values".
struct Fixture {
  private var arrays: [String: Tensor<Double>] = [:]

  init(_ name: String) throws {
    for line in try fixtureText(name).split(separator: "\n") {
      let parts = line.split(separator: ";", omittingEmptySubsequences: false)
      let shape = parts[1].split(separator: " ").compactMap { Int($0) }
      let values = parts[2].split(separator: " ").compactMap { Double($0) }
      arrays[String(parts[0])] = Tensor(shape: shape, scalars: values)
    }
  }

  /// The array of that name, which must exist.
  func tensor(_ name: String) -> Tensor<Double> {
    guard let array = arrays[name] else { preconditionFailure("no array \(name)") }
    return array
  }

  /// The array of that name as whole numbers.
  func integers(_ name: String) -> [Int] { tensor(name).scalars.map { Int($0) } }
}

extension Tensor where Scalar == Double {
  /// Each value rounded to another type.
  func converted<Other: KernelScalar>(to _: Other.Type) -> Tensor<Other> {
    Tensor<Other>(shape: shape, scalars: scalars.map { Other($0) })
  }
}

/// FNV-1a over bit patterns.
func digest(_ values: [Float]) -> UInt64 {
  values.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1.bitPattern)) &* 0x0000_0100_0000_01B3 }
}

/// FNV-1a over bit patterns.
func digest(_ values: [Double]) -> UInt64 {
  values.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ $1.bitPattern) &* 0x0000_0100_0000_01B3 }
}
