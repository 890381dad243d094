// Reads the tensors of PyTorch files: the zip container and the stream that came before it.
//
// Implements: PyTorch, torch/serialization.py (`_save`, `_legacy_save`) and torch/_utils.py
//   (`_rebuild_tensor_v2`).
// Equation -> code: element (i0 ... ik) lies at offset + sum of i_j stride_j (`TensorLayout`).
// Symbols: key -> the name of a storage's record; numel -> `TorchStorage.count`.
// Deviations: nothing is unpickled beyond a fixed list of names (`Pickle`); optimizer state and
//   numbers beside the tensors are left out; TorchScript archives are refused.
// Checked by: TorchTests. Cost: every tensor is a view of its storage until its values are asked for.

import Files

/// The weights of a zip container, root `ROOT/data.pkl`.
func readTorchZip(
  _ bytes: CheckedBytes, _ archive: ZipArchive, limits: LoadLimits
) throws(FormatError) -> [NamedTensor] {
  let suffix = "data.pkl"
  let roots = archive.members.filter { hasSuffix($0.name, "/" + suffix) }
  guard roots.count == 1, let pickle = roots.first else {
    throw bytes.error("the archive holds \(roots.count) files data.pkl instead of one")
  }
  let root = Array(pickle.name.dropLast(suffix.utf8.count))
  func member(_ name: String) -> ZipArchive.Member? {
    let wanted = root + Array(name.utf8)
    return archive.members.first { $0.name == wanted }
  }
  let code = root + Array("code/".utf8)
  if member("constants.pkl") != nil
    || archive.members.contains(where: { $0.name.starts(with: code) })
  {
    throw bytes.error("this is a TorchScript archive; save its state_dict instead")
  }
  if let order = member("byteorder"), try archive.data(of: order).array != Array("little".utf8) {
    throw bytes.error("the weights are not little-endian")
  }
  var machine = Pickle(try archive.data(of: pickle), limits: limits)
  let result = try machine.run()
  var records: [String: CheckedBytes] = [:]
  return try torchTensors(machine, result, bytes, limits) { storage throws(FormatError) in
    if let known = records[storage.key] { return known }
    guard let record = member("data/" + storage.key) else {
      throw bytes.error("the record of storage '\(shown(storage.key))' is missing")
    }
    let data = try archive.data(of: record)
    records[storage.key] = data
    return data
  }
}

/// Whether a byte string ends in a text.
func hasSuffix(_ name: [UInt8], _ suffix: String) -> Bool {
  name.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
}

/// The number that an old stream begins with: 0x1950a86a20f9469cfc6c, little-endian.
private let torchMagic: [UInt8] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]

/// The weights of an old stream: five pickles, then the storages one after another.
func readTorchLegacy(
  _ bytes: CheckedBytes, limits: LoadLimits
) throws(FormatError) -> [NamedTensor] {
  var machine = Pickle(bytes, limits: limits)
  try checkPreamble(&machine)
  let object = try machine.run()
  let list = try machine.run()
  guard case .list(let items) = machine[list] else {
    throw machine.fault("a list of storage keys expected")
  }
  var known: [String: TorchStorage] = [:]
  for case .storage(let storage) in machine.values { known[storage.key] = storage }
  var (records, position) = ([String: CheckedBytes](), machine.position)
  for item in items {
    guard case .text(let key) = machine[item], let storage = known[key], records[key] == nil else {
      throw bytes.error("the list of storage keys is wrong", at: position)
    }
    let count = try bytes.i64(at: position)
    guard count == Int64(storage.count), let size = product([storage.count, storage.type.size])
    else {
      throw bytes.error("storage '\(shown(key))' has another size than declared", at: position)
    }
    records[key] = try bytes.slice(at: position + 8, count: UInt64(size))
    position += 8 + UInt64(size)
  }
  guard position == UInt64(bytes.count) else {
    throw bytes.error("bytes follow the last storage", at: position)
  }
  return try torchTensors(machine, object, bytes, limits) { storage throws(FormatError) in
    guard let record = records[storage.key] else {
      throw bytes.error("the record of storage '\(shown(storage.key))' is missing")
    }
    return record
  }
}

