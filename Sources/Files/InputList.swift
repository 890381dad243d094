// What a user names on the command line, turned into a sorted list of files.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The files that a user means.
public enum InputList {
  /// The most files of one list.
  public static let largestCount = 10_000_000

  /// Turns files, folders, patterns and lists into files, ordered by the bytes of their paths.
  ///
  /// - A path that exists is taken as it is. A folder stands for the files in it and below it whose
  ///   names `isWanted` accepts; names that begin with a dot and links to folders are left out.
  /// - A path that does not exist and holds `*`, `?` or `[` is a pattern as of a shell.
  /// - `@list` stands for the paths in the file `list`, one a line, relative to the current folder;
  ///   empty lines and lines that begin with `#` do not count.
  ///
  /// - Parameters:
  ///   - arguments: what the user named.
  ///   - isWanted: whether a file found in a folder belongs to the list, judged by its name.
  /// - Returns: each path once.
  /// - Throws: an error that names the argument to which nothing corresponds.
  public static func expand(
    _ arguments: [String], isWanted: (String) -> Bool = { _ in true }
  ) throws(FormatError) -> [String] {
    var found: [String] = []
    for argument in arguments {
      if argument.utf8.first == UInt8(ascii: "@") {
        for line in try listLines(String(argument.dropFirst())) {
          found += try files(of: line, isWanted)
        }
      } else {
        found += try files(of: argument, isWanted)
      }
      if found.count > largestCount {
        throw FormatError(file: argument, problem: "more than \(largestCount) files")
      }
    }
    return sortedOnce(found)
  }

  /// The files that one path, folder or pattern stands for.
  private static func files(
    of argument: String, _ isWanted: (String) -> Bool
  ) throws(FormatError) -> [String] {
    if isFolder(argument) {
      let inside = try filesBelow(argument, isWanted)
      if inside.isEmpty {
        throw FormatError(file: argument, problem: "no suitable file in this folder")
      }
      return inside
    }
    let isPattern = argument.contains { "*?[".contains($0) }
    if exists(argument) || !isPattern { return [argument] }
    let matches = matchingPaths(argument)
    if matches.isEmpty {
      throw FormatError(file: argument, problem: "no file matches this pattern")
    }
    var result: [String] = []
    for match in matches {
      result += isFolder(match) ? try filesBelow(match, isWanted) : [match]
    }
    return result
  }

  /// The wanted files in and below a folder; an explicit stack, so that depth costs nothing.
  private static func filesBelow(
    _ folder: String, _ isWanted: (String) -> Bool
  ) throws(FormatError) -> [String] {
    var result: [String] = []
    var waiting = [folder]
    while let next = waiting.popLast() {
      let prefix = next.utf8.last == UInt8(ascii: "/") ? next : next + "/"
      for name in try listFolder(next) where name.utf8.first != UInt8(ascii: ".") {
        let path = prefix + name
        switch linkStatus(path) {
        case S_IFDIR: waiting.append(path)
        case S_IFREG: if isWanted(name) { result.append(path) }
        case S_IFLNK: if isRegularFile(path), isWanted(name) { result.append(path) }
        default: break
        }
      }
      if result.count > largestCount { return result }
    }
    return result
  }

  private static func listLines(_ path: String) throws(FormatError) -> [String] {
    let bytes = try CheckedBytes(contentsOf: path, limit: 1 << 30).array
    let lines = bytes.split(separator: UInt8(ascii: "\n")).map { line in
      pathText(Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line))
    }
    let paths = lines.filter { !$0.isEmpty && $0.utf8.first != UInt8(ascii: "#") }
    if paths.isEmpty { throw FormatError(file: path, problem: "the list names no file") }
    return paths
  }

  private static func sortedOnce(_ paths: [String]) -> [String] {
    let sorted = paths.map(systemBytes(of:)).sorted { $0.lexicographicallyPrecedes($1) }
    var result: [[UInt8]] = []
    for path in sorted where path != result.last { result.append(path) }
    return result.map(pathText)
  }

  private static func exists(_ path: String) -> Bool { linkStatus(path) != 0 }

  /// The type of what lies at `path`, links not followed; 0 when there is nothing.
  private static func linkStatus(_ path: String) -> mode_t {
    var status = stat()
    // SAFETY: `status` is a local variable; the path is NUL-terminated.
    return unsafe lstat(systemPath(path), &status) == 0 ? status.st_mode & S_IFMT : 0
  }

  private static func matchingPaths(_ pattern: String) -> [String] {
    var matches = unsafe glob_t()
    // SAFETY: glob fills `matches`, which is freed after its texts were copied.
    defer { unsafe globfree(&matches) }
    guard unsafe glob(systemPath(pattern), GLOB_NOSORT, nil, &matches) == 0 else { return [] }
    return (0..<Int(unsafe matches.gl_pathc)).compactMap { index in
      unsafe matches.gl_pathv[index].map { text in
        unsafe pathText(Array(UnsafeRawBufferPointer(start: text, count: strlen(text))))
      }
    }
  }
}
