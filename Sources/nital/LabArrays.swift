// Arrays in and out of `nital lab`: .npy, .npz and pictures.

import Files
import Imaging
import Tensors
import WeightFormats

/// An array that a user named, in the precision of its file.
enum LabArray {
  case float(Tensor<Float>)
  case double(Tensor<Double>)

  var shape: [Int] {
    switch self {
    case .float(let tensor): tensor.shape
    case .double(let tensor): tensor.shape
    }
  }

  var doubles: Tensor<Double> {
    switch self {
    case .float(let tensor): Tensor(shape: tensor.shape, scalars: tensor.scalars.map { Double($0) })
    case .double(let tensor): tensor
    }
  }

  var floats: Tensor<Float> {
    switch self {
    case .float(let tensor): tensor
    case .double(let tensor): Tensor(shape: tensor.shape, scalars: tensor.scalars.map { Float($0) })
    }
  }
}

/// Reads numbers: Float stays Float, everything else becomes Double.
///
/// - Throws: `CommandFailure` naming the file.
func loadArray(_ path: String) throws(CommandFailure) -> LabArray {
  try readingFile { () throws(FormatError) in
    let tensor = try firstTensor(path)
    return tensor.type == .float32 ? .float(try tensor.floats()) : .double(try tensor.doubles())
  }
}

/// Reads a picture: from a picture file as grey or RGB, or from an array whose whole numbers are
/// scaled by the range of their type, as scikit-image does.
///
/// - Returns: Float for float32 arrays and for picture files, else Double.
/// - Throws: `CommandFailure` naming the file.
func loadPicture(_ path: String) throws(CommandFailure) -> LabArray {
  try readingFile { () throws(FormatError) in
    if try isArrayFile(path) {
      let tensor = try firstTensor(path)
      if tensor.type == .float32 { return .float(try tensor.floats()) }
      let values = try tensor.doubles()
      let white: Double =
        switch tensor.type {
        case .uint8: 255
        case .uint16: 65535
        default: 1
        }
      return .double(Tensor(shape: values.shape, scalars: values.scalars.map { $0 / white }))
    }
    let image = try Image(contentsOf: path)
    do {
      return .float(try image.channels >= 3 ? image.rgb() : image.grey())
    } catch {
      throw FormatError(file: path, problem: "\(error)")
    }
  }
}

/// Whether a file begins as .npy or .npz do.
func isArrayFile(_ path: String) throws(FormatError) -> Bool {
  let bytes = try CheckedBytes(contentsOf: path)
  return bytes.matches([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]) || bytes.matches([0x50, 0x4B])
}

/// The only array of a .npy file, or the first of a .npz file.
func firstTensor(_ path: String) throws(FormatError) -> NamedTensor {
  guard let first = try loadTensors(contentsOf: path).first else {
    throw FormatError(file: path, problem: "the file holds no array")
  }
  return first
}

/// Writes one array as .npy or .npz, or a picture when the ending is that of one.
///
/// - Throws: `CommandFailure` naming the file.
func saveArray(_ tensor: NamedTensor, to path: String) throws(CommandFailure) {
  try readingFile { () throws(FormatError) in
    switch path.split(separator: ".").last.map({ $0.lowercased() }) {
    case "npy": try saveNPY(tensor, to: path)
    case "npz": try saveNPZ([tensor], to: path)
    default: try savePicture(try tensor.floats(), to: path)
    }
  }
}

/// Writes values from 0 to 1 as a picture of 8 bits.
private func savePicture(_ values: Tensor<Float>, to path: String) throws(FormatError) {
  guard values.rank == 2 || (values.rank == 3 && values.shape[2] == 3) else {
    throw FormatError(
      file: path, problem: "shape \(values.shape) is no picture; write .npy or .npz")
  }
  do {
    let image = try values.rank == 2 ? Image(grey: values) : Image(rgb: values)
    try image.write(to: path)
  } catch let error as FormatError {
    throw error
  } catch {
    throw FormatError(file: path, problem: "\(error); write .npy or .npz")
  }
}

/// Refuses a name that `saveArrays` cannot write to, before the work.
///
/// - Throws: `CommandFailure` naming the file.
func requireArrayFile(_ path: String) throws(CommandFailure) {
  guard path.lowercased().hasSuffix(".npz") else {
    throw CommandFailure(
      "\(path): this result has several arrays; name a file that ends in .npz", .usage)
  }
}

/// Writes several arrays as .npz; see `requireArrayFile`.
///
/// - Throws: `CommandFailure` naming the file.
func saveArrays(_ tensors: [NamedTensor], to path: String) throws(CommandFailure) {
  try readingFile { () throws(FormatError) in try saveNPZ(tensors, to: path) }
}

/// A list of numbers as an array of one dimension.
func vector<Scalar>(_ values: [Scalar]) -> Tensor<Scalar> {
  Tensor(shape: [values.count], scalars: values)
}
