// Runs the part of the pickle language that PyTorch's weights need; nothing is ever executed.
//
// Implements: CPython, Lib/pickletools.py (the opcodes, protocols 0-5), the subset that torch.save
//   writes.
// Symbols: stack, marks, memo -> the pickle machine's own names.
// Deviations: a global is a name out of a fixed list (`PickleGlobal`), never looked up; every other
//   opcode is refused. Values lie in one flat array and refer to each other by index, so that a
//   million nested lists neither recurse nor overflow when they are freed.
// Checked by: TorchTests. Cost: one step an opcode.

import Files

/// A value that a pickle made; children are indices into `Pickle.values`.
enum PickleValue {
  case none
  case bool(Bool)
  case integer(Int)
  /// A whole number of more than 64 bits, as its bytes.
  case largeInteger([UInt8])
  case number
  case text(String)
  case bytes
  case tuple([Int])
  case list([Int])
  /// Keys and values in turn.
  case dictionary([Int])
  case global(PickleGlobal)
  case storage(TorchStorage)
  case tensor(TorchTensor)
  /// Something harmless without meaning for weights: a device, a set.
  case other
}

/// What a storage reference says.
struct TorchStorage: Equatable {
  var type: ElementType
  var key: String
  var count: Int
  /// The elements that may be used: all, or the part that a view of very old files names.
  var view: Range<Int>
}

/// A tensor as its rebuild call describes it.
struct TorchTensor {
  var storage: TorchStorage
  var offset: Int
  var shape: [Int]
  var strides: [Int]
}

/// The names that a pickle may mention.
enum PickleGlobal: Equatable {
  case orderedDictionary
  case rebuildTensor
  case rebuildParameter
  case storage(ElementType)
  case size
  case device
  case encode

  private static let storages: [String: ElementType] = [
    "FloatStorage": .float32, "DoubleStorage": .float64, "HalfStorage": .float16,
    "BFloat16Storage": .bfloat16, "LongStorage": .int64, "IntStorage": .int32,
    "ShortStorage": .int16, "CharStorage": .int8, "ByteStorage": .uint8, "BoolStorage": .bool,
  ]

  /// The global of this name; `nil` when it is not on the list.
  init?(module: String, name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDictionary
    case ("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_tensor"):
      self = .rebuildTensor
    case ("torch._utils", "_rebuild_parameter"), ("torch.nn.parameter", "Parameter"):
      self = .rebuildParameter
    case ("torch", "Size"): self = .size
    case ("torch", "device"): self = .device
    case ("_codecs", "encode"): self = .encode
    default:
      guard module == "torch", let type = Self.storages[name] else { return nil }
      self = .storage(type)
    }
  }
}

/// A pickle machine for one file; several pickles may follow each other.
struct Pickle {
  private let bytes: CheckedBytes
  private let limits: LoadLimits
  /// Where the next opcode lies.
  private(set) var position: UInt64
  /// Every value made so far.
  private(set) var values: [PickleValue] = []
  private var stack: [Int] = []
  private var marks: [Int] = []
  private var memo: [UInt32: Int] = [:]

  /// Reads pickles from `position` on.
  init(_ bytes: CheckedBytes, at position: UInt64 = 0, limits: LoadLimits) {
    (self.bytes, self.position, self.limits) = (bytes, position, limits)
  }

  /// Runs one pickle up to its STOP; returns the index of the result.
  mutating func run() throws(FormatError) -> Int {
    (stack, marks, memo) = ([], [], [:])
    while true {
      let opcode = try bytes.u8(at: position)
      position += 1
      if opcode == 0x2e {
        guard stack.count == 1, marks.isEmpty else { throw fault("the pickle ends unfinished") }
        return stack[0]
      }
      if try !pushConstant(opcode), try !build(opcode) {
        throw fault("pickle opcode 0x\(String(opcode, radix: 16)) is not allowed")
      }
      guard stack.count + marks.count <= limits.pickleStack else {
        throw fault("the pickle's stack is deeper than \(limits.pickleStack)")
      }
    }
  }

  /// The value at `index`.
  subscript(index: Int) -> PickleValue { values[index] }

  func fault(_ problem: String) -> FormatError { bytes.error(problem, at: position) }

  private mutating func push(_ value: PickleValue) {
    values.append(value)
    stack.append(values.count - 1)
  }

  private mutating func pop() throws(FormatError) -> Int {
    guard stack.count > (marks.last ?? 0), let top = stack.popLast() else {
      throw fault("the pickle takes from an empty stack")
    }
    return top
  }

  private mutating func popToMark() throws(FormatError) -> [Int] {
    guard let mark = marks.popLast() else { throw fault("the pickle lacks a mark") }
    let items = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return items
  }

  private func top() throws(FormatError) -> Int {
    guard stack.count > (marks.last ?? 0), let top = stack.last else {
      throw fault("the pickle's stack is empty")
    }
    return top
  }

