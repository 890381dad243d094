import Files
import Imaging
import Testing

#if canImport(Glibc)
import Glibc
#endif

/// Removes a file or an empty folder.
func removeForTest(_ path: String) { if unlink(path) != 0 { rmdir(path) } }

/// Makes the chunks' checksums right again, so that damage reaches what lies behind them.
private func repairPNGChecksums(_ bytes: inout [UInt8]) {
  guard bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) else { return }
  var start = 8
  while start + 12 <= bytes.count {
    let length = bytes[start..<(start + 4)].reduce(0) { $0 << 8 | Int($1) }
    let end = start + 8 + length
    guard end + 4 <= bytes.count else { return }
    let crc = CRC32.of(Array(bytes[(start + 4)..<end]))
    for i in 0..<4 { bytes[end + i] = UInt8(truncatingIfNeeded: crc >> UInt32(24 - 8 * i)) }
    start = end + 4
  }
}

/// The folder of a corpus of pictures, good and hostile; `nil` when the variable is not set.
private let corpus: String? = getenv("NITAL_CORPUS").map { String(cString: $0) }

/// Long runs over somebody's own pictures: `NITAL_CORPUS=DIR NITAL_MUTANTS=50 swift test ...`.
@Suite struct CorpusTests {
  @Test(.enabled(if: corpus != nil)) func damageNeverTraps() throws {
    let paths = try InputList.expand([corpus ?? "."])
    let mutants = getenv("NITAL_MUTANTS").flatMap { Int(String(cString: $0)) } ?? 20
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % max(1, bound)
    }
    let limits = ImageLimits(pixels: 1 << 22, bytes: 1 << 26)
    var (count, accepted) = (0, 0)
    for path in paths {
      guard let bytes = try? CheckedBytes(contentsOf: path, limit: 1 << 20).array else { continue }
      for round in 0..<mutants {
        var mutant = bytes
        switch round % 4 {
        case 0: mutant.removeLast(next(mutant.count))
        case 1: mutant[next(mutant.count)] ^= 1 << UInt8(next(8))
        case 2: mutant[next(min(256, mutant.count))] = [0, 1, 0x7F, 0x80, 0xFF][next(5)]
        default:
          for _ in 0..<8 { mutant[next(mutant.count)] = UInt8(next(256)) }
        }
        if round % 8 >= 4 { repairPNGChecksums(&mutant) }
        count += 1
        if (try? ImageInspection(CheckedBytes(mutant, file: path), limits: limits)) != nil {
          accepted += 1
        }
      }
    }
    print("\(count) mutants of \(paths.count) files, \(accepted) of them still pictures")
  }
}
