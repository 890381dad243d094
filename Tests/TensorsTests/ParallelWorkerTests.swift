import Dispatch
import Glibc
import Synchronization
import Tensors
import Testing
import _CPUFeatures

/// What the workers behind the loops do when several threads, processes or nothing at all need them.
///
/// Tests that count threads or processor time run in a process of their own, since the others use
/// the same workers.
@Suite(.serialized) struct ParallelWorkerTests {
  @Test func runsLoopsOfSeveralThreadsAtOnce() {
    let callers = 12  // more than the places where loops are put up

    let total = Mutex([Int](repeating: 0, count: callers))
    let group = DispatchGroup()
    for caller in 0..<callers {
      let thread = DispatchQueue(label: "caller \(caller)")
      thread.async(group: group) {
        for round in 1...60 {
          let count = 2 + (caller + round) % 7
          let sum = Atomic<Int>(0)
          parallelFor(count) { sum.wrappingAdd($0 + 1, ordering: .relaxed) }
          let right = sum.load(ordering: .relaxed) == count * (count + 1) / 2
          total.withLock { $0[caller] += right ? 1 : 0 }
        }
      }
    }
    group.wait()
    #expect(total.withLock { $0 } == [Int](repeating: 60, count: callers))
  }

  @Test func runsNestedLoopsOnTheThreadOfTheOuterPiece() throws {
    guard try isAlone(#function) else { return }
    Parallelism.threads = 4  // some workers are free to come
    let strangers = Atomic<Int>(0)
    parallelFor(2) { _ in
      let outer = pthread_self()
      for _ in 0..<4 {
        parallelFor(16) { _ in
          usleep(200)
          let isSame = pthread_equal(outer, pthread_self()) != 0
          if !isSame { strangers.wrappingAdd(1, ordering: .relaxed) }
        }
      }
    }
    #expect(strangers.load(ordering: .relaxed) == 0)
  }

  /// Each piece waits for the one before it, so that the loop ends only if pieces begin in order.
  @Test(arguments: [2, 3, 64]) func beginsPiecesInRisingOrderWithTooManyThreads(threads: Int) {
    let before = Parallelism.threads
    defer { Parallelism.threads = before }
    Parallelism.threads = threads
    let reached = Atomic<Int>(0)
    parallelFor(500) { piece in
      while reached.load(ordering: .acquiring) < piece { usleep(10) }
      reached.store(piece + 1, ordering: .releasing)
    }
    #expect(reached.load(ordering: .acquiring) == 500)
  }

  @Test func finishesWhereALateWorkerFindsTheLoopClosed() {
    for pause in [0, 50, 150, 300] {  // around the time that workers look out
      for round in 0..<100 {
        let sum = Atomic<Int>(0)
        parallelFor(2 + round % 3) { sum.wrappingAdd($0 + 1, ordering: .relaxed) }
        let count = 2 + round % 3
        #expect(sum.load(ordering: .relaxed) == count * (count + 1) / 2)
        if pause > 0 { usleep(UInt32(pause)) }
      }
    }
  }

  /// The first piece waits until the second has begun, and ends before it.
  @Test func usesASecondThreadAndWaitsForIt() throws {
    guard Parallelism.availableProcessors > 1, try isAlone(#function) else { return }
    let begun = Atomic<Int>(0)
    let ended = Atomic<Int>(0)
    parallelFor(2) { piece in
      begun.wrappingAdd(1, ordering: .releasing)
      for _ in 0..<10_000 where begun.load(ordering: .acquiring) < 2 { usleep(1000) }
      if piece == 1 { usleep(30_000) }
      ended.wrappingAdd(begun.load(ordering: .acquiring), ordering: .relaxed)
    }
    // Both pieces saw that two had begun: they ran at the same time, and both have ended.
    #expect(ended.load(ordering: .relaxed) == 4)
  }

  /// Workers look out for 2 ms at most; 20 ms later they must be gone, which 200 ms then show.
  @Test func usesNoProcessorTimeWhenIdle() throws {
    guard try isAlone(#function) else { return }
    for threads in [Parallelism.availableProcessors, Parallelism.availableProcessors + 2] {
      Parallelism.threads = threads
      for _ in 0..<100 { parallelFor(4) { _ in usleep(20) } }
      usleep(20_000)
      let start = processorTime()
      usleep(200_000)
      // A worker that still spins would use the 200 ms; 10 ms are left for the test library.
      #expect(processorTime() - start < 0.01)
    }
  }

  /// A worker that wakes on the owner's processor goes elsewhere before it takes a piece.
  ///
  /// The system may part the two by itself, but seldom within the microseconds after it was forced to put
  /// them together; where nobody leaves, some of the 200 rounds show them on one processor.
  @Test func workersLeaveTheOwnersProcessor() throws {
    guard Parallelism.availableProcessors > 1, try isAlone(#function) else { return }
    Parallelism.threads = 2
    let (owner, move) = (pthread_self(), try moving())
    var together = 0
    for _ in 0..<200 {
      let place = nital_current_processor()
      // Both pieces must have begun, so that the worker takes one; it then comes to the owner's processor.
      let begun = Atomic<Int>(0)
      parallelFor(2) { _ in
        begun.wrappingAdd(1, ordering: .releasing)
        for _ in 0..<100_000 where begun.load(ordering: .acquiring) < 2 { usleep(10) }
        if pthread_equal(owner, pthread_self()) == 0 { move(place) }
      }
      let ofOwner = Atomic<Int32>(-1)
      let ofWorker = Atomic<Int32>(-2)
      begun.store(0, ordering: .relaxed)
      parallelFor(2) { _ in
        let here = nital_current_processor()
        if pthread_equal(owner, pthread_self()) != 0 {
          ofOwner.store(here, ordering: .relaxed)
        } else {
          ofWorker.store(here, ordering: .relaxed)
        }
        begun.wrappingAdd(1, ordering: .releasing)
        for _ in 0..<100_000 where begun.load(ordering: .acquiring) < 2 { usleep(10) }
      }
      if ofOwner.load(ordering: .relaxed) == ofWorker.load(ordering: .relaxed) { together += 1 }
    }
    // A system that is busy with other tests may bring them together again now and then.
    #expect(together <= 100)
  }

  /// A function that moves the calling thread to a processor, and leaves it free to go elsewhere afterwards.
  private func moving() throws -> @Sendable (Int32) -> Void {
    // Its declaration is for GNU programs alone.
    typealias SetAffinity = @convention(c) (Int32, Int, UnsafeRawPointer) -> Int32
    let symbol = try #require(dlsym(nil, "sched_setaffinity"))
    let setAffinity = unsafeBitCast(symbol, to: SetAffinity.self)
    let all = [UInt8](repeating: 255, count: 128)
    return { processor in
      var one = [UInt8](repeating: 0, count: 128)
      one[Int(processor) / 8] = 1 << UInt8(processor % 8)
      _ = setAffinity(0, 128, one)
      _ = setAffinity(0, 128, all)
    }
  }

  /// A worker that leaves the owner's processor must not be bound to where it went.
  @Test func leavesEveryThreadFreeToRunAnywhere() throws {
    guard try isAlone(#function) else { return }
    let processors = nital_allowed_processors()
    for processor in [nital_current_processor(), 0, -1, 1_000_000] {
      nital_leave_processor(processor)
      #expect(nital_allowed_processors() == processors)
    }
    let bound = Atomic<Int>(0)
    for round in 0..<200 {
      parallelFor(8) { _ in
        if nital_allowed_processors() != processors { bound.wrappingAdd(1, ordering: .relaxed) }
      }
      if round % 10 == 0 { usleep(500) }
    }
    #expect(bound.load(ordering: .relaxed) == 0)
  }

  @Test func runsInPlaceInAForkedChild() throws {
    guard try isAlone(#function) else { return }
    parallelFor(4) { _ in usleep(100) }
    typealias Fork = @convention(c) () -> Int32
    let symbol = try #require(dlsym(nil, "fork"))
    let child = unsafeBitCast(symbol, to: Fork.self)()
    if child == 0 {
      let sum = Atomic<Int>(0)
      parallelFor(100) { sum.wrappingAdd($0, ordering: .relaxed) }
      _exit(sum.load(ordering: .relaxed) == 4950 ? 0 : 1)
    }
    var status: Int32 = -1
    for _ in 0..<500 where waitpid(child, &status, WNOHANG) == 0 { usleep(10_000) }
    if status == -1 { kill(child, SIGKILL) }
    #expect(status == 0, "the child's wait status")
  }

  private func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  /// True in a process that runs this test alone; otherwise starts one and expects it to succeed.
  private func isAlone(_ test: String) throws -> Bool {
    let name = String(test.prefix { $0 != "(" })
    if getenv("NITAL_TEST_ALONE") != nil { return true }
    let words = [
      "/usr/bin/env", "NITAL_TEST_ALONE=1", "/proc/\(getpid())/exe", "--testing-library",
      "swift-testing", "--filter", "ParallelWorkerTests/\(name)",
    ]
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var child = pid_t()
    try #require(posix_spawn(&child, words[0], nil, nil, &arguments, environ) == 0)
    var status: Int32 = -1
    waitpid(child, &status, 0)
    #expect(status == 0, "the wait status of the process that runs \(name)")
    return false
  }
}
