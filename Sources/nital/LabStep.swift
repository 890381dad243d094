// `nital lab step`: the seconds and the memory of training steps of convolutional networks.

import ArgumentParser
import NeuralNetworks
import Tensors

struct LabStep: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step",
    abstract: "Time training steps of a U-Net or of ResNet18 on random pixels.",
    discussion: """
      Prints one JSON object: the seconds of each step after a first one (forward, backward, \
      stochastic gradient descent), their medians, the planned bytes of activations and the \
      greatest resident memory of the process. The rival is Benchmarks/Peers/training.py.
      """)

  @Argument(help: "unet or resnet18.")
  var network: String

  @Option(help: "Images of a step.")
  var batch = 16

  @Option(help: "Rows and columns of an image: a multiple of 32; 256 for unet, 224 for resnet18.")
  var size: Int?

  @Option(help: "Channels of the U-Net's first level.")
  var base = 16

  @Option(help: "Timed steps.")
  var repeats = 5

  @Option(help: "The seed of every random choice.")
  var seed: UInt64 = 0

  @Flag(help: "Add the milliseconds of each operation of the network, forward and backward.")
  var profile = false

  @OptionGroup var shared: SharedOptions

  private struct Result: Encodable {
    var network: String
    var batch, size, parameters: Int
    var median_seconds, median_forward_seconds, median_backward_seconds: Double
    var median_processor_seconds: Double
    var seconds: [Double]
    var planned_bytes, peak_bytes: Int
    var losses: [Float]
    var threads: Int
    var instruction_set: String
    var operations: [StepProfile.Row]?
  }

  func validate() throws {
    guard StepNetwork(rawValue: network) != nil else {
      throw ValidationError("The networks are unet and resnet18, not \(network).")
    }
    guard (1...4096).contains(batch), (1...1000).contains(repeats), (1...64).contains(base) else {
      throw ValidationError("--batch takes 1 to 4096, --repeats 1 to 1000, --base 1 to 64.")
    }
    if let size, !(32...8192).contains(size) || size % 32 != 0 {
      throw ValidationError("--size takes a multiple of 32 up to 8192, not \(size).")
    }
    if batch * side * side > 1 << 24 {
      throw ValidationError(
        "A step takes at most 16,777,216 pixels, not \(batch) images of \(side) x \(side).")
    }
  }

  private var kind: StepNetwork { StepNetwork(rawValue: network) ?? .unet }
  private var side: Int { size ?? (kind == .unet ? 256 : 224) }

  func run() throws {
    shared.apply()
    var builder = StepBuilder(seed: seed)
    let (run, loss) = prepared(&builder)
    let optimiser = SGD(builder.parameters, learningRate: 0.01, momentum: 0.9)
    try shared.printJSON(result(of: run, loss, optimiser, builder))
  }

  /// Makes one step and then the timed ones.
  private func result(
    of run: TapeRun<Float>, _ loss: Variable<Float>, _ optimiser: SGD<Float>,
    _ builder: StepBuilder
  ) -> Result {
    var (total, forward, backward): ([Double], [Double], [Double]) = ([], [], [])
    var (losses, processor): ([Float], [Double]) = ([], [])
    let operations = profile ? StepProfile(repeats: repeats) : nil
    for _ in 0...repeats {
      operations?.begin(run)
      let (began, used) = (monotonicSeconds(), processorSeconds())
      optimiser.clearGradients()
      run.forward()
      let middle = monotonicSeconds()
      run.backward()
      let end = monotonicSeconds()
      optimiser.step()
      losses.append(run.value(loss).scalars[0])
      total.append(monotonicSeconds() - began)
      forward.append(middle - began)
      backward.append(end - middle)
      processor.append(processorSeconds() - used)
    }
    let medians = [total, forward, backward, processor].map { all in
      all.dropFirst().sorted()[repeats / 2]
    }
    return Result(
      network: network, batch: batch, size: side,
      parameters: builder.parameters.reduce(0) { $0 + $1.value.count },
      median_seconds: medians[0], median_forward_seconds: medians[1],
      median_backward_seconds: medians[2], median_processor_seconds: medians[3],
      seconds: Array(total.dropFirst()), planned_bytes: run.peakBytes,
      peak_bytes: peakResidentBytes(), losses: losses, threads: Parallelism.threads,
      instruction_set: InstructionSet.current.name, operations: operations?.rows)
  }

  /// The network with its loss and its inputs.
  private func prepared(
    _ builder: inout StepBuilder
  ) -> (TapeRun<Float>, Variable<Float>) {
    let shape = [batch, side, side, kind == .unet ? 1 : 3]
    let image = builder.tape.input(shape)
    if kind == .unet {
      let logits = builder.unet(image, base: base)
      let mask = builder.tape.input(logits.shape)
      let loss = builder.tape.binaryCrossEntropy(logits, mask)
      let run = TapeRun(builder.tape, loss: loss, outputs: [loss])
      run.set(image, builder.normal(shape))
      let bits = builder.labels(mask.count, classes: 2).map { Float($0) }
      run.set(mask, Tensor(shape: mask.shape, scalars: bits))
      return (run, loss)
    }
    let logits = builder.resnet18(image)
    let targets = LabelTargets(builder.labels(batch, classes: 10))
    let loss = builder.tape.crossEntropy(logits, targets)
    let run = TapeRun(builder.tape, loss: loss, outputs: [loss])
    run.set(image, builder.normal(shape))
    return (run, loss)
  }
}
