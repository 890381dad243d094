// Memory of kernels with margins around each part, which tests poison and look at afterwards.
//
// Deviations: none. Checked by: SLICKernelTests. Cost: none without margins.

/// Parts of memory that live as long as this value.
@safe final class GuardedMemory {
  /// What lies around each part: so many bytes on each side, all of this value.
  struct Margin: Sendable {
    var bytes = 0
    var poison: UInt8 = 0
  }

  private let margin: Margin
  private var parts: [(start: UnsafeMutableRawPointer, count: Int)] = unsafe []

  init(_ margin: Margin = Margin()) {
    precondition(margin.bytes >= 0 && margin.bytes % 64 == 0, "margins are whole cache lines")
    self.margin = margin
  }

  deinit { unsafe parts.forEach { unsafe $0.start.deallocate() } }

  /// Memory for `count` values, all the same.
  func part<T: BitwiseCopyable>(_ count: Int, _ value: T) -> UnsafeMutablePointer<T> {
    let size = max(count, 1) * MemoryLayout<T>.stride
    let start = UnsafeMutableRawPointer.allocate(
      byteCount: size + 2 * margin.bytes, alignment: 64)
    unsafe start.initializeMemory(
      as: UInt8.self, repeating: margin.poison, count: size + 2 * margin.bytes)
    unsafe parts.append((start, size))
    // SAFETY: the part lies between its margins; the memory is aligned for any scalar.
    let values = unsafe (start + margin.bytes).bindMemory(to: T.self, capacity: max(count, 1))
    unsafe values.initialize(repeating: value, count: max(count, 1))
    return unsafe values
  }

  /// Whether no margin was written to.
  var marginsAreIntact: Bool {
    unsafe parts.allSatisfy { part in
      let bytes = unsafe UnsafeRawBufferPointer(
        start: part.start, count: part.count + 2 * margin.bytes)
      return unsafe bytes.prefix(margin.bytes).allSatisfy { $0 == margin.poison }
        && bytes.suffix(margin.bytes).allSatisfy { $0 == margin.poison }
    }
  }
}