/// The first three pickles of the old stream: magic number, protocol, and the writing machine, which
/// is refused when its bytes lie the other way.
private func checkPreamble(_ machine: inout Pickle) throws(FormatError) {
  let magic = try machine.run()
  guard case .largeInteger(torchMagic) = machine[magic] else {
    throw machine.fault("a pickle, but not of PyTorch: the magic number is wrong")
  }
  let version = try machine.run()
  guard case .integer(1001) = machine[version] else {
    throw machine.fault("a protocol other than 1001")
  }
  let index = try machine.run()
  guard case .dictionary(let pairs) = machine[index] else {
    throw machine.fault("a description of the writing machine expected")
  }
  for p in stride(from: 0, to: pairs.count - 1, by: 2) {
    if case .text("little_endian") = machine[pairs[p]],
      case .bool(false) = machine[pairs[p + 1]]
    {
      throw machine.fault("the weights are not little-endian")
    }
  }
}

/// The tensors of the dictionary that holds the weights, in its order.
private func torchTensors(
  _ machine: Pickle, _ root: Int, _ bytes: CheckedBytes, _ limits: LoadLimits,
  record: (TorchStorage) throws(FormatError) -> CheckedBytes
) throws(FormatError) -> [NamedTensor] {
  let found = try namedTensors(machine, root, bytes, limits)
  var (result, expanded) = ([NamedTensor](), 0)
  var described: [String: TorchStorage] = [:]
  for (name, tensor) in found {
    let storage = tensor.storage
    if let other = described.updateValue(storage, forKey: storage.key),
      other.type != storage.type || other.count != storage.count
    {
      throw bytes.error("storage '\(shown(storage.key))' is described twice, differently")
    }
    let data = try record(storage)
    guard let size = product([storage.count, storage.type.size]), size == data.count else {
      throw bytes.error("storage '\(shown(storage.key))' has another size than declared")
    }
    guard let count = product(tensor.shape), let needed = product([count, storage.type.size]),
      needed <= limits.expandedBytes - expanded
    else {
      throw bytes.error(
        "the tensors expand to more than \(limits.expandedBytes) bytes, tensor '\(shown(name))'")
    }
    expanded += needed
    let (part, layout) = try placed(tensor, data, name)
    result.append(
      try NamedTensor(
        name: name, shape: tensor.shape, type: storage.type, stored: part, layout: layout))
  }
  return result
}

/// The part of a storage that a tensor may use, and where its values lie there.
private func placed(
  _ tensor: TorchTensor, _ data: CheckedBytes, _ name: String
) throws(FormatError) -> (CheckedBytes, TensorLayout) {
  let (view, size) = (tensor.storage.view, tensor.storage.type.size)
  guard view.lowerBound >= 0, view.upperBound <= tensor.storage.count else {
    throw data.error("the view leaves the storage, tensor '\(shown(name))'")
  }
  let part = try data.slice(
    at: UInt64(view.lowerBound * size), count: UInt64(view.count * size))
  return (part, TensorLayout(first: tensor.offset, strides: tensor.strides))
}

/// The names and tensors of the dictionary that holds the weights.
private func namedTensors(
  _ machine: Pickle, _ root: Int, _ bytes: CheckedBytes, _ limits: LoadLimits
) throws(FormatError) -> [(String, TorchTensor)] {
  var index = root
  guard case .dictionary(let outer) = machine[root] else {
    throw bytes.error("the file does not hold a state_dict, but something else")
  }
  for wanted in ["state_dict", "model_state_dict", "model", "net"] {
    let inner = stride(from: 0, to: outer.count - 1, by: 2).first { p in
      if case .text(wanted) = machine[outer[p]], case .dictionary = machine[outer[p + 1]] {
        return true
      }
      return false
    }
    if let inner {
      index = outer[inner + 1]
      break
    }
  }
  guard case .dictionary(let pairs) = machine[index] else { return [] }
  var (found, names) = ([(String, TorchTensor)](), Set<[UInt8]>())
  for p in stride(from: 0, to: pairs.count - 1, by: 2) {
    guard case .tensor(let tensor) = machine[pairs[p + 1]] else { continue }
    guard case .text(let name) = machine[pairs[p]] else {
      throw bytes.error("a tensor's name is not a text")
    }
    guard names.insert(Array(name.utf8)).inserted else {
      throw bytes.error("two tensors are named '\(shown(name))'")
    }
    found.append((name, tensor))
  }
  let prefix = "module."
  guard !found.isEmpty, found.allSatisfy({ $0.0.hasPrefix(prefix) }) else { return found }
  return found.map { (String($0.0.dropFirst(prefix.count)), $0.1) }
}
