// What the command line asks to compare.

/// The sizes, types and thread counts to compare.
struct Options {
  var sizes = [256, 512, 1024, 2048]
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
      case "--sizes": sizes = Self.numbers(value)
      case "--threads": threadCounts = Self.numbers(value)
      case "--samples": samples = max(7, Self.numbers(value).first ?? 9)
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
    "options: --sizes 256,512 --threads 1,2 --samples 9 --type float|double --library PATH "
    + "--clock wall|cpu (cpu: one thread on a busy machine)"

  private static func numbers(_ list: String) -> [Int] {
    list.split(separator: ",").map {
      guard let number = Int($0), number > 0 else { stop("'\($0)' is not a positive number") }
      return number
    }
  }
}