  /// The next `count` bytes.
  private mutating func take(_ count: UInt64) throws(FormatError) -> CheckedBytes {
    let part = try bytes.slice(at: position, count: count)
    position += count
    return part
  }

  private mutating func text(_ count: UInt64) throws(FormatError) -> PickleValue {
    guard count <= 1 << 20 else { throw fault("a text of \(count) bytes in a pickle") }
    guard let text = String(validating: try take(count).array, as: UTF8.self) else {
      throw fault("a text is not UTF-8")
    }
    return .text(text)
  }

  private mutating func line() throws(FormatError) -> String {
    var content: [UInt8] = []
    while true {
      let byte = try take(1).u8(at: 0)
      if byte == 0x0a { break }
      content.append(byte)
      guard content.count <= 4096 else { throw fault("a line is too long") }
    }
    guard let text = String(validating: content, as: UTF8.self) else {
      throw fault("a text is not UTF-8")
    }
    return text
  }

  /// Opcodes that push a value from the file itself; false when `opcode` is none of them.
  private mutating func pushConstant(_ opcode: UInt8) throws(FormatError) -> Bool {
    switch opcode {
    case 0x4e: push(.none)
    case 0x88: push(.bool(true))
    case 0x89: push(.bool(false))
    case 0x4a: push(.integer(Int(try take(4).i32(at: 0))))
    case 0x4b: push(.integer(Int(try take(1).u8(at: 0))))
    case 0x4d: push(.integer(Int(try take(2).u16(at: 0))))
    case 0x8a: push(try longInteger())
    case 0x49: push(try integerLine())
    case 0x47:
      _ = try take(8)
      push(.number)
    case 0x58: push(try text(UInt64(try take(4).u32(at: 0))))
    case 0x8c, 0x55: push(try text(UInt64(try take(1).u8(at: 0))))
    case 0x54: push(try text(UInt64(try take(4).u32(at: 0))))
    case 0x8d: push(try text(try take(8).u64(at: 0)))
    case 0x42:
      _ = try take(UInt64(try take(4).u32(at: 0)))
      push(.bytes)
    case 0x43:
      _ = try take(UInt64(try take(1).u8(at: 0)))
      push(.bytes)
    case 0x63:
      let module = try line()
      push(try global(module, try line()))
    default: return false
    }
    return true
  }

  private func global(_ module: String, _ name: String) throws(FormatError) -> PickleValue {
    guard let global = PickleGlobal(module: module, name: name) else {
      throw fault(
        "the file asks for '\(shown(module)).\(shown(name))', which weights do not need")
    }
    return .global(global)
  }

  /// LONG1: little-endian two's complement of up to 255 bytes.
  private mutating func longInteger() throws(FormatError) -> PickleValue {
    let count = UInt64(try take(1).u8(at: 0))
    let content = try take(count).array
    guard content.count <= 8 else { return .largeInteger(content) }
    var value: UInt64 = (content.last ?? 0) & 0x80 == 0 ? 0 : .max
    for byte in content.reversed() { value = value << 8 | UInt64(byte) }
    return .integer(Int(Int64(bitPattern: value)))
  }

  private mutating func integerLine() throws(FormatError) -> PickleValue {
    let digits = try line()
    if digits == "00" || digits == "01" { return .bool(digits == "01") }
    guard let value = Int(digits) else { throw fault("'\(shown(digits))' is not a whole number") }
    return .integer(value)
  }

  /// Opcodes that work on the stack; false when `opcode` is none of them.
  private mutating func build(_ opcode: UInt8) throws(FormatError) -> Bool {
    switch opcode {
    case 0x80:
      guard try take(1).u8(at: 0) <= 5 else { throw fault("the pickle's protocol is unknown") }
    case 0x95: _ = try take(8)
    case 0x28: marks.append(stack.count)
    case 0x29: push(.tuple([]))
    case 0x85, 0x86, 0x87:
      var items: [Int] = []
      for _ in 0..<Int(opcode) - 0x84 { items.append(try pop()) }
      push(.tuple(items.reversed()))
    case 0x74: push(.tuple(try popToMark()))
    case 0x7d: push(.dictionary([]))
    case 0x5d: push(.list([]))
    case 0x8f: push(.other)
    case 0x90: _ = try popToMark()
    case 0x61: try extendList([try pop()])
    case 0x65: try extendList(try popToMark())
    case 0x73:
      let value = try pop()
      try extendDictionary([try pop(), value])
    case 0x75: try extendDictionary(try popToMark())
    case 0x30, 0x62: _ = try pop()
    case 0x71: memo[UInt32(try take(1).u8(at: 0))] = try top()
    case 0x72: memo[try take(4).u32(at: 0)] = try top()
    case 0x94: memo[UInt32(truncatingIfNeeded: memo.count)] = try top()
    case 0x68: try recall(UInt32(try take(1).u8(at: 0)))
    case 0x6a: try recall(try take(4).u32(at: 0))
    case 0x51: push(.storage(try storage(try pop())))
    case 0x52: try reduce()
    case 0x93:
      let name = try pop()
      guard case .text(let name) = values[name], case .text(let module) = values[try pop()] else {
        throw fault("a global's name is not a text")
      }
      push(try global(module, name))
    default: return false
    }
    return true
  }

