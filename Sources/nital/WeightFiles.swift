// The weight files of a command: where they are, what is known of them, the network they belong to.

import Files
import NeuralNetworks
import Tensors
import WeightFormats

/// The folder of weight files: `NITAL_WEIGHTS`, else `~/.local/share/nital/weights`.
func weightFolder() -> String { PublishedWeights.folder }

/// The path of a weight file: as given when it is there, else in the folder of weight files.
///
/// - Throws: `CommandFailure` with status 5 that names the file and, when it is a published one,
///   where to fetch it and where to put it.
func weightFile(_ name: String) throws(CommandFailure) -> String {
  do throws(MissingWeights) {
    return try PublishedWeights.path(named: name)
  } catch {
    throw CommandFailure(error.description, .modelMissing)
  }
}

/// The path of a weight file of a network: the one that was given, else a published one.
///
/// - Throws: `CommandFailure` with status 5 that says what to fetch when there is none.
func weightFile(_ name: String?, for network: String) throws(CommandFailure) -> String {
  if let name { return try weightFile(name) }
  do throws(MissingWeights) {
    return try PublishedWeights.path(for: network)
  } catch {
    throw CommandFailure(error.description, .modelMissing)
  }
}

/// The tensors of a file as a network takes them.
func networkTensors(_ tensors: [NamedTensor]) -> [NetworkTensor] {
  tensors.map { tensor in
    NetworkTensor(
      name: tensor.name, shape: tensor.shape,
      rows: tensor.isContiguous ? { try tensor.floats(rows: $0) } : nil
    ) {
      tensor.isContiguous
        ? Tensor(shape: tensor.shape, scalars: try tensor.floats(rows: 0..<tensor.shape[0]))
        : try tensor.floats()
    }
  }
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
  /// Where to put it.
  var place: String
  /// Where it was found; `nil` when it was not.
  var path: String?
  /// `missing`, `found`, `verified`, `wrong size` or `wrong hash`.
  var state: String

  /// Looks for a file, and compares its size and, if asked, its SHA-256.
  init(_ known: PublishedWeights, checkingHash: Bool) {
    (network, file, source, place) = (known.network, known.file, known.source, known.place)
    (licence, bytes, hash, use) = (known.licence, known.size, known.hash, known.use)
    state = "missing"
    guard isRegularFile(known.place) else { return }
    path = known.place
    state = "found"
    guard known.size != nil || checkingHash else { return }
    guard let content = try? CheckedBytes(contentsOf: known.place) else {
      state = "unreadable"
      return
    }
    if let size = known.size, size != content.count {
      state = "wrong size"
    } else if checkingHash, let isSame = known.hasHash(of: content) {
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
      place    \(printable(place, limit: 4096))
      bytes    \(bytes.map { "\($0)" } ?? "unknown")
      hash     \(hash ?? "unknown")
      licence  \(licence)
      source   \(source)
    """
  }
}

extension PublishedWeights {
  /// Whether bytes have the SHA-256 on record; `nil` when none is.
  func hasHash(of content: CheckedBytes) -> Bool? {
    guard let hash, hash.hasPrefix("sha256:") else { return nil }
    return SHA256.hash(of: content).hasPrefix(hash.dropFirst(7))
  }
}
