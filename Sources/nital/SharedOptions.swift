// Options that every verb takes.

import ArgumentParser
import FoundationEssentials
import Tensors

/// Verbosity, threads and the form of the result.
struct SharedOptions: ParsableArguments {
  @Option(name: [.customShort("j"), .long], help: "Threads to use; no result depends on it.")
  var threads: Int?

  @Flag(name: .shortAndLong, help: "Print errors only.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Print more about each step.")
  var verbose = false

  @Flag(help: "Print the result as one JSON object.")
  var json = false

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads takes a whole number from 1 to 1024, not \(threads).")
    }
  }

  /// Sets the number of threads; called once, before any work.
  func apply() {
    if let threads { Parallelism.threads = threads }
  }

  /// Logs a line unless `--quiet`.
  func note(_ text: String) {
    if !quiet { Console.log(text) }
  }

  /// Prints a value as JSON with sorted keys.
  func printJSON(_ value: some Encodable) throws {
    Console.write(try jsonText(value))
  }
}

/// A value as JSON with sorted keys, indented or on one line.
func jsonText(_ value: some Encodable, indented: Bool = true) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  if indented { encoder.outputFormatting.insert(.prettyPrinted) }
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}
