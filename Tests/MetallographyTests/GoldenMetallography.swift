import Files
import FoundationEssentials
import Metallography
import Tensors
import WeightFormats

/// What NumPy, SciPy and scikit-image found (Tests/Fixtures/generate_metallography.py).
struct GoldenMetallography: Decodable {
  struct Criteria: Decodable {
    var region, error, logarithm, colours: String
    var R: Int
    var F, FPrime, Q: Double
  }
  struct Region: Decodable {
    var area, perimeter, major, minor, y, x, diameter: Double
    var first: Int
  }
  struct Map: Decodable {
    var criteria: [Criteria]
    var regions: [Region]
    var accuracy: Double
    var iou: [Double]
  }
  var maps: [Map]
  var t: [[Double]]
  var fields: [Double]
  var mean, deviation, low, high: Double

  static let values: Result<GoldenMetallography, any Error> = Result {
    try JSONDecoder().decode(
      GoldenMetallography.self,
      from: Data(try CheckedBytes(contentsOf: fixturePath("expected.json")).array))
  }
}

private func fixturePath(_ name: String, file: String = #filePath) -> String {
  let tests = file.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
  return (tests + ["Fixtures", "metallography", Substring(name)]).joined(separator: "/")
}

/// The ten label maps with their pictures and true phases.
struct LabelledPicture {
  var map: LabelMap
  var truth: LabelMap
  var image: Tensor<Float>

  static let all: Result<[LabelledPicture], any Error> = Result {
    let arrays = try loadTensors(contentsOf: fixturePath("maps.npz"))
    func map(_ name: String) throws -> LabelMap {
      guard let array = arrays[name] else { throw FormatError(file: name, problem: "missing") }
      return LabelMap(
        height: array.shape[0], width: array.shape[1], labels: try array.integers().scalars)
    }
    return try (0..<10).map { k in
      guard let image = arrays["image_\(k)"] else {
        throw FormatError(file: "image_\(k)", problem: "missing")
      }
      return LabelledPicture(
        map: try map("labels_\(k)"), truth: try map("truth_\(k)"), image: try image.floats())
    }
  }
}
