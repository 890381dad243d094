// Compares Nital's matrix product with OpenBLAS's, thread against thread, in one process.

import CPeak
import Glibc
import Tensors

restartInCleanEnvironment()

let options = Options(CommandLine.arguments.dropFirst())
let rival = Rival(path: options.library)
let commit = output(of: "git describe --always --dirty 2>/dev/null")
print("CPU        \(InstructionSet.processorName), \(Parallelism.availableProcessors) processors")
print("Nital      commit \(commit), instruction set \(InstructionSet.current.name)")
print("rival      \(rival.name)")

let level = Int32(InstructionSet.current.rawValue)
let lanes = [4.0, 8.0, 16.0][InstructionSet.current.rawValue]
let rounds = 2_000_000
let peaks: [Double] = (0..<7).map { _ in
  let start = now(options.clock)
  if nital_peak_loop(level, rounds, 0.5) == 1 { print("") }
  return 2 * 12 * lanes * Double(rounds) / (now(options.clock) - start) / 1e9
}
let peak = median(peaks)
print("peak       \(text(peak, 1)) GF/s a core in Float (measured loop of multiply-adds, median)")
print(
  "samples    \(options.samples) of each side in turn; median (least, greatest) in GF/s, \(options.clock.rawValue) clock"
)
print("")
print(
  "type      size threads      Nital                     OpenBLAS                 ratio   of peak")

/// Prints one line of the table; false where the two results differ too much.
func report(_ type: String, _ size: Int, _ threads: Int, _ result: Measurement) -> Bool {
  let work = 2 * Double(size) * Double(size) * Double(size) / 1e9
  func speeds(_ times: [Double]) -> String {
    let sorted = times.sorted()
    return text(work / median(times), 1) + " (" + text(work / sorted[sorted.count - 1], 1) + ","
      + text(work / sorted[0], 1) + ")"
  }
  let ratio = median(result.theirs) / median(result.ours)
  let share = work / median(result.ours) / (peak * Double(threads) / (type == "double" ? 2 : 1))
  print(
    "\(type == "double" ? "double" : "float ")", text(Double(size), 0),
    text(Double(threads), 0, width: 5),
    speeds(result.ours), speeds(result.theirs), text(ratio, 3), text(100 * share, 1) + " %")
  fflush(nil)
  // Both sides round at most k times an element: a few eps sqrt(k) of the greatest element.
  if result.difference > 4 {
    print("  results differ by \(result.difference) eps sqrt(k) max|C|")
    return false
  }
  return true
}

var agree = true
for threads in options.threadCounts {
  Parallelism.threads = threads
  rival.setThreads(Int32(threads))
  for size in options.sizes {
    if options.types.contains("float") {
      let result = compare(
        size: size, threads: threads, samples: options.samples, clock: options.clock
      ) {
        (A: UnsafePointer<Float>, B, C) in
        rival.single(101, 111, 111, size, size, size, 1, A, size, B, size, 0, C, size)
      }
      agree = report("float", size, threads, result) && agree
    }
    if options.types.contains("double") {
      let result = compare(
        size: size, threads: threads, samples: options.samples, clock: options.clock
      ) {
        (A: UnsafePointer<Double>, B, C) in
        rival.double(101, 111, 111, size, size, size, 1, A, size, B, size, 0, C, size)
      }
      agree = report("double", size, threads, result) && agree
    }
  }
}
print("")
print(agree ? "The results of both sides agree." : "The results of the two sides DISAGREE.")
exit(agree ? 0 : 1)
