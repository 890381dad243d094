// Parallel loops whose results do not depend on the number of threads.
//
// The caller cuts the work into pieces whose number depends on the work alone; threads take pieces
// in any order, and whoever combines results does so in the order of the pieces.
//
// How a loop gets its threads: it is put up in one of a few places, where workers join it. A worker
// is a block on a Dispatch queue: it joins loops, looks out for the next one for `spinMicroseconds`
// after the last, and then gives its thread back, so that an idle program uses no processor time.
// The calling thread takes pieces too and waits only for workers that have joined; one that comes
// late finds the loop closed. So no loop depends on a worker being scheduled: more threads than
// processors, a busy machine, several loops at a time, or a process made by fork, which has no
// workers, cost speed alone.
// Deviations: none. Checked by: ParallelTests, ParallelWorkerTests.
// Cost: 0.2 us a loop while workers look out, 5 to 60 us until they come where they sleep
//   (Benchmarks: parallel-loops).

import Dispatch
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

  /// How long a worker looks out for the next loop before it gives its thread back.
  package static let spinMicroseconds = 100

  /// Marks a thread that is already inside a parallel loop; nested loops then run in place.
  private static let insideKey: pthread_key_t = {
    var key = pthread_key_t()
    // SAFETY: `key` is a local variable; no destructor is registered.
    unsafe pthread_key_create(&key, nil)
    return key
  }()

  fileprivate static var isInsideLoop: Bool {
    // SAFETY: the stored pointer is a mark and is never dereferenced.
    unsafe pthread_getspecific(insideKey) != nil
  }

  fileprivate static func markInsideLoop(_ inside: Bool) {
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

/// Waits until `isDone`: spins for a moment, then offers the processor to others, then sleeps, in case
/// the thread that it waits for is not running.
func waitFor(_ isDone: () -> Bool) {
  var tries = 0
  while !isDone() {
    tries += 1
    if tries < 200 {
      nital_pause()
    } else if tries < 400 {
      sched_yield()
    } else {
      usleep(50)
    }
  }
}

/// A place where one loop at a time is put up for workers to join.
private final class LoopPlace: @unchecked Sendable {
  // Sendable: the owner writes `count` and `body` while the loop is closed and nobody has joined;
  // the state, changed with acquire and release, orders those writes before what workers read.

  /// Workers that have joined (low 32 bits), how many more may (from `seat` on), and whether the
  /// owner sleeps until the last has left (`sleeps`).
  private let state = Atomic<UInt64>(0)
  private let isTaken = Atomic<Bool>(false)
  private let next = Atomic<Int>(0)
  private let allLeft = DispatchSemaphore(value: 0)
  nonisolated(unsafe) private var count = 0
  nonisolated(unsafe) private var body: (@Sendable (Int) -> Void)?

  private static let seat: UInt64 = 1 << 32
  private static let sleeps: UInt64 = 1 << 63
  private static let joined: UInt64 = seat - 1

  /// More loops than this at once run in place.
  static let all = (0..<8).map { _ in LoopPlace() }

  /// A place that nobody uses.
  static func take() -> LoopPlace? {
    all.first { place in
      !place.isTaken.load(ordering: .relaxed)
        && place.isTaken.compareExchange(expected: false, desired: true, ordering: .acquiring)
          .exchanged
    }
  }

  /// Lets up to `seats` workers join.
  func open(_ count: Int, seats: Int, _ body: @escaping @Sendable (Int) -> Void) {
    // SAFETY: the place is ours and closed; nobody else touches these.
    unsafe self.count = count
    unsafe self.body = body
    next.store(0, ordering: .relaxed)
    state.store(UInt64(seats) * Self.seat, ordering: .sequentiallyConsistent)
  }

  /// Takes pieces in rising order until none is left.
  ///
  /// Not inlined, so that no reference to the body is left when it returns.
  @inline(never) func performPieces() {
    // SAFETY: written before the loop was opened, and again only once all who joined have left.
    guard let body = unsafe body else { return }
    let count = unsafe count
    while true {
      let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard piece < count else { return }
      body(piece)
    }
  }

  /// Joins the loop, performs pieces and leaves; false where no seat is free.
  func join() -> Bool {
    var seen = state.load(ordering: .sequentiallyConsistent)
    while true {
      guard seen & ~(Self.joined | Self.sleeps) != 0 else { return false }
      let (taken, found) = state.compareExchange(
        expected: seen, desired: seen - Self.seat + 1, ordering: .acquiring)
      if taken { break }
      seen = found
    }
    performPieces()
    let before = state.wrappingSubtract(1, ordering: .acquiringAndReleasing).oldValue
    if before == Self.sleeps | 1 { allLeft.signal() }
    return true
  }

  /// Ends the loop: nobody may join any more, and those who have joined finish their pieces.
  func close() {
    state.bitwiseAnd(Self.joined, ordering: .acquiringAndReleasing)
    var tries = 0
    while true {
      let left = state.load(ordering: .acquiring)
      if left == 0 { break }
      tries += 1
      if tries < 500 {
        nital_pause()
      } else if tries < 600 {
        sched_yield()
      } else if state.compareExchange(
        expected: left, desired: left | Self.sleeps, ordering: .acquiringAndReleasing
      ).exchanged {
        allLeft.wait()
        _ = state.exchange(0, ordering: .acquiring)
      }
    }
    // SAFETY: the loop is closed and everybody has left.
    unsafe body = nil
    isTaken.store(false, ordering: .releasing)
  }
}

/// The workers: blocks on a Dispatch queue that join loops.
private enum Workers {
  /// Workers that run or were asked for.
  private static let present = Atomic<Int>(0)
  /// How many loops were put up since the program began.
  private static let loops = Atomic<Int>(0)
  private static let queue = DispatchQueue.global(qos: .userInitiated)

  /// Tells workers of a new loop, and asks for as many as there are not.
  static func call(_ wanted: Int) {
    // Whoever gives its thread back counts itself out first and then looks at `loops` again: in this
    // order of all threads, either it sees the loop or we see that it has left.
    loops.wrappingAdd(1, ordering: .sequentiallyConsistent)
    var found = present.load(ordering: .sequentiallyConsistent)
    while found < wanted {
      let (added, other) = present.compareExchange(
        expected: found, desired: found + 1, ordering: .relaxed)
      if added { queue.async { serve() } }
      found = added ? found + 1 : other
    }
  }

  /// Joins loops until there has been none for a while.
  private static func serve() {
    Parallelism.markInsideLoop(true)
    defer { Parallelism.markInsideLoop(false) }
    while true {
      let seen = loops.load(ordering: .sequentiallyConsistent)
      var hasJoined = false
      for place in LoopPlace.all where place.join() { hasJoined = true }
      if hasJoined || lookOut(seen) { continue }
      present.wrappingSubtract(1, ordering: .sequentiallyConsistent)
      if loops.load(ordering: .sequentiallyConsistent) == seen { return }
      present.wrappingAdd(1, ordering: .relaxed)
    }
  }

  /// Waits a while for a loop after the first `seen`; true when there is one.
  ///
  /// Offers the processor to others all the time; where threads outnumber the processors it is not
  /// worth waiting.
  private static func lookOut(_ seen: Int) -> Bool {
    guard Parallelism.threads <= Parallelism.availableProcessors else { return false }
    let end = DispatchTime.now().uptimeNanoseconds + UInt64(Parallelism.spinMicroseconds * 1000)
    while DispatchTime.now().uptimeNanoseconds < end {
      for _ in 0..<16 {
        if loops.load(ordering: .relaxed) != seen { return true }
        nital_pause()
      }
      sched_yield()
    }
    return false
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
