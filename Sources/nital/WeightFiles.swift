// Where weight files are looked for, and what to say when one is missing.

import Files
import Tensors
import WeightFormats

/// The folder of weight files: `NITAL_WEIGHTS`, else `~/.local/share/nital/weights`.
func weightFolder() -> String {
  if let folder = environment("NITAL_WEIGHTS"), !folder.isEmpty { return folder }
  return (environment("HOME") ?? ".") + "/.local/share/nital/weights"
}

/// The path of a weight file: as given when it is there, else in the folder of weight files.
///
/// - Throws: `CommandFailure` with status 5 that names the file and, when it is a published one,
///   where to fetch it and where to put it.
func weightFile(_ name: String) throws(CommandFailure) -> String {
  // Be it a file or not: reading it will tell.
  if pathExists(name) { return name }
  let last = name.split(separator: "/").last.map { String($0) } ?? name
  let kept = weightFolder() + "/" + last
  if !name.utf8.contains(0x2f), pathExists(kept) { return kept }
  guard let known = PublishedWeights.all.first(where: { $0.file == last }) else {
    throw CommandFailure("\(name): there is no such file", .modelMissing)
  }
  throw CommandFailure(
    "\(name): there is no such file; fetch \(known.source) and put it, named \(known.file), "
      + "into \(weightFolder())", .modelMissing)
}

/// What is known of a published file on this machine.
struct WeightFileState: Encodable {
  var schema_version = 1
  var network: String
  var file: String
  var source: String
  var licence: String
  var bytes: Int?
  var hash: String?
  var use: String
  /// Where it was found; `nil` when it was not.
  var path: String?
  /// `missing`, `found`, `verified`, `wrong size` or `wrong hash`.
  var state: String

  /// Looks for a file, and compares its size and, if asked, its SHA-256.
  init(_ known: PublishedWeights, checkingHash: Bool) {
    (network, file, source) = (known.network, known.file, known.source)
    (licence, bytes, hash, use) = (known.licence, known.size, known.hash, known.use)
    let place = weightFolder() + "/" + known.file
    state = "missing"
    guard isRegularFile(place) else { return }
    path = place
    state = "found"
    guard known.size != nil || checkingHash else { return }
    guard let content = try? CheckedBytes(contentsOf: place) else {
      state = "unreadable"
      return
    }
    if let size = known.size, size != content.count {
      state = "wrong size"
    } else if checkingHash, let hash = known.hash, hash.hasPrefix("sha256:") {
      let isSame = SHA256.hash(of: content).hasPrefix(hash.dropFirst(7))
      state = isSame ? "verified" : "wrong hash"
    }
  }

  /// Whether something is there, but not what was published.
  var isWrong: Bool { ["unreadable", "wrong size", "wrong hash"].contains(state) }

  /// Lines for a person.
  var text: String {
    """
    \(file)
      network  \(network)
      used for \(use)
      state    \(state)\(path.map { ": " + printable($0, limit: 4096) } ?? "")
      bytes    \(bytes.map { "\($0)" } ?? "unknown")
      hash     \(hash ?? "unknown")
      licence  \(licence)
      source   \(source)
    """
  }
}
