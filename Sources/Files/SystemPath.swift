// Paths as text that loses nothing: bytes that are no UTF-8 survive the way into a String and back.
//
// A byte b that is not part of valid UTF-8 becomes the private-use scalar U+10FF00 + b. Names that
// hold such scalars themselves are treated as invalid bytes, so the map is one to one.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Private-use scalars that stand for bytes that are not UTF-8.
let byteScalars: ClosedRange<UInt32> = 0x10FF80...0x10FFFF

/// The text of a path or argument as the system gave it; `systemBytes(of:)` is its inverse.
public func pathText(_ bytes: [UInt8]) -> String {
  var result = String.UnicodeScalarView()
  var position = 0
  while position < bytes.count {
    let length = scalarLength(bytes[position])
    let end = min(position + length, bytes.count)
    let text = String(validating: bytes[position..<end], as: UTF8.self)
    let scalars = text.map { Array($0.unicodeScalars) } ?? []
    if scalars.count == 1, !byteScalars.contains(scalars[0].value) {
      result.append(scalars[0])
      position = end
    } else {
      if let scalar = Unicode.Scalar(0x10FF00 + UInt32(bytes[position])) { result.append(scalar) }
      position += 1
    }
  }
  return String(result)
}

/// The bytes of a path as the system spells it, without the final NUL.
public func systemBytes(of path: String) -> [UInt8] {
  var result: [UInt8] = []
  for scalar in path.unicodeScalars {
    if byteScalars.contains(scalar.value) {
      result.append(UInt8(truncatingIfNeeded: scalar.value))
    } else {
      result.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
    }
  }
  return result
}

/// The path as a NUL-terminated text for a system call.
func systemPath(_ path: String) -> [CChar] {
  systemBytes(of: path).map { CChar(bitPattern: $0) } + [0]
}

/// How many bytes a scalar has that begins with `byte`; 1 when no scalar begins so.
private func scalarLength(_ byte: UInt8) -> Int {
  switch byte {
  case 0xC2...0xDF: 2
  case 0xE0...0xEF: 3
  case 0xF0...0xF4: 4
  default: 1
  }
}
