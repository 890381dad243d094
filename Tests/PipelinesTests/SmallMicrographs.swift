import Files
import Imaging
import Microstructures
import Pipelines
import Tensors
import Testing

#if canImport(Glibc)
import Glibc
#endif

/// A fresh folder for one test; it is removed with what it holds.
final class ScratchFolder {
  let path: String

  init() {
    path = "/tmp/nital-pipelines-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    mkdir(path, 0o700)
  }

  deinit { Self.remove(path) }

  func callAsFunction(_ name: String) -> String { path + "/" + name }

  private static func remove(_ path: String) {
    for name in (try? listFolder(path)) ?? [] {
      let inner = path + "/" + name
      if unlink(inner) != 0 { remove(inner) }
    }
    rmdir(path)
  }
}

/// Micrographs of 64 x 64 pixels, and settings that suit them.
enum SmallMicrographs {
  static let kinds: [MicrographKind] = [.lamellarPearlite, .scratches, .nodularIron]

  /// Writes `count` pictures of each kind as `KIND-N.png`; returns their paths.
  @discardableResult
  static func write(
    _ kinds: [MicrographKind] = kinds, count: Int = 8, seed: UInt64 = 0, to folder: String
  ) throws -> [String] {
    var paths: [String] = []
    for kind in kinds {
      for number in 0..<count {
        var generator = SeededGenerator(seed: seed, stream: number)
        let drawn = SyntheticMicrograph(
          kind: kind, parameters: MicrographParameters(kind, height: 64, width: 64),
          using: &generator)
        let path = "\(folder)/\(kind.rawValue)-\(number).png"
        try drawn.image.write(to: path)
        paths.append(path)
      }
    }
    return paths
  }

  static var settings: ClusteringSettings {
    var settings = ClusteringSettings()
    settings.scales = 3
    settings.orientations = 4
    settings.components = 4
    settings.clusters = "3"
    settings.starts = 20
    return settings
  }

  static func job(
    _ paths: [String], _ labels: LabelSource = .names,
    _ change: (inout ClusteringSettings) -> Void = { _ in }
  ) -> MicrographClustering {
    var settings = settings
    change(&settings)
    return MicrographClustering(
      images: ImageSet(paths: paths, workingFolder: "/"), labels: labels, settings: settings)
  }
}

/// The bytes of a file.
func contents(_ path: String) throws -> [UInt8] { try CheckedBytes(contentsOf: path).array }

/// The bytes of the model's file.
func modelBytes(_ model: ClusterModel, in folder: ScratchFolder) throws -> [UInt8] {
  let path = folder("bytes-\(UInt64.random(in: 0 ... .max)).safetensors")
  try model.save(to: path)
  return try contents(path)
}

/// The lines of a table by the first cell.
func rows(_ csv: String) -> [String: String] {
  Dictionary(
    csv.split(separator: "\n").map { (String($0.prefix { $0 != "," }), String($0)) },
    uniquingKeysWith: { first, _ in first })
}
