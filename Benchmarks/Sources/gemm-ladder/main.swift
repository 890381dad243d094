// Prints the ladder: the peak on top, then each step with its share of it.
//
// Usage: gemm-ladder [SIZE] [SAMPLES]      a multiple of 8 (512), and 5

import GEMMLadder
import Glibc
import Measuring
import Tensors

let arguments = CommandLine.arguments.dropFirst().map { Int($0) ?? 0 }
let size = arguments.first ?? 512
let samples = arguments.count > 1 ? arguments[1] : 5
if size < 8 || size % 8 != 0 || samples < 1 { stop("usage: gemm-ladder [SIZE] [SAMPLES]") }
let peak = measuredPeak()
print(
  "\(InstructionSet.processorName), \(Parallelism.threads) threads, \(InstructionSet.current.name), "
    + "matrices \(size) x \(size), median of \(samples)")
print(padded("peak of one core, measured", 28), text(peak, 1), "GF/s")
var agree = true
for rung in runLadder(size: size, samples: samples) {
  let share = 100 * rung.speed / (peak * Double(rung.threads))
  let verdict = rung.difference <= 4 ? "checked" : "WRONG: \(rung.difference) eps sqrt(n) max|C|"
  print(
    padded(rung.name, 28), text(rung.speed, 1), "GF/s", text(share, 1, width: 6),
    "% of the peak of \(rung.threads) thread(s), \(verdict)")
  agree = agree && rung.difference <= 4
}
exit(agree ? 0 : 1)
