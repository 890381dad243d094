// Names of temporary files, and the removal of those whose process is dead.

import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The folder of a path: "." when it names none.
func folder(of path: String) -> String {
  guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// The last part of a path.
public func fileName(of path: String) -> String {
  guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
  return String(path[path.utf8.index(after: slash)...])
}

/// The path that `path` leads to when it is a symbolic link; `path` itself otherwise.
func resolvedPath(_ path: String) -> String {
  var status = stat()
  // SAFETY: the paths are NUL-terminated; realpath's result is freed after it was copied.
  guard unsafe lstat(systemPath(path), &status) == 0, status.st_mode & S_IFMT == S_IFLNK,
    let real = unsafe realpath(systemPath(path), nil)
  else { return path }
  defer { unsafe free(real) }
  return unsafe pathText(Array(UnsafeRawBufferPointer(start: real, count: strlen(real))))
}

/// A name that no other process uses: `.NAME.tmp-PID-RANDOM` beside `target`.
func temporaryPath(for target: String) -> String {
  var name = fileName(of: target)
  // A name has at most 255 bytes; 40 are for the rest.
  while systemBytes(of: name).count > 200 { name.unicodeScalars.removeLast() }
  let random = hostDigits + digits(UInt32.random(in: 0 ... .max))
  let folder = target.utf8.contains(UInt8(ascii: "/")) ? folder(of: target) : ""
  let separator = folder.isEmpty || folder == "/" ? folder : folder + "/"
  return "\(separator).\(name).tmp-\(getpid())-\(random)"
}

/// Folders that this process has cleaned.
private let cleaned = Mutex<Set<String>>([])

/// Removes temporary files of dead processes of this host, once for a folder and process.
///
/// Failures are ignored: a leftover does no harm.
func removeLeftovers(inFolder folder: String) {
  cleaned.withLock { done in
    guard done.insert(folder).inserted, let names = try? folderEntries(folder) else { return }
    for name in names where isLeftover(name) {
      // SAFETY: the path is NUL-terminated.
      unsafe unlink(systemPath(folder + "/" + name))
    }
  }
}

/// Whether `name` is `.NAME.tmp-PID-RANDOM` of a process of this host that is gone.
///
/// The caller holds a lock under which this process has made no file in the folder yet, so its own
/// number there belongs to a dead process that had the same one.
private func isLeftover(_ name: String) -> Bool {
  let parts = name.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
  guard name.utf8.first == UInt8(ascii: "."), parts.count >= 3,
    parts[parts.count - 3].elementsEqual("tmp".utf8) || endsInMark(parts[parts.count - 3]),
    let process = Int32(String(parts[parts.count - 2]) ?? ""), process > 0,
    let random = String(parts[parts.count - 1]), random.utf8.count == 16,
    random.hasPrefix(hostDigits), UInt64(random, radix: 16) != nil
  else { return false }
  return process == getpid() || (kill(process, 0) != 0 && errno == ESRCH)
}

private func endsInMark(_ part: Substring.UTF8View) -> Bool {
  part.suffix(4).elementsEqual(".tmp".utf8)
}

/// Eight digits that differ between hosts that share a folder (FNV-1a of the host's name).
private let hostDigits: String = {
  var name = [CChar](repeating: 0, count: 256)
  // SAFETY: gethostname writes at most the length that it is given.
  _ = unsafe gethostname(&name, 255)
  var hash: UInt32 = 0x811c_9dc5
  for byte in name.prefix(while: { $0 != 0 }) {
    hash = (hash ^ UInt32(UInt8(bitPattern: byte))) &* 0x0100_0193
  }
  return digits(hash)
}()

/// A number as eight hexadecimal digits.
private func digits(_ value: UInt32) -> String {
  let text = String(value, radix: 16)
  return String(repeating: "0", count: 8 - text.utf8.count) + text
}
