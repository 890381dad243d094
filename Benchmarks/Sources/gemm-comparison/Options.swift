// What the command line asks to compare.

import Measuring
import Rivals

/// The shapes, types and thread counts to compare.
struct Options {
  var shapes = [256, 512, 1024, 2048].map { ProductShape(square: $0) }
  var threadCounts = [1]
  var samples = 9
  var types = ["float", "double"]
  var library: String?
  var clock = Clock.wall

  /// Reads the arguments; ends the program where they make no sense.
  init(_ arguments: ArraySlice<String>) {
    var rest = arguments
    while let option = rest.popFirst() {
      guard let value = rest.popFirst() else { stop("\(option) needs a value; \(Self.usage)") }
      switch option {
      case "--sizes": shapes = Self.numbers(value).map { ProductShape(square: $0) }
      case "--shapes":
        guard let known = ["vgg": ProductShape.vgg, "odd": ProductShape.odd][value] else {
          stop("no shapes '\(value)'; \(Self.usage)")
        }
        shapes = known
      case "--threads": threadCounts = Self.numbers(value)
      case "--samples": samples = max(5, Self.numbers(value).first ?? 9)
      case "--type": types = [value]
      case "--library": library = value
      case "--clock":
        guard let known = Clock(rawValue: value) else { stop("no clock '\(value)'; \(Self.usage)") }
        clock = known
      default: stop("unknown option \(option); \(Self.usage)")
      }
    }
    if clock == .cpu, threadCounts != [1] { stop("--clock cpu measures one thread") }
  }

  private static let usage =
    "options: --sizes 256,512 | --shapes vgg|odd, --threads 1,2 --samples 9 --type float|double "
    + "--library PATH --clock wall|cpu (cpu: one thread on a busy machine)"

  private static func numbers(_ list: String) -> [Int] {
    list.split(separator: ",").map {
      guard let number = Int($0), number > 0 else { stop("'\($0)' is not a positive number") }
      return number
    }
  }
}
