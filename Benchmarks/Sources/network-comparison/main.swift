// VGG16 to fc1: Nital, and the plain network with OpenBLAS's product under every layer.

import Glibc
import Measuring
import Rivals
import Tensors

restartInCleanEnvironment()

let usage = "network-comparison [BATCH [THREADS [SAMPLES]]]"
let numbers = CommandLine.arguments.dropFirst().map { word in
  guard let number = Int(word), number > 0 else {
    stop("'\(word)' is not a positive number; \(usage)")
  }
  return number
}
let batch = numbers.first ?? 1
let threads = numbers.count > 1 ? numbers[1] : Parallelism.availableProcessors
let samples = numbers.count > 2 ? numbers[2] : 5
let rival = OpenBLAS()
Parallelism.threads = threads
rival.setThreads(Int32(threads))
let peak = measuredPeak()
print("\(InstructionSet.processorName), \(InstructionSet.current.name), rival \(rival.name)")
print("VGG16 to fc1, \(batch) images, \(threads) threads, \(samples) samples in turn; medians")
let result = try compareVGG16(batch: batch, threads: threads, samples: samples, rival: rival)
let theirs = median(result.theirs)
for (name, times) in [
  ("nital, direct", result.direct), ("nital, automatic", result.automatic),
  ("OpenBLAS, im2col", result.theirs),
] {
  let seconds = median(times) / Double(batch)
  let share = 30.93e9 / seconds / (peak * 1e9 * Double(threads))
  print(
    padded(name, 18), text(1e3 * seconds, 1), "ms an image", "(least",
    text(1e3 * (times.min() ?? 0) / Double(batch), 1) + ")", "of OpenBLAS's",
    text(seconds * Double(batch) / theirs, 3), " direct operations of the peak", text(share, 3))
}
print("largest difference over the largest value \(result.difference)")
exit(result.difference < 1e-4 ? 0 : 1)
