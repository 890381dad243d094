// Opens a weight file of any format that is known here, told by its first bytes.
//
// Deviations: none. Checked by: SafetensorsTests, NumpyTests, TorchTests, KerasTests.

import Files

/// The tensors of a file, and what else it says.
public struct TensorFile: Sendable {
  /// The format's name.
  public let format: String
  /// The tensors in the order of the file.
  public let tensors: [NamedTensor]
  /// safetensors' `__metadata__`; Keras' `backend` and `keras_version`; empty in other formats.
  public let metadata: [String: String]
}

/// What a weight file may ask for at most.
public struct LoadLimits: Sendable, Equatable {
  /// The number of tensors.
  public var tensors = 1_000_000
  /// The number of dimensions of a tensor.
  public var rank = 32
  /// The number of bytes of all tensors together, decompressed.
  public var expandedBytes = 4 << 30
  /// The number of bytes of a JSON header; 100,000,000 in the reference library too.
  public var headerBytes = 100_000_000

  /// How many times its size a compressed member larger than 64 MiB may grow; weights hardly shrink,
  /// a member that grows a thousandfold is a trap.
  public var growth = 200

  /// Whether the checksums of stored zip members above 1 MiB are compared.
  ///
  /// Without, a file of any size opens at once, and damaged values go unseen: for looking at names
  /// and shapes alone.
  public var comparesChecksums = true

  /// The depth of the stack that a pickle builds.
  public var pickleStack = 2_000_000

  /// The limits that every reader has unless it is told otherwise.
  public init() {}
}

/// Reads the tensors of a weight file: safetensors, npy, npz, PyTorch or Keras.
///
/// The format is told by the first bytes, never by the name. Values may be NaN: a network refuses
/// them with `refuseNonFinite`.
///
/// - Parameters:
///   - path: the file.
///   - limits: what the file may ask for at most.
/// - Returns: the tensors in the order of the file; an npy file holds one, named after nothing: "".
/// - Throws: an error that names the file when it is damaged, lies or is of another format; no
///   tensor is returned then.
public func loadTensors(
  contentsOf path: String, limits: LoadLimits = LoadLimits()
) throws(FormatError) -> [NamedTensor] {
  try loadTensorFile(contentsOf: path, limits: limits).tensors
}

/// Reads a weight file with its metadata; see `loadTensors`.
public func loadTensorFile(
  contentsOf path: String, limits: LoadLimits = LoadLimits()
) throws(FormatError) -> TensorFile {
  try readTensorFile(try CheckedBytes(contentsOf: path), limits: limits)
}

/// Reads a weight file that is in memory already; see `loadTensors`.
public func readTensorFile(
  _ bytes: CheckedBytes, limits: LoadLimits = LoadLimits()
) throws(FormatError) -> TensorFile {
  switch try weightFormat(of: bytes) {
  case .numpy:
    let array = try readNPY(bytes, name: "", limits: limits)
    return TensorFile(format: "npy", tensors: [array], metadata: [:])
  case .zip:
    let archive = try ZipArchive(bytes, limits: limits)
    if archive.members.contains(where: { hasSuffix($0.name, "/data.pkl") }) {
      let weights = try readTorchZip(bytes, archive, limits: limits)
      return TensorFile(format: "PyTorch", tensors: weights, metadata: [:])
    }
    let arrays = try readNPZ(bytes, archive, limits: limits)
    return TensorFile(format: "npz", tensors: arrays, metadata: [:])
  case .torchLegacy:
    let weights = try readTorchLegacy(bytes, limits: limits)
    return TensorFile(format: "PyTorch before 1.6", tensors: weights, metadata: [:])
  case .safetensors:
    let (tensors, metadata) = try readSafetensors(bytes, limits: limits)
    return TensorFile(format: "safetensors", tensors: tensors, metadata: metadata)
  case .hdf5:
    let (tensors, metadata) = try readKeras(bytes, limits: limits)
    return TensorFile(format: "Keras HDF5", tensors: tensors, metadata: metadata)
  }
}

private enum WeightFormat {
  case numpy
  case zip
  case torchLegacy
  case safetensors
  case hdf5
}

/// First bytes of files that are not read here, and what they are.
private let foreign: [(signature: [UInt8], offset: UInt64, problem: String)] = [
  (Array("version https://git-lfs".utf8), 0, "this is a git-lfs pointer; fetch the file itself"),
  ([0x89, 0x50, 0x4e, 0x47], 0, "this is a PNG image, not a weight file"),
  ([0xff, 0xd8, 0xff], 0, "this is a JPEG image, not a weight file"),
  (Array("ustar".utf8), 257, "PyTorch's tar format (before 0.2) is not read"),
]

private func weightFormat(of bytes: CheckedBytes) throws(FormatError) -> WeightFormat {
  for (signature, offset, problem) in foreign where bytes.matches(signature, at: offset) {
    throw bytes.error(problem)
  }
  if bytes.matches(numpySignature) { return .numpy }
  if bytes.matches(HDF5File.signature) { return .hdf5 }
  if bytes.matches([0x50, 0x4b, 0x03, 0x04]) || bytes.matches([0x50, 0x4b, 0x05, 0x06]) {
    return .zip
  }
  if bytes.matches([UInt8(ascii: "{")], at: 8) { return .safetensors }
  if bytes.count > 2, try bytes.u8(at: 0) == 0x80, (1...5).contains(try bytes.u8(at: 1)) {
    return .torchLegacy
  }
  throw bytes.error(
    "this is not a weight file that can be read (safetensors, npy, npz, PyTorch, Keras HDF5)")
}
