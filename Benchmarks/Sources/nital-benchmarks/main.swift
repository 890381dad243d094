// Runs every comparison with the libraries in compiled languages and writes Results/.
//
// Usage: nital-benchmarks [--results DIR] [--samples N] [--quick]
//        (--quick: a few small shapes, to see that all works)
//        nital-benchmarks --growth FILE.csv      draws what growth.py measured

import GEMMLadder
import Glibc
import Measuring
import Rivals
import Tensors

restartInCleanEnvironment()

var folder = "Results"
var samples = 7
var isQuick = false
var rest = CommandLine.arguments.dropFirst()
while let option = rest.popFirst() {
  switch option {
  case "--quick": isQuick = true
  case "--results": folder = rest.popFirst() ?? folder
  case "--samples": samples = max(5, Int(rest.popFirst() ?? "") ?? 7)
  case "--growth":
    guard let path = rest.popFirst(), let file = fopen(path, "r") else { stop("no such CSV file") }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let length = fread(&bytes, 1, bytes.count, file)
    fclose(file)
    let figure = growthChart(String(decoding: bytes.prefix(length), as: UTF8.self))
    writeFile(figure.svg, to: path.replacingSuffix(".csv", with: ".svg"))
    exit(0)
  default: stop("unknown option \(option)")
  }
}

let rival = OpenBLAS()
let machine = Machine(rival: rival.name)
let threadCounts = Array(Set([1, Parallelism.availableProcessors])).sorted()
let sizes = isQuick ? [32, 64, 128] : [256, 512, 1024, 2048, 4096]
var records: [Record] = []
@MainActor func add(_ record: Record) {
  print(record.line)
  fflush(nil)
  records.append(record)
}
print("\(InstructionSet.processorName), \(InstructionSet.current.name), commit \(machine.commit)")
print("rival: \(rival.name)")
print(
  "peak of a core \(text(machine.peak, 1)) GF/s, memory \(machine.bandwidths.map { text($0, 1) }) GB/s"
)
print("section     name                threads     Nital     rival   ratio of best  unit")

for rung in runLadder(size: isQuick ? 64 : 512, samples: 5) {
  add(Record("ladder", rung.name, rung.threads, speed: rung.speed, agrees: rung.difference <= 4))
}
for threads in threadCounts {
  Parallelism.threads = threads
  rival.setThreads(Int32(threads))
  for size in sizes {
    let shape = ProductShape(square: size)
    let single = compare(shape, threads: threads, samples: samples) {
      rival.multiply($0, $1, $2, $3 as UnsafePointer<Float>, $4, $5)
    }
    add(Record("sgemm", shape.name, threads, work: shape.work, single))
    let double = compare(shape, threads: threads, samples: samples) {
      rival.multiply($0, $1, $2, $3 as UnsafePointer<Double>, $4, $5)
    }
    add(Record("dgemm", shape.name, threads, work: shape.work, double))
  }
  for (section, shapes) in [("vgg-gemm", ProductShape.vgg), ("odd-gemm", ProductShape.odd)] {
    for shape in shapes where !isQuick || shape.work < 1e7 {
      let result = compare(shape, threads: threads, samples: samples) {
        rival.multiply($0, $1, $2, $3 as UnsafePointer<Float>, $4, $5)
      }
      add(Record(section, shape.name, threads, work: shape.work, result))
    }
  }
  for shape in isQuick ? ConvolutionShape.vgg.suffix(1) : ConvolutionShape.vgg[...] {
    let result = compare(
      shape, algorithm: .im2col, threads: threads, samples: samples, rival: rival)
    add(Record("im2col", shape.name, threads, work: shape.work, result))
  }
  let svd = try compareDecompositions(size: isQuick ? 64 : 512, samples: samples, rival: rival)
  let agrees = svd.difference <= 50
  add(Record("svd", "dgesdd", threads, seconds: svd.ours, against: svd.dgesdd, agrees: agrees))
  add(Record("svd", "dgejsv", threads, seconds: svd.ours, against: svd.dgejsv, agrees: agrees))
}

mkdir(folder, 0o755)
let base = folder + "/" + machine.fileName
save(records, machine, to: base + ".json")
for figure in [
  productChart(records, machine, "sgemm"), productChart(records, machine, "dgemm"),
  rowChart(records, machine, "vgg-gemm"), rowChart(records, machine, "im2col"),
  rowChart(records, machine, "ladder"),
] {
  writeFile(figure.svg, to: base + "-" + figure.name + ".svg")
}
print("written: \(base).json and five charts beside it")
exit(records.allSatisfy(\.agrees) ? 0 : 1)

extension String {
  /// The string with another ending.
  func replacingSuffix(_ old: String, with new: String) -> String {
    (hasSuffix(old) ? String(dropLast(old.count)) : self) + new
  }
}
