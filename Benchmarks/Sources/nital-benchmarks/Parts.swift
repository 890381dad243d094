// The parts of a run: each measures ours and the rival's in turn and hands on one record a comparison.

import GEMMLadder
import Measuring
import Rivals
import Tensors

/// What all parts of a run share.
struct Run {
  let options: Options
  let rival: OpenBLAS
  /// Called with each record as soon as it is there.
  let report: (Record) -> Void

  /// Measures one part on so many threads.
  func measure(_ part: Part, threads: Int) throws {
    Parallelism.threads = threads
    rival.setThreads(Int32(threads))
    let all = options.isQuick ? [32, 64, 128] : [256, 512, 1024, 2048, 4096]
    let squares = options.sizes ?? all
    switch part {
    case .ladder: ladder(threads)
    case .sgemm: for size in squares { product(part, ProductShape(square: size), threads) }
    case .dgemm: for size in squares { doubleProduct(ProductShape(square: size), threads) }
    case .vgg: for shape in ProductShape.vgg where suits(shape) { product(part, shape, threads) }
    case .odd: for shape in ProductShape.odd where suits(shape) { product(part, shape, threads) }
    case .convolution: convolutions(threads)
    case .network: if !options.isQuick { try network(threads) }
    case .svd: try decompositions(threads)
    }
  }

  private func suits(_ shape: ProductShape) -> Bool { !options.isQuick || shape.work < 2e8 }

  /// The last step has all threads, the others one: measured once.
  private func ladder(_ threads: Int) {
    guard threads == options.threadCounts.max() else { return }
    for rung in runLadder(size: options.isQuick ? 64 : 512, samples: options.samples) {
      report(
        Record("ladder", rung.name, rung.threads, speed: rung.speed, agrees: rung.difference <= 4))
    }
  }

  private func product(_ part: Part, _ shape: ProductShape, _ threads: Int) {
    let result = compare(shape, threads: threads, samples: options.samples) {
      rival.multiply($0, $1, $2, $3 as UnsafePointer<Float>, $4, $5)
    }
    report(result, part.rawValue, shape.name, threads, shape.work)
  }

  private func doubleProduct(_ shape: ProductShape, _ threads: Int) {
    let result = compare(shape, threads: threads, samples: options.samples) {
      rival.multiply($0, $1, $2, $3 as UnsafePointer<Double>, $4, $5)
    }
    report(result, "dgemm", shape.name, threads, shape.work)
  }

  /// VGG16's layers by patches and one product, directly, and by Winograd's algorithm.
  ///
  /// The rival has patches and cblas_sgemm each time. Winograd's algorithm leaves out the first layer:
  /// three channels give its products nothing to do, and `.automatic` never takes it there.
  private func convolutions(_ threads: Int) {
    let shapes = ConvolutionShape.vgg
    for algorithm in [ConvolutionAlgorithm.im2col, .direct, .winograd4] {
      let suited = shapes.filter { algorithm != .winograd4 || $0.inputs >= 64 }
      for shape in options.isQuick ? suited.suffix(1) : suited[...] {
        let result = compare(
          shape, algorithm: algorithm, threads: threads, samples: options.samples, rival: rival)
        report(result, algorithm.rawValue, shape.name, threads, shape.work)
      }
    }
  }

  /// VGG16 to fc1 of one image, the rival's product under every layer.
  private func network(_ threads: Int) throws {
    let result = try compareVGG16(
      batch: 1, threads: threads, samples: options.samples, rival: rival)
    let agrees = result.difference < 1e-4
    for (name, ours) in [("direct", result.direct), ("automatic", result.automatic)] {
      report(
        Record("network", "vgg16 \(name)", threads, ours, against: result.theirs, agrees: agrees))
    }
  }

  private func decompositions(_ threads: Int) throws {
    let svd = try compareDecompositions(
      size: options.isQuick ? 64 : 512, samples: options.samples, rival: rival)
    for (name, theirs) in [("dgesdd", svd.dgesdd), ("dgejsv", svd.dgejsv)] {
      report(
        Record("svd", name, threads, svd.ours, against: theirs, agrees: svd.difference <= 50))
    }
  }

  private func report(
    _ result: Measurement, _ section: String, _ name: String, _ threads: Int, _ work: Double
  ) {
    report(
      Record(
        section, name, threads, work: work, result.ours, against: result.theirs,
        agrees: result.agrees))
  }
}
