// Where published weight files are looked for, and what to say when one is missing.
//
// Deviations: none. Checked by: PublishedWeightsTests.

import Files
import Tensors

/// A weight file that is not there: what to fetch, and where to put it.
public struct MissingWeights: Error, Sendable, Equatable, CustomStringConvertible {
  /// The sentence to print.
  public let description: String
}

extension PublishedWeights {
  /// The folder of weight files: `NITAL_WEIGHTS`, else `~/.local/share/nital/weights`.
  public static var folder: String {
    if let folder = environment("NITAL_WEIGHTS"), !folder.isEmpty { return folder }
    return (environment("HOME") ?? ".") + "/.local/share/nital/weights"
  }

  /// Where this file is looked for.
  public var place: String { Self.folder + "/" + file }

  /// A sentence on how to get this file.
  public var remedy: String { "fetch \(source) and put it, named \(file), into \(Self.folder)" }

  /// The path of a weight file: as given when it is there, else in the folder of weight files.
  ///
  /// - Parameter name: a path, or the name of a file in the folder.
  /// - Returns: a path at which something is.
  /// - Throws: `MissingWeights` that says what to fetch when a published file is missing.
  public static func path(named name: String) throws(MissingWeights) -> String {
    // Be it a file or not: reading it will tell.
    if pathExists(name) { return name }
    let last = name.split(separator: "/").last.map { String($0) } ?? name
    let kept = folder + "/" + last
    if !name.utf8.contains(0x2f), pathExists(kept) { return kept }
    guard let known = all.first(where: { $0.file == last }) else {
      throw MissingWeights(description: "\(name): there is no such file")
    }
    throw MissingWeights(description: "\(name): there is no such file; \(known.remedy)")
  }

  /// The path of the first published file of a network that is there.
  ///
  /// - Parameter network: VGG16, AlexNet, ResNet18 or SqueezeNet, in letters of any case.
  /// - Returns: a path at which something is.
  /// - Throws: `MissingWeights` that says what to fetch when there is none.
  public static func path(for network: String) throws(MissingWeights) -> String {
    let files = all.filter { $0.network.lowercased() == network.lowercased() }
    if let found = files.first(where: { pathExists($0.place) }) { return found.place }
    guard let first = files.first else {
      throw MissingWeights(description: "\(network): no weights were published for this network")
    }
    let others = files.dropFirst().map(\.file).joined(separator: " or ")
    throw MissingWeights(
      description: "\(network): its weights are not here; \(first.remedy)"
        + (others.isEmpty ? "" : " (or instead \(others); see nital weights list)"))
  }
}
