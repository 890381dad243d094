// Output files that are complete or absent, whatever happens while they are written.
//
// The bytes go to `.NAME.tmp-PID-RANDOM` in the same folder; then the file is synchronised, renamed
// over NAME, and the folder synchronised. RANDOM begins with eight digits that stand for the host.
// Deviations: a pipe or a device as output is written directly, for there is nothing to replace.
// Checked by: AtomicWriterTests (the n-th system call fails, for every n).

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Writes one file; until `commit` has returned, the old file, or none, is what others see.
public final class AtomicWriter {
  /// The path of the output as the user gave it; errors name it.
  public let path: String

  /// Where the bytes go, links followed.
  private let target: String
  /// The temporary file; `nil` when the bytes go straight to a device.
  private let temporary: String?
  private let operations: FileOperations
  /// The open file; `nil` when the writer is done.
  private var descriptor: Int32?

  /// Begins to write the file at `path`.
  ///
  /// - Throws: an error that names `path` when its folder is missing or may not be written.
  public convenience init(path: String) throws(FormatError) {
    try self.init(path: path, operations: .system)
  }

  /// Begins to write with other system calls than the real ones.
  package init(path: String, operations: FileOperations) throws(FormatError) {
    self.path = path
    self.operations = operations
    func fault(_ error: SystemError) -> FormatError { writeFault(path, error) }
    do throws(SystemError) {
      if path.isEmpty || path.utf8.contains(0) { throw .refused("this is not a path") }
      target = resolvedPath(path)
      let old = try? FileStatus(path: target)
      if let old, old.isFolder { throw .refused("is a folder, not a file to write") }
      if let old, !old.isRegular {
        temporary = nil
        descriptor = try operations.open(target)
        return
      }
      // SAFETY: the path is NUL-terminated.
      if old != nil, unsafe access(systemPath(target), W_OK) != 0 { throw .last }
      removeLeftovers(inFolder: folder(of: target))
      let name = temporaryPath(for: target)
      temporary = name
      descriptor = try operations.create(name, UInt32(old.map { $0.mode & 0o777 } ?? 0o666))
    } catch {
      throw fault(error)
    }
  }

  deinit { cancel() }

  /// Adds bytes at the end.
  ///
  /// - Precondition: the writer is neither committed nor cancelled.
  /// - Throws: an error that names the output; nothing is left behind.
  public func write(_ bytes: Span<UInt8>) throws(FormatError) {
    guard let descriptor else { preconditionFailure("writing to \(path) after its end") }
    do throws(SystemError) {
      var done = 0
      while done < bytes.count {
        let written = try operations.write(descriptor, bytes.extracting(done...))
        if written <= 0 { throw SystemError(EIO) }
        done += written
      }
    } catch {
      cancel()
      throw writeFault(path, error)
    }
  }

  /// Adds bytes at the end.
  public func write(_ bytes: [UInt8]) throws(FormatError) { try write(bytes.span) }

  /// Makes the file visible under its name.
  ///
  /// - Throws: an error that names the output; the old file is then still there, unchanged, unless
  ///   the folder alone could not be synchronised.
  public func commit() throws(FormatError) {
    guard let open = descriptor else { preconditionFailure("committing \(path) twice") }
    do throws(SystemError) {
      if temporary != nil { try operations.synchronise(open) }
      descriptor = nil
      try operations.close(open)
      guard let temporary else { return }
      try operations.rename(temporary, target)
    } catch {
      cancel()
      if let temporary { try? operations.remove(temporary) }
      throw writeFault(path, error)
    }
    do throws(SystemError) {
      try operations.synchroniseFolder(folder(of: target))
    } catch {
      throw writeFault(path, error)
    }
  }

  /// Gives up: the temporary file goes, the old file stays.
  ///
  /// Does nothing after `commit`.
  public func cancel() {
    guard let open = descriptor else { return }
    descriptor = nil
    try? operations.close(open)
    if let temporary { try? operations.remove(temporary) }
  }
}

/// Writes a whole file at once: it is complete or absent.
///
/// - Throws: an error that names the output.
public func writeAtomically(_ bytes: [UInt8], to path: String) throws(FormatError) {
  let writer = try AtomicWriter(path: path)
  try writer.write(bytes.span)
  try writer.commit()
}

/// Writes a whole text file, in UTF-8, at once: it is complete or absent.
///
/// - Throws: an error that names the output.
public func writeAtomically(_ text: String, to path: String) throws(FormatError) {
  try writeAtomically(Array(text.utf8), to: path)
}

/// The error of an output.
func writeFault(_ path: String, _ error: SystemError) -> FormatError {
  FormatError(file: path, problem: error.explanation("cannot be written"))
}
