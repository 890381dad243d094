// Parallel loops whose results do not depend on the number of threads.
//
// The caller cuts the work into pieces whose number depends on the work alone; threads take pieces
// in any order, and whoever combines results does so in the order of the pieces.
//
// ParallelWorkers.swift says how a loop gets its threads.
// Deviations: none. Checked by: ParallelTests, ParallelWorkerTests.
// Cost: see ParallelWorkers.swift.

import Synchronization
import _CPUFeatures

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// How many threads the parallel loops use.
public enum Parallelism {
  private static let setting = Atomic<Int>(0)

  /// The number of processors that this process may use.
  public static let availableProcessors: Int = {
    let allowed = Int(nital_allowed_processors())
    return allowed > 0 ? allowed : max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }()

  /// The number of threads that a loop uses at most, the calling one included.
  ///
  /// It begins as the environment variable `NITAL_THREADS`, or the number of processors. No result
  /// depends on it. Set it once, at the start of a program.
  public static var threads: Int {
    get {
      let chosen = setting.load(ordering: .relaxed)
      return chosen > 0 ? chosen : initial
    }
    set {
      precondition(newValue >= 1, "a program needs at least one thread, not \(newValue)")
      setting.store(newValue, ordering: .relaxed)
    }
  }

  private static let initial: Int = {
    guard let text = environment("NITAL_THREADS"), let value = Int(text), value >= 1 else {
      return availableProcessors
    }
    return min(value, 1024)
  }()

  /// Whether each thread of a loop can have a processor of its own, so that waiting awake takes
  /// nothing from the others.
  static var hasProcessorForEachThread: Bool { threads <= availableProcessors }

  /// Marks a thread that is already inside a parallel loop; nested loops then run in place.
  private static let insideKey: pthread_key_t = {
    var key = pthread_key_t()
    // SAFETY: `key` is a local variable; no destructor is registered.
    unsafe pthread_key_create(&key, nil)
    return key
  }()

  static var isInsideLoop: Bool {
    // SAFETY: the stored pointer is a mark and is never dereferenced.
    unsafe pthread_getspecific(insideKey) != nil
  }

  static func markInsideLoop(_ inside: Bool) {
    // SAFETY: the stored pointer is a mark and is never dereferenced.
    _ = unsafe pthread_setspecific(insideKey, inside ? UnsafeRawPointer(bitPattern: 1) : nil)
  }
}

/// Runs `body` for each piece 0 ..< `count`, on several threads.
///
/// Pieces begin in rising order and end in any order, so that a piece may wait for one with a lower
/// number.
///
/// - Parameters:
///   - count: the number of pieces. Choose it from the work alone; 5 us a piece or more is worth
///     a thread.
///   - body: must not depend on which pieces ran before it. A loop inside it runs in place.
public func parallelFor(_ count: Int, _ body: @Sendable (Int) -> Void) {
  let threads = min(Parallelism.threads, count)
  guard threads > 1, !Parallelism.isInsideLoop, let place = LoopPlace.take() else {
    for piece in 0..<max(0, count) { body(piece) }
    return
  }
  withoutActuallyEscaping(body) { body in
    place.open(count, seats: threads - 1, body)
    Workers.call(threads - 1)
    Parallelism.markInsideLoop(true)
    place.performPieces()
    Parallelism.markInsideLoop(false)
    place.close()
  }
}

/// The results of `body` for the pieces 0 ..< `count`, in the order of the pieces.
public func parallelMap<Result: Sendable>(
  _ count: Int, _ body: @Sendable (Int) -> Result
) -> [Result] {
  guard count > 0 else { return [] }
  // SAFETY: each slot is initialised exactly once, by the piece of its number, before the loop ends.
  return unsafe [Result](unsafeUninitializedCapacity: count) { buffer, initialised in
    guard let base = buffer.baseAddress else { return }
    let slots = unsafe SharedPointer(base)
    parallelFor(count) { piece in
      unsafe (slots.pointer + piece).initialize(to: body(piece))
    }
    initialised = count
  }
}

/// Combines the results of `map` in the order of the pieces, so that sums have the same bits for
/// any number of threads.
public func parallelReduce<Result: Sendable>(
  _ count: Int, _ initial: Result, map: @Sendable (Int) -> Result,
  combine: (inout Result, Result) -> Void
) -> Result {
  parallelMap(count, map).reduce(into: initial, combine)
}

/// Runs `body` on consecutive chunks of an array, several at a time.
///
/// - Parameters:
///   - array: cut into chunks of `size` elements; the last may be shorter.
///   - size: the number of elements of a chunk, at least 1.
///   - body: receives the chunk's number and the chunk, which it alone may change.
public func parallelForEachChunk<Element: Sendable>(
  of array: inout [Element], size: Int,
  _ body: @Sendable (Int, inout MutableSpan<Element>) -> Void
) {
  precondition(size >= 1, "a chunk has at least one element, not \(size)")
  let total = array.count
  // SAFETY: chunks do not overlap and stay inside the buffer, which outlives the loop.
  unsafe array.withUnsafeMutableBufferPointer { buffer in
    guard let base = buffer.baseAddress else { return }
    let start = unsafe SharedPointer(base)
    parallelFor((total + size - 1) / size) { chunk in
      let first = chunk * size
      let length = min(size, total - first)
      var span = unsafe MutableSpan(_unsafeStart: start.pointer + first, count: length)
      body(chunk, &span)
    }
  }
}

/// A pointer that several threads may hold, each using its own part of what it points to.
///
/// Whoever makes one guarantees that the parts do not overlap and that the memory outlives the loop.
@unsafe package struct SharedPointer<Pointee>: @unchecked Sendable {
  package let pointer: UnsafeMutablePointer<Pointee>
  package init(_ pointer: UnsafeMutablePointer<Pointee>) { unsafe self.pointer = pointer }
}
