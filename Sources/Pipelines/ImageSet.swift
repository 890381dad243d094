// The images that a user names: where they are, and what they are called in every result.

import Files

/// The image files of a run, with names relative to their common folder.
public struct ImageSet: Sendable, Equatable {
  /// The paths as given, ordered by name.
  public let paths: [String]
  /// The names, as many as `paths`: relative to the deepest folder that holds all of them, so that
  /// results do not depend on where the folder lies.
  public let names: [String]
  /// The folder that the names are relative to.
  public let folder: String

  /// Endings of files that a folder stands for.
  public static let endings = [
    "png", "jpg", "jpeg", "bmp", "dib", "tif", "tiff", "pgm", "ppm", "pbm", "pnm", "pam",
  ]

  /// Expands files, folders, patterns and `@list` arguments.
  ///
  /// - Throws: `FormatError` naming the argument to which nothing corresponds.
  public init(_ arguments: [String], workingFolder: String = currentFolder()) throws(FormatError) {
    let found = try InputList.expand(arguments) { name in
      guard let dot = name.lastIndex(of: ".") else { return false }
      return ImageSet.endings.contains(name[name.index(after: dot)...].lowercased())
    }
    self.init(paths: found, workingFolder: workingFolder)
  }

  /// Names the given paths.
  public init(paths: [String], workingFolder: String) {
    let parts = paths.map { ImageSet.components(of: $0, from: workingFolder) }
    var common = parts.first.map { Array($0.dropLast()) } ?? []
    for part in parts {
      let shared = zip(common, part.dropLast()).prefix { $0.0 == $0.1 }.count
      common.removeLast(common.count - shared)
    }
    let named = zip(paths, parts).map { path, part in
      (path: path, name: part.dropFirst(common.count).joined(separator: "/"))
    }.sorted { precedes($0.name, $1.name) }
    self.paths = named.map(\.path)
    self.names = named.map(\.name)
    folder = "/" + common.joined(separator: "/")
  }

  private init(paths: [String], names: [String], folder: String) {
    (self.paths, self.names, self.folder) = (paths, names, folder)
  }

  /// The images at these places of the list, under the names that they have here.
  func selecting(_ places: [Int]) -> ImageSet {
    ImageSet(
      paths: places.map { paths[$0] }, names: places.map { names[$0] }, folder: folder)
  }

  /// The folders and the file of an absolute path, without `.` and `..`.
  private static func components(of path: String, from folder: String) -> [String] {
    let absolute = path.hasPrefix("/") ? path : folder + "/" + path
    var result: [String] = []
    for part in absolute.split(separator: "/") where part != "." {
      if part == ".." {
        _ = result.popLast()
      } else {
        result.append(String(part))
      }
    }
    return result
  }
}
