import Files

#if canImport(Glibc)
import Glibc
#endif

/// A fresh folder for one test; it is removed with what it holds.
final class TemporaryFolder {
  let path: String

  init() {
    path = "/tmp/nital-test-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    mkdir(path, 0o700)
  }

  deinit { Self.remove(path) }

  func callAsFunction(_ name: String) -> String { path + "/" + name }

  static func remove(_ path: String) {
    for name in (try? listFolder(path)) ?? [] {
      let inner = path + "/" + name
      if unlink(inner) != 0 { remove(inner) }
    }
    rmdir(path)
  }
}
