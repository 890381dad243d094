// Compares Nital's matrix product with OpenBLAS's, thread against thread, in one process.

import Glibc
import Measuring
import Rivals
import Tensors

restartInCleanEnvironment()

let options = Options(CommandLine.arguments.dropFirst())
let rival = OpenBLAS(path: options.library)
let commit = output(of: "git describe --always --dirty 2>/dev/null") ?? "unknown"
print("CPU        \(InstructionSet.processorName), \(Parallelism.availableProcessors) processors")
print("Nital      commit \(commit), instruction set \(InstructionSet.current.name)")
print("rival      \(rival.name)")
let peak = measuredPeak(options.clock)
print("peak       \(text(peak, 1)) GF/s a core in Float (measured loop of multiply-adds, best)")
print(
  "samples    \(options.samples) of each side in turn; median (least, greatest) in GF/s, \(options.clock.rawValue) clock"
)
print("")
print(
  "type   shape            threads     Nital                   OpenBLAS               ratio  of best  of peak"
)

/// Prints one line of the table; false where the two results differ too much.
func report(_ type: String, _ shape: ProductShape, _ threads: Int, _ result: Measurement) -> Bool {
  func speeds(_ times: [Double]) -> String {
    let work = shape.work / 1e9
    let (least, greatest) = (times.min() ?? 1, times.max() ?? 1)
    return text(work / median(times), 1) + " (" + text(work / greatest, 1, width: 6) + ","
      + text(work / least, 1, width: 6) + ")"
  }
  let speed = shape.work / 1e9 / median(result.ours)
  let share = speed / (peak * Double(threads) / (type == "double" ? 2 : 1))
  print(
    padded(type, 6), padded(shape.name, 16), text(Double(threads), 0, width: 4),
    speeds(result.ours), speeds(result.theirs), text(result.ratio, 3),
    text(result.ratioOfBest, 3), text(100 * share, 1, width: 6) + " %")
  if !result.agrees { print("  results differ by \(result.difference) eps sqrt(k) max|C|") }
  fflush(nil)
  return result.agrees
}

var agree = true
var logarithms: [Double] = []
for threads in options.threadCounts {
  Parallelism.threads = threads
  rival.setThreads(Int32(threads))
  for type in options.types {
    for shape in options.shapes {
      let result =
        type == "double"
        ? compare(
          shape, threads: threads, samples: options.samples, clock: options.clock,
          rival: { rival.multiply($0, $1, $2, $3 as UnsafePointer<Double>, $4, $5) })
        : compare(
          shape, threads: threads, samples: options.samples, clock: options.clock,
          rival: { rival.multiply($0, $1, $2, $3 as UnsafePointer<Float>, $4, $5) })
      agree = report(type, shape, threads, result) && agree
      logarithms.append(log(result.ratio))
    }
  }
}
let mean = exp(logarithms.reduce(0, +) / Double(max(1, logarithms.count)))
print("\ngeometric mean of the ratios \(text(mean, 3))")
print(agree ? "The results of both sides agree." : "The results of the two sides DISAGREE.")
exit(agree ? 0 : 1)