  private mutating func recall(_ key: UInt32) throws(FormatError) {
    guard let index = memo[key] else { throw fault("the pickle recalls what it never stored") }
    stack.append(index)
  }

  private mutating func extendList(_ items: [Int]) throws(FormatError) {
    let target = try top()
    guard case .list(var list) = values[target] else { throw fault("a list expected") }
    values[target] = .none
    list.append(contentsOf: items)
    values[target] = .list(list)
  }

  private mutating func extendDictionary(_ items: [Int]) throws(FormatError) {
    let target = try top()
    guard case .dictionary(var pairs) = values[target], items.count % 2 == 0 else {
      throw fault("a dictionary expected")
    }
    values[target] = .none
    pairs.append(contentsOf: items)
    values[target] = .dictionary(pairs)
  }

  /// REDUCE: the value that a call on the list would give.
  private mutating func reduce() throws(FormatError) {
    let arguments = try pop()
    guard case .tuple(let items) = values[arguments], case .global(let callee) = values[try pop()]
    else { throw fault("a call of something that is not on the list") }
    switch callee {
    case .orderedDictionary: push(.dictionary(try pairs(items)))
    case .rebuildTensor: push(.tensor(try tensor(items)))
    case .rebuildParameter:
      guard let first = items.first, case .tensor = values[first] else {
        throw fault("a parameter without a tensor")
      }
      stack.append(first)
    case .size:
      guard items.count == 1, case .tuple = values[items[0]] else { throw fault("a broken size") }
      stack.append(items[0])
    case .device: push(.other)
    case .encode: push(.bytes)
    case .storage: throw fault("a storage is called")
    }
  }

  /// OrderedDict's arguments: nothing, or one list of pairs.
  private func pairs(_ items: [Int]) throws(FormatError) -> [Int] {
    if items.isEmpty { return [] }
    guard items.count == 1, case .list(let list) = values[items[0]] else {
      throw fault("an ordered dictionary of something else than pairs")
    }
    var result: [Int] = []
    for item in list {
      switch values[item] {
      case .list(let pair) where pair.count == 2, .tuple(let pair) where pair.count == 2:
        result.append(contentsOf: pair)
      default: throw fault("an ordered dictionary of something else than pairs")
      }
    }
    return result
  }

  private func integers(_ index: Int) throws(FormatError) -> [Int] {
    let items: [Int]
    switch values[index] {
    case .tuple(let list), .list(let list): items = list
    default: throw fault("a shape is not a tuple")
    }
    guard items.count <= limits.rank else { throw fault("more than \(limits.rank) dimensions") }
    var result: [Int] = []
    for item in items {
      guard case .integer(let value) = values[item] else { throw fault("a shape of no numbers") }
      result.append(value)
    }
    return result
  }

  private func tensor(_ items: [Int]) throws(FormatError) -> TorchTensor {
    guard items.count >= 4, case .storage(let storage) = values[items[0]],
      case .integer(let offset) = values[items[1]]
    else { throw fault("a tensor without storage or offset") }
    return TorchTensor(
      storage: storage, offset: offset, shape: try integers(items[2]),
      strides: try integers(items[3]))
  }

  /// BINPERSID: ('storage', type, key, location, count[, view]).
  private func storage(_ index: Int) throws(FormatError) -> TorchStorage {
    guard case .tuple(let items) = values[index], (5...6).contains(items.count),
      case .text("storage") = values[items[0]],
      case .global(.storage(let type)) = values[items[1]],
      case .text(let key) = values[items[2]], case .text = values[items[3]],
      case .integer(let count) = values[items[4]], count >= 0
    else { throw fault("a storage reference is broken") }
    var storage = TorchStorage(type: type, key: key, count: count, view: 0..<count)
    guard items.count == 6 else { return storage }
    switch values[items[5]] {
    case .none: break
    case .tuple(let view) where view.count == 3:
      guard case .integer(let offset) = values[view[1]], case .integer(let size) = values[view[2]],
        offset >= 0, size >= 0
      else { throw fault("a storage view is broken") }
      // The record holds `count` elements of the root; the view begins at `offset` and has `size`.
      guard offset <= count, size <= count - offset else {
        throw fault("a view leaves its storage")
      }
      storage.view = offset..<offset + size
    default: throw fault("a storage view is broken")
    }
    return storage
  }
}
