// What a parallel loop of two pieces costs: in place, through concurrentPerform, through parallelFor.
//
// The columns of one work size are measured in turn. `cold` are loops 300 us apart, when the workers
// have given their threads back.

import Dispatch
import Glibc
import Measuring
import Tensors

/// Work that takes about `rounds` x 4 cycles and cannot be left out.
@inline(never) func work(_ rounds: Int) {
  var x = 1.0
  for _ in 0..<rounds { x = x * 0.999999 + 0.5 }
  if x == 0 { print("") }
}

/// Microseconds a loop, the median of seven samples.
func microseconds(_ count: Int, gap: UInt32 = 0, _ loop: () -> Void) -> Double {
  var samples: [Double] = []
  for _ in 0..<7 {
    for _ in 0..<3 { loop() }
    var total = 0.0
    for _ in 0..<count {
      if gap > 0 { usleep(gap) }
      let start = now()
      loop()
      total += now() - start
    }
    samples.append(total / Double(count) * 1e6)
  }
  return median(samples)
}

let pieces = 2
Parallelism.threads = 2
print("CPU \(InstructionSet.processorName), \(Parallelism.availableProcessors) processors")
print("two pieces, two threads, microseconds a loop (gain over in place)")
print("in place      concurrentPerform   parallelFor         concurrentPerform   parallelFor cold")
for rounds in [700, 7_000, 70_000, 700_000] {
  let count = max(5, 1_400_000 / rounds)
  let alone = microseconds(count) { for _ in 0..<pieces { work(rounds) } }
  func dispatch() { DispatchQueue.concurrentPerform(iterations: pieces) { _ in work(rounds) } }
  func ours() { parallelFor(pieces) { _ in work(rounds) } }
  let times = [
    microseconds(count, dispatch), microseconds(count, ours),
    microseconds(min(count, 200), gap: 300, dispatch),
    microseconds(min(count, 200), gap: 300, ours),
  ]
  print(
    text(alone, 1),
    times.map { text($0, 1) + " (" + text(alone / $0, 2, width: 4) + ")    " }.joined())
  fflush(nil)
}
for _ in 0..<100 { parallelFor(pieces) { _ in work(7_000) } }
usleep(20_000)
let before = now(.cpu)
usleep(500_000)
let used = (now(.cpu) - before) * 1e6
print("processor time in 500 ms of idleness, 20 ms after the last loop: \(text(used, 0)) us")
