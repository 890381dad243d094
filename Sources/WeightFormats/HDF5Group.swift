// Groups of HDF5: names and the addresses behind them, old style and new.
//
// Implements: "HDF5 File Format Specification Version 3.0", sections III.A.1 (B-tree version 1), III.B
//   (symbol table nodes), III.D (local heap), IV.A.2.c (link info) and IV.A.2.g (links).
// Deviations: dense storage (fractal heaps) is refused. B-tree keys are not needed to list all names.
// Checked by: HDF5Tests, KerasTests. Cost: each node once.

import Files

/// Where a name of a group leads.
enum HDF5Link {
  /// The address of an object header.
  case hard(UInt64)
  /// A path in this file.
  case soft
  /// A path in another file.
  case external
}

extension HDF5File {
  /// The links of the group whose header lies at `address`.
  mutating func readLinks(at address: UInt64) throws(FormatError) -> [[UInt8]: HDF5Link] {
    let object = try object(at: address)
    var links: [[UInt8]: HDF5Link] = [:]
    for (kind, data) in object.messages {
      switch kind {
      case .symbolTable: try readSymbolTable(data, &links)
      case .link:
        let (name, link) = try readLink(data)
        try insert(name, link, &links, data)
      case .linkInfo:
        let flags = try data.u8(at: 1)
        guard try data.u64(at: flags & 1 != 0 ? 10 : 2) == Self.undefined else {
          throw data.error("a group in dense storage is not read; save it in the old format", at: 0)
        }
      default: break
      }
    }
    return links
  }

  private mutating func insert(
    _ name: [UInt8], _ link: HDF5Link, _ links: inout [[UInt8]: HDF5Link], _ place: CheckedBytes
  ) throws(FormatError) {
    try spend()
    guard links.updateValue(link, forKey: name) == nil else {
      throw place.error(
        "the name '\(shown(String(decoding: name, as: UTF8.self)))' comes twice", at: 0)
    }
  }

  /// A link message: name and target.
  private func readLink(_ data: CheckedBytes) throws(FormatError) -> ([UInt8], HDF5Link) {
    var cursor = ByteCursor(data)
    let version = try cursor.u8()
    guard version == 1 else { throw cursor.fault("link version \(version)", at: 0) }
    let flags = try cursor.u8()
    let type = flags & 0x08 != 0 ? try cursor.u8() : 0
    if flags & 0x04 != 0 { try cursor.skip(8) }
    if flags & 0x10 != 0 { try cursor.skip(1) }
    let length = try cursor.number(width: flags)
    guard length <= UInt64(Self.longestName) else {
      throw cursor.fault("a name of \(length) bytes")
    }
    let name = try cursor.take(length).array
    switch type {
    case 0: return (name, .hard(try cursor.u64()))
    case 1: return (name, .soft)
    case 64: return (name, .external)
    default: throw cursor.fault("link type \(type) is unknown")
    }
  }

  /// An old group: the leaves of a B-tree hold the entries, a local heap their names.
  private mutating func readSymbolTable(
    _ data: CheckedBytes, _ links: inout [[UInt8]: HDF5Link]
  ) throws(FormatError) {
    let (tree, heap) = (try data.u64(at: 0), try data.u64(at: 8))
    let names = try readLocalHeap(at: heap)
    var pending: [(address: UInt64, level: Int?)] = [(tree, nil)]
    var seen: Set<UInt64> = []
    while let (address, level) = pending.popLast() {
      guard seen.insert(address).inserted else {
        throw bytes.error("a node of a group comes twice", at: address)
      }
      let rest = try bytes.slice(
        at: address, count: UInt64(bytes.count) - min(address, UInt64(bytes.count)))
      var cursor = ByteCursor(rest)
      if level == -1 {
        try readSymbols(&cursor, names, &links)
      } else {
        let children = try readTreeNode(&cursor, level)
        for child in children.addresses { pending.append((child, children.level)) }
      }
    }
  }

  /// The memory of the names of an old group.
  private func readLocalHeap(at address: UInt64) throws(FormatError) -> CheckedBytes {
    let heap = try bytes.slice(at: address, count: 32)
    guard heap.matches(Array("HEAP".utf8)), try heap.u8(at: 4) == 0 else {
      throw heap.error("a local heap expected", at: 0)
    }
    return try bytes.slice(at: try heap.u64(at: 24), count: try heap.u64(at: 8))
  }

  /// A node of a B-tree: the addresses one level below, -1 being symbol table nodes.
  private mutating func readTreeNode(
    _ cursor: inout ByteCursor, _ expected: Int?
  ) throws(FormatError) -> (addresses: [UInt64], level: Int) {
    try cursor.expect("TREE", "a B-tree node")
    guard try cursor.u8() == 0 else { throw cursor.fault("a B-tree of a group expected") }
    let level = Int(try cursor.u8())
    guard level == expected ?? level else { throw cursor.fault("the B-tree's levels are wrong") }
    let count = try cursor.u16()
    try cursor.skip(16)
    var addresses: [UInt64] = []
    for _ in 0..<count {
      try spend()
      try cursor.skip(8)
      addresses.append(try cursor.u64())
    }
    return (addresses, level - 1)
  }

  /// The entries of a symbol table node.
  private mutating func readSymbols(
    _ cursor: inout ByteCursor, _ names: CheckedBytes, _ links: inout [[UInt8]: HDF5Link]
  ) throws(FormatError) {
    try cursor.expect("SNOD", "a symbol table node")
    guard try cursor.u8() == 1 else { throw cursor.fault("the symbol table's version is unknown") }
    try cursor.skip(1)
    for _ in 0..<(try cursor.u16()) {
      let entry = try cursor.take(40)
      let offset = try entry.u64(at: 0)
      let address = try entry.u64(at: 8)
      let cache = try entry.u32(at: 16)
      guard cache <= 2 else { throw entry.error("symbol type \(cache) is unknown", at: 16) }
      let name = try readName(at: offset, names)
      try insert(name, cache == 2 ? .soft : .hard(address), &links, entry)
    }
  }

  /// A name that ends in a zero byte.
  private func readName(at offset: UInt64, _ names: CheckedBytes) throws(FormatError) -> [UInt8] {
    guard offset < UInt64(names.count) else {
      throw names.error("a name lies outside its heap", at: 0)
    }
    let span = names.span
    let start = Int(offset)
    let last = min(start + Self.longestName, names.count)
    guard let end = (start..<last).first(where: { span[$0] == 0 }) else {
      throw names.error("a name has no end", at: offset)
    }
    return (start..<end).map { span[$0] }
  }
}
