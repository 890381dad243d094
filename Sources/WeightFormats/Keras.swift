// Reads the weights of Keras' HDF5 files: layers in order, each with its weights in order.
//
// Implements: Keras 1 and 2, `save_weights` and `model.save` (keras/engine/topology.py,
//   `save_weights_to_hdf5_group`; keras/engine/saving.py, `save_attributes_to_hdf5_group`).
// Symbols: layer_names, weight_names -> attributes of the root or of `model_weights`, and of each
//   layer's group.
// Deviations: Keras 3's own layout (`.weights.h5`, no layer_names) is refused. Values keep Keras'
//   order: convolutions (height, width, in, out), dense (in, out).
// Checked by: KerasTests (files of h5py, hostile files), corpus. Cost: nothing is copied.

import Files

/// The weights of a Keras file, named `layer/weight`, and what it says of its writer.
func readKeras(
  _ bytes: CheckedBytes, limits: LoadLimits
) throws(FormatError) -> ([NamedTensor], [String: String]) {
  var file = try HDF5File(bytes, limits: limits)
  var (group, prefix) = (file.root, "")
  var layers = try attributeList("layer_names", of: group, &file)
  if layers == nil {
    let inner = "model_weights"
    do throws(FormatError) {
      group = try file.address(of: [Array(inner.utf8)[...]], from: group)
    } catch {
      throw bytes.error(
        "this is HDF5, but not Keras weights: no attribute layer_names, and \(error.problem)")
    }
    prefix = inner + "/"
    layers = try attributeList("layer_names", of: group, &file)
  }
  guard let layers else {
    throw bytes.error("this is HDF5, but not Keras weights: no attribute layer_names")
  }
  var reader = KerasReader(file: file, group: group, prefix: prefix)
  for layer in layers { try reader.readLayer(layer) }
  return (reader.tensors, try reader.metadata())
}

/// The texts of an attribute, or of its parts NAME0, NAME1, ..., into which Keras splits long lists.
private func attributeList(
  _ name: String, of address: UInt64, _ file: inout HDF5File
) throws(FormatError) -> [[UInt8]]? {
  let object = try file.object(at: address)
  if let whole = try file.texts(name, of: object) { return whole }
  guard var list = try file.texts(name + "0", of: object) else { return nil }
  var part = 1
  while let more = try file.texts(name + "\(part)", of: object) {
    list += more
    part += 1
  }
  return list
}

/// Collects the weights layer by layer.
private struct KerasReader {
  var file: HDF5File
  /// The group of the layers.
  let group: UInt64
  let prefix: String
  var tensors: [NamedTensor] = []
  /// Layers and weights met so far.
  private var layerNames: Set<[UInt8]> = []
  private var names: Set<String> = []
  private var expanded = 0

  init(file: HDF5File, group: UInt64, prefix: String) {
    (self.file, self.group, self.prefix) = (file, group, prefix)
  }

  mutating func readLayer(_ layer: [UInt8]) throws(FormatError) {
    guard layerNames.insert(layer).inserted else {
      throw file.bytes.error("layer '\(text(layer))' comes twice")
    }
    let address = try file.address(of: try path(layer), from: group)
    guard let weights = try attributeList("weight_names", of: address, &file) else {
      throw file.bytes.error("layer '\(text(layer))' has no attribute weight_names")
    }
    for weight in weights {
      let name = prefix + String(decoding: layer + [0x2f] + weight, as: UTF8.self)
      guard names.insert(name).inserted else {
        throw file.bytes.error("two tensors are named '\(shown(name))'")
      }
      guard tensors.count < file.limits.tensors else {
        throw file.bytes.error("more than \(file.limits.tensors) tensors")
      }
      let place = try file.address(of: try path(weight), from: address)
      let tensor = try file.dataset(at: place, named: name)
      guard tensor.byteCount <= file.limits.expandedBytes - expanded else {
        throw tensor.error("the tensors expand to more than \(file.limits.expandedBytes) bytes")
      }
      expanded += tensor.byteCount
      tensors.append(tensor)
    }
  }

  /// The parts of a name, none of which may be empty, `.` or `..`.
  private func path(_ name: [UInt8]) throws(FormatError) -> [ArraySlice<UInt8>] {
    let parts = name.split(separator: 0x2f, omittingEmptySubsequences: false)
    let idle: [[UInt8]] = [[], [0x2e], [0x2e, 0x2e]]
    guard parts.count <= 16, !parts.contains(where: { idle.contains(Array($0)) }) else {
      throw file.bytes.error("'\(text(name))' is not the name of a weight")
    }
    return parts
  }

  private func text(_ name: [UInt8]) -> String { shown(String(decoding: name, as: UTF8.self)) }

  /// What the file says of its writer.
  mutating func metadata() throws(FormatError) -> [String: String] {
    var result: [String: String] = [:]
    for address in [file.root, group] {
      let object = try file.object(at: address)
      for key in ["backend", "keras_version"] {
        // An attribute of another kind than a text says nothing.
        guard let texts = try? file.texts(key, of: object), texts.count == 1 else { continue }
        result[key] = String(decoding: texts[0], as: UTF8.self)
      }
    }
    return result
  }
}
