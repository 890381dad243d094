// `nital lab`: one algorithm at a time, arrays in and arrays out.

import ArgumentParser
import Reporting

struct LabCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lab",
    abstract: "Run one algorithm on arrays: .npy, .npz or pictures in, .npy or .npz out.",
    discussion: """
      Every parameter is an option. --repeat N runs the algorithm N times and prints the seconds \
      of each run as a JSON list, reading and writing left out.
      """,
    subcommands: [
      LabPCA.self, LabSVD.self, LabKMeans.self, LabCLAHE.self, LabResize.self, LabScattering.self,
      LabMatmul.self, LabConvolve.self, LabTSNE.self, LabKNN.self, LabForward.self, LabTrain.self,
      LabStep.self, LabSLIC.self, LabOtsu.self, LabClasses.self, LabScore.self, LabCriteria.self,
    ])
}

/// Options of every algorithm of `nital lab`.
struct LabOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: "The file for the result.")
  var output: String

  @Option(help: "Run so many times and print the seconds of each as a JSON list.")
  var `repeat`: Int?

  @Option(help: "The seed of every random choice.")
  var seed: UInt64 = 0

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if let count = `repeat`, !(1...1_000_000).contains(count) {
      throw ValidationError("--repeat takes 1 to 1000000, not \(count).")
    }
  }

  /// Runs the algorithm as often as asked, prints the seconds, returns the last result.
  func timed<Result>(_ body: () throws -> Result) throws -> Result {
    shared.apply()
    do {
      guard let count = `repeat` else { return try body() }
      var seconds: [Double] = []
      for _ in 1..<count {
        let began = monotonicSeconds()
        _ = try body()
        seconds.append(monotonicSeconds() - began)
      }
      let began = monotonicSeconds()
      let result = try body()
      seconds.append(monotonicSeconds() - began)
      Console.write("[" + seconds.map { fixed($0, 9) }.joined(separator: ", ") + "]")
      return result
    } catch let failure as CommandFailure {
      throw failure
    } catch {
      throw CommandFailure("\(error)", .noInput)
    }
  }
}

/// Fails the command unless `condition` holds.
func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(CommandFailure) {
  if !condition { throw CommandFailure(message(), .usage) }
}
