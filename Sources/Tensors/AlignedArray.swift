// Numbers that begin at a multiple of 64 bytes, for kernels that read whole vectors.
//
// The allocator of Swift's arrays promises 16 bytes. There every second vector of AVX2, and every one
// of AVX-512, lies in two cache lines, which costs loops that wait for the first cache.
// Deviations: none. Checked by: AlignedArrayTests. Cost: one allocation; copied when it is shared.

/// An array of numbers whose first one stands at a multiple of 64 bytes.
///
/// It is a value, as `Array` is: copies share memory until one of them changes. Its length is fixed.
public struct AlignedArray<Scalar: KernelScalar>: Sendable, Equatable, RandomAccessCollection,
  MutableCollection
{
  @usableFromInline var memory: AlignedMemory<Scalar>

  /// 0.
  public let startIndex = 0
  /// The number of numbers.
  @inlinable public var endIndex: Int { memory.count }

  /// `count` equal numbers.
  @inlinable public init(repeating value: Scalar, count: Int) {
    memory = AlignedMemory(count: count)
    // SAFETY: the memory holds `count` numbers and has one owner.
    unsafe memory.start.initialize(repeating: value, count: count)
  }

  /// A copy of an array.
  @inlinable public init(_ array: [Scalar]) {
    memory = AlignedMemory(count: array.count)
    // SAFETY: the memory holds as many numbers as the array and has one owner.
    unsafe array.withUnsafeBufferPointer { source in
      if let start = source.baseAddress {
        unsafe memory.start.initialize(from: start, count: source.count)
      }
    }
  }

  /// The number at `index`, which must lie inside.
  public subscript(index: Int) -> Scalar {
    @inlinable get {
      precondition(index >= 0 && index < memory.count, "no number \(index) of \(memory.count)")
      return unsafe memory.start[index]
    }
    @inlinable set {
      precondition(index >= 0 && index < memory.count, "no number \(index) of \(memory.count)")
      makeUnique()
      unsafe memory.start[index] = newValue
    }
  }

  /// Lets kernels read the numbers.
  @inlinable public func withUnsafeBufferPointer<Result>(
    _ body: (UnsafeBufferPointer<Scalar>) -> Result
  ) -> Result {
    let result = unsafe body(UnsafeBufferPointer(start: memory.start, count: memory.count))
    withExtendedLifetime(memory) {}
    return result
  }

  /// Lets kernels change the numbers.
  @inlinable public mutating func withUnsafeMutableBufferPointer<Result>(
    _ body: (UnsafeMutableBufferPointer<Scalar>) -> Result
  ) -> Result {
    makeUnique()
    let result = unsafe body(UnsafeMutableBufferPointer(start: memory.start, count: memory.count))
    withExtendedLifetime(memory) {}
    return result
  }

  /// Copies the numbers if another array shares them.
  @inlinable mutating func makeUnique() {
    if isKnownUniquelyReferenced(&memory) { return }
    let copy = AlignedMemory<Scalar>(count: memory.count)
    // SAFETY: both hold `count` numbers, the copy none yet.
    unsafe copy.start.initialize(from: memory.start, count: memory.count)
    memory = copy
  }

  /// Whether both hold equal numbers.
  @inlinable public static func == (a: AlignedArray, b: AlignedArray) -> Bool {
    a.elementsEqual(b)
  }
}

/// Memory for `count` numbers; who makes it also initialises it.
@safe @usableFromInline final class AlignedMemory<Scalar: KernelScalar>: @unchecked Sendable {
  // Sendable: nobody writes while it is shared.
  @usableFromInline let start: UnsafeMutablePointer<Scalar>
  @usableFromInline let count: Int

  @inlinable init(count: Int) {
    precondition(count >= 0, "an array of \(count) numbers")
    self.count = count
    let bytes = max(1, count) * MemoryLayout<Scalar>.stride
    unsafe start = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
      .bindMemory(to: Scalar.self, capacity: max(1, count))
  }

  // Numbers need no deinitialisation.
  @inlinable deinit { unsafe UnsafeMutableRawPointer(start).deallocate() }
}
