// Names in a folder, in an order that does not depend on the file system.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The names in a folder, ordered by their bytes, without "." and "..".
///
/// - Throws: an error that names the folder when it cannot be listed.
public func listFolder(_ path: String) throws(FormatError) -> [String] {
  do throws(SystemError) {
    return try folderEntries(path)
  } catch {
    throw FormatError(file: path, problem: error.explanation("the folder cannot be listed"))
  }
}

/// Makes a folder and those above it; does nothing when it is there.
///
/// - Throws: an error that names the folder.
public func makeFolder(_ path: String) throws(FormatError) {
  if let status = try? FileStatus(path: path), status.isFolder { return }
  let above = folder(of: path)
  if above != path, above != "." { try makeFolder(above) }
  // SAFETY: the path is NUL-terminated.
  guard unsafe mkdir(systemPath(path), 0o777) != 0 else { return }
  let error = SystemError.last
  if let status = try? FileStatus(path: path), status.isFolder { return }
  throw FormatError(file: path, problem: "the folder cannot be made: \(error.text)")
}

/// Whether `path` leads to a folder.
public func isFolder(_ path: String) -> Bool { (try? FileStatus(path: path))?.isFolder ?? false }

/// Whether `path` leads to a regular file.
public func isRegularFile(_ path: String) -> Bool {
  (try? FileStatus(path: path))?.isRegular ?? false
}

/// Whether anything is at `path`, links followed.
public func pathExists(_ path: String) -> Bool { (try? FileStatus(path: path)) != nil }

/// Whether text `a` comes before `b` in the order of their bytes.
public func precedes(_ a: String, _ b: String) -> Bool {
  systemBytes(of: a).lexicographicallyPrecedes(systemBytes(of: b))
}

func folderEntries(_ path: String) throws(SystemError) -> [String] {
  // SAFETY: the path is NUL-terminated; the stream is closed below.
  guard let stream = unsafe opendir(systemPath(path)) else { throw .last }
  defer { unsafe closedir(stream) }
  var names: [[UInt8]] = []
  while true {
    errno = 0
    guard let entry = unsafe readdir(stream) else { break }
    // SAFETY: the entry's name is NUL-terminated and lives until the next call of readdir.
    let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
      unsafe Array($0.prefix { $0 != 0 })
    }
    if name != Array(".".utf8) && name != Array("..".utf8) { names.append(name) }
  }
  if errno != 0 { throw .last }
  return names.sorted { $0.lexicographicallyPrecedes($1) }.map(pathText)
}

/// The folder that relative paths begin at.
public func currentFolder() -> String {
  // SAFETY: with a null pointer getcwd allocates a NUL-terminated string, which is copied and freed.
  guard let text = unsafe getcwd(nil, 0) else { return "/" }
  defer { unsafe free(text) }
  return unsafe String(cString: text)
}

/// Removes a file if it is there.
public func discardFile(_ path: String) {
  // SAFETY: the path is NUL-terminated.
  _ = unsafe unlink(systemPath(path))
}
