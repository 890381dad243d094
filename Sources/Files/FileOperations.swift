// The system calls of a writer as values, so that tests can make the n-th one fail.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What `AtomicWriter` does to the file system.
package struct FileOperations: Sendable {
  /// Makes a new file with the given permissions and opens it for writing.
  package var create: @Sendable (_ path: String, _ mode: UInt32) throws(SystemError) -> Int32
  /// Opens what is there, for instance a device, for writing.
  package var open: @Sendable (_ path: String) throws(SystemError) -> Int32
  /// Writes at least one of the bytes; tells how many.
  package var write: @Sendable (_ file: Int32, _ bytes: Span<UInt8>) throws(SystemError) -> Int
  /// Waits until the file's bytes are on the disk.
  package var synchronise: @Sendable (_ file: Int32) throws(SystemError) -> Void
  /// Closes the file.
  package var close: @Sendable (_ file: Int32) throws(SystemError) -> Void
  /// Gives the file its final name, replacing the old one.
  package var rename: @Sendable (_ old: String, _ new: String) throws(SystemError) -> Void
  /// Waits until the folder's list of names is on the disk.
  package var synchroniseFolder: @Sendable (_ path: String) throws(SystemError) -> Void
  /// Removes a file.
  package var remove: @Sendable (_ path: String) throws(SystemError) -> Void

  /// The real system calls.
  package static let system = FileOperations(
    create: { (path, mode) throws(SystemError) in
      try openForWriting(path, O_CREAT | O_EXCL, mode_t(mode))
    },
    open: { (path) throws(SystemError) in try openForWriting(path, 0, 0) },
    write: { (file, bytes) throws(SystemError) in try writeSome(file, bytes) },
    synchronise: { (file) throws(SystemError) in try synchroniseDescriptor(file) },
    close: { (file) throws(SystemError) in try closeDescriptor(file) },
    rename: { (old, new) throws(SystemError) in try renameFile(old, new) },
    synchroniseFolder: { (path) throws(SystemError) in
      let folder = try openForReading(path)
      defer { try? closeDescriptor(folder) }
      try synchroniseDescriptor(folder)
    },
    remove: { (path) throws(SystemError) in try removeFile(path) })
}

private func openForWriting(
  _ path: String, _ flags: Int32, _ mode: mode_t
) throws(SystemError) -> Int32 {
  // SAFETY: the path is NUL-terminated.
  let file = try retrying { unsafe Int(open(systemPath(path), O_WRONLY | O_CLOEXEC | flags, mode)) }
  return Int32(file)
}

private func closeDescriptor(_ file: Int32) throws(SystemError) {
  // A signal during close leaves nothing to repeat on Linux: the descriptor is gone.
  if close(file) != 0 && errno != EINTR { throw .last }
}

private func renameFile(_ old: String, _ new: String) throws(SystemError) {
  // SAFETY: both paths are NUL-terminated.
  if unsafe rename(systemPath(old), systemPath(new)) != 0 { throw .last }
}

private func removeFile(_ path: String) throws(SystemError) {
  // SAFETY: the path is NUL-terminated.
  if unsafe unlink(systemPath(path)) != 0 { throw .last }
}

/// `fsync`, content with file systems and devices that have nothing to synchronise.
func synchroniseDescriptor(_ file: Int32) throws(SystemError) {
  do throws(SystemError) {
    _ = try retrying { Int(fsync(file)) }
  } catch {
    if error.code != EINVAL && error.code != ENOTSUP && error.code != EROFS { throw error }
  }
}
