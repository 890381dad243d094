// `nital lab train`: the seconds and the memory of training iterations of `nital segment`.

import ArgumentParser
import NeuralNetworks
import Pipelines
import Tensors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

struct LabTrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Time training iterations of the network of nital segment on random pixels.",
    discussion: """
      Superpixels are square cells of 4 x 4 pixels. Prints one JSON object: the seconds of \
      each iteration after a first one, their median, the planned bytes of activations and the \
      greatest resident memory of the process. The rival is Benchmarks/Peers/kanezaki.py.
      """)

  @Option(help: "Rows and columns of the image.")
  var size = 1000

  @Option(help: "Timed iterations.")
  var repeats = 5

  @OptionGroup var training: SegmentationOptions
  @OptionGroup var shared: SharedOptions

  private struct Result: Encodable {
    var size: Int
    var median_seconds: Double
    var seconds: [Double]
    var median_processor_seconds: Double
    var planned_bytes, peak_bytes: Int
    var losses: [Float]
    var threads: Int
    var instruction_set: String
  }

  func validate() throws {
    guard (16...20000).contains(size), (1...1000).contains(repeats) else {
      throw ValidationError("--size takes 16 to 20000, --repeats 1 to 1000.")
    }
  }

  func run() throws {
    shared.apply()
    var settings = SegmentationSettings()
    training.apply(to: &settings)
    var generator = SeededGenerator(seed: settings.seed)
    let pixels = (0..<(3 * size * size)).map { _ in Float(generator.uniform()) }
    let side = 4
    let across = (size + side - 1) / side
    let cells = (0..<(size * size)).map { Int32($0 / size / side * across + $0 % size / side) }
    let job = KanezakiTraining(
      Tensor(shape: [size, size, 3], scalars: pixels),
      superpixels: settings.method == .superpixels ? (cells, across * across) : nil,
      settings: settings, seed: settings.seed)
    var (seconds, processor): ([Double], [Double]) = ([], [])
    for _ in 0...repeats {
      let (began, used) = (monotonicSeconds(), processorSeconds())
      job.step()
      seconds.append(monotonicSeconds() - began)
      processor.append(processorSeconds() - used)
    }
    seconds.removeFirst()
    processor.removeFirst()
    try shared.printJSON(
      Result(
        size: size, median_seconds: seconds.sorted()[seconds.count / 2], seconds: seconds,
        median_processor_seconds: processor.sorted()[processor.count / 2],
        planned_bytes: job.plan.peakBytes, peak_bytes: peakResidentBytes(),
        losses: job.losses, threads: Parallelism.threads,
        instruction_set: InstructionSet.current.name))
  }
}

/// The greatest resident memory of the process so far.
func peakResidentBytes() -> Int {
  var usage = rusage()
  // RUSAGE_SELF is 0 everywhere; Glibc's headers make an enumeration of it.
  // SAFETY: `usage` is a local variable.
  unsafe getrusage(0, &usage)
  return usage.ru_maxrss * 1024
}

/// Seconds of processor time that the process has used, all threads together.
func processorSeconds() -> Double {
  var time = timespec()
  // SAFETY: `time` is a local variable.
  unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
