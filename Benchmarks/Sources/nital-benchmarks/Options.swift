// What the command line of nital-benchmarks asks for.

import Glibc
import Measuring
import Tensors

/// The parts of a run, in the order in which they are measured.
enum Part: String, CaseIterable {
  case ladder, sgemm, dgemm, vgg, odd, convolution, network, svd
}

/// The parts, thread counts and sizes to measure, and where the results go.
struct Options {
  var parts = Part.allCases
  var threadCounts = Array(Set([1, Parallelism.availableProcessors])).sorted()
  var sizes: [Int]?
  var samples = 7
  var folder = "Results"
  var isQuick = false
  var growth: String?

  /// Reads the arguments; ends the program where they make no sense.
  init(_ arguments: ArraySlice<String>) {
    var rest = arguments
    while let option = rest.popFirst() {
      if option == "--help" || option == "-h" {
        print(Self.usage)
        exit(0)
      }
      if option == "--quick" {
        isQuick = true
        continue
      }
      guard let value = rest.popFirst() else { stop("\(option) needs a value\n\(Self.usage)") }
      switch option {
      case "--parts": parts = Self.parts(value)
      case "--threads": threadCounts = Self.numbers(value)
      case "--sizes": sizes = Self.numbers(value)
      case "--samples": samples = max(5, Self.numbers(value).first ?? 7)
      case "--results": folder = value
      case "--growth": growth = value
      default: stop("unknown option \(option)\n\(Self.usage)")
      }
    }
  }

  static let usage = """
    nital-benchmarks [--parts \(Part.allCases.map(\.rawValue).joined(separator: ","))]
                     [--threads 1,2] [--sizes 256,512] [--samples 7] [--results DIR] [--quick]
    nital-benchmarks --growth FILE.csv       draws what Peers/growth.py measured

    Without --parts all are measured. A run adds to the results of the day: rows with the same part,
    name and threads are replaced, others stay, so that a long run can be made in pieces. --sizes is
    for sgemm and dgemm. --quick takes a few small shapes, to see that all works.
    """

  private static func numbers(_ list: String) -> [Int] {
    list.split(separator: ",").map {
      guard let number = Int($0), number > 0 else { stop("'\($0)' is not a positive number") }
      return number
    }
  }

  private static func parts(_ list: String) -> [Part] {
    list.split(separator: ",").map {
      guard let part = Part(rawValue: String($0)) else { stop("no part '\($0)'\n\(usage)") }
      return part
    }
  }
}
