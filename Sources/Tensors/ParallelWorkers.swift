// How a parallel loop gets its threads.
//
// A loop is put up in one of a few places, where workers join it. A worker is a block on a Dispatch
// queue: it joins loops, looks out for the next one while a loop runs and for `waitAfterLoop` after
// it, and then gives its thread back, so that an idle program uses no processor time. The calling
// thread takes pieces too and waits only for workers that have joined; one that comes late finds the
// loop closed. So no loop depends on a worker being scheduled: more threads than processors, a busy
// machine, several loops at a time, or a process made by fork, which has no workers, cost speed
// alone.
// Deviations: none. Checked by: ParallelTests, ParallelWorkerTests.
// Cost: 0.2 us a loop while workers look out, 5 to 150 us until they come where they sleep
//   (Benchmarks: parallel-loops). At most 2 ms of a processor's time after an early end of a thread,
//   0.1 ms after the last loop.

import Dispatch
import Synchronization
import _CPUFeatures

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

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
final class LoopPlace: @unchecked Sendable {
  // Sendable: the owner writes `count` and `body` while the loop is closed and nobody has joined;
  // the state, changed with acquire and release, orders those writes before what workers read.

  /// Workers that have joined (low 32 bits), how many more may (from `seat` on), and whether the
  /// owner sleeps until the last has left (`sleeps`).
  private let state = Atomic<UInt64>(0)
  private let isTaken = Atomic<Bool>(false)
  private let next = Atomic<Int>(0)
  /// The processor that the owner was on when it opened the loop.
  private let processor = Atomic<Int32>(-1)
  private let allLeft = DispatchSemaphore(value: 0)
  nonisolated(unsafe) private var count = 0
  nonisolated(unsafe) private var body: (@Sendable (Int) -> Void)?

  /// Loops that have been opened and not closed.
  static let running = Atomic<Int>(0)

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
    processor.store(nital_current_processor(), ordering: .relaxed)
    Self.running.wrappingAdd(1, ordering: .relaxed)
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
  ///
  /// A worker that finds itself on the owner's processor moves to another one: systems can leave the
  /// two there for many loops, since neither sleeps, and virtual machines often do (their idle
  /// processors look busy to the scheduler).
  func join() -> Bool {
    var seen = state.load(ordering: .sequentiallyConsistent)
    while true {
      guard seen & ~(Self.joined | Self.sleeps) != 0 else { return false }
      let (taken, found) = state.compareExchange(
        expected: seen, desired: seen - Self.seat + 1, ordering: .acquiring)
      if taken { break }
      seen = found
    }
    let here = nital_current_processor()
    if here == processor.load(ordering: .relaxed) && Parallelism.hasProcessorForEachThread {
      nital_leave_processor(here)
    }
    performPieces()
    let before = state.wrappingSubtract(1, ordering: .acquiringAndReleasing).oldValue
    if before == Self.sleeps | 1 { allLeft.signal() }
    return true
  }

  /// Ends the loop: nobody may join any more, and those who have joined finish their pieces.
  func close() {
    state.bitwiseAnd(Self.joined, ordering: .acquiringAndReleasing)
    let wait = Wait(microseconds: Workers.longestWait)
    while true {
      let left = state.load(ordering: .acquiring)
      if left == 0 { break }
      if wait.goesOn() { continue }
      if state.compareExchange(
        expected: left, desired: left | Self.sleeps, ordering: .acquiringAndReleasing
      ).exchanged {
        allLeft.wait()
        _ = state.exchange(0, ordering: .acquiring)
      }
    }
    // SAFETY: the loop is closed and everybody has left.
    unsafe body = nil
    Self.running.wrappingSubtract(1, ordering: .relaxed)
    isTaken.store(false, ordering: .releasing)
  }
}

/// The workers: blocks on a Dispatch queue that join loops.
enum Workers {
  /// Workers that run or were asked for.
  private static let present = Atomic<Int>(0)
  /// How many loops were put up since the program began.
  private static let loops = Atomic<Int>(0)
  /// The processor that the last worker was on when it gave its thread back.
  private static let lastProcessor = Atomic<Int32>(-1)
  /// How long a worker looks out for the next loop after the last one has ended, in microseconds.
  static let waitAfterLoop: UInt64 = 100
  /// How long anybody waits awake for a loop that still runs, in microseconds.
  static let longestWait: UInt64 = 2000
  private static let queue = DispatchQueue.global(qos: .userInitiated)

  /// Tells workers of a new loop, and asks for as many as there are not.
  ///
  /// A system may wake a thread on the processor that it slept on, though the caller is there by now:
  /// the caller then steps back once, or the worker would begin milliseconds later (see `join`).
  static func call(_ wanted: Int) {
    // Whoever gives its thread back counts itself out first and then looks at `loops` again: in this
    // order of all threads, either it sees the loop or we see that it has left.
    loops.wrappingAdd(1, ordering: .sequentiallyConsistent)
    let here = nital_current_processor()
    var asked = false
    var found = present.load(ordering: .sequentiallyConsistent)
    while found < wanted {
      let (added, other) = present.compareExchange(
        expected: found, desired: found + 1, ordering: .relaxed)
      if added { queue.async { serve() } }
      asked = asked || added
      found = added ? found + 1 : other
    }
    if asked && lastProcessor.load(ordering: .relaxed) == here { sched_yield() }
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
      lastProcessor.store(nital_current_processor(), ordering: .relaxed)
      present.wrappingSubtract(1, ordering: .sequentiallyConsistent)
      if loops.load(ordering: .sequentiallyConsistent) == seen { return }
      present.wrappingAdd(1, ordering: .relaxed)
    }
  }

  /// Waits a while for a loop after the first `seen`; true when there is one.
  ///
  /// The while is short, but begins anew as long as a loop runs: another one may follow it.
  private static func lookOut(_ seen: Int) -> Bool {
    let longest = Wait(microseconds: longestWait)
    var wait = Wait(microseconds: waitAfterLoop)
    while loops.load(ordering: .relaxed) == seen {
      if LoopPlace.running.load(ordering: .relaxed) > 0 && longest.hasTime {
        wait = Wait(microseconds: waitAfterLoop)
      }
      guard wait.goesOn() else { return false }
    }
    return true
  }
}

/// A wait of a limited time, awake, that offers the processor to other threads.
private struct Wait {
  private let end: UInt64

  /// No time at all where threads outnumber the processors: whoever waits is in another's way.
  init(microseconds: UInt64) {
    end =
      Parallelism.hasProcessorForEachThread
      ? DispatchTime.now().uptimeNanoseconds + 1000 * microseconds : 0
  }

  var hasTime: Bool { DispatchTime.now().uptimeNanoseconds < end }

  /// Passes some hundred nanoseconds; false when the time is over.
  func goesOn() -> Bool {
    for _ in 0..<16 { nital_pause() }
    sched_yield()
    return hasTime
  }
}
