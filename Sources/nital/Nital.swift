// The command line: verbs, and what every verb shares.

import ArgumentParser
import Files
import Pipelines
import Tensors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// `nital`: the command that all verbs hang on.
struct Nital: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nital",
    abstract: "A numerical engine for micrographs: cluster, classify, measure.",
    discussion: """
      Results go to stdout or into files, progress and warnings to stderr.

      EXIT STATUS
        0  all done
        1  some items failed; each is named on stderr and in the results
        2  the command line is wrong
        3  no input could be used
        4  a calibration is missing where it is required
        5  a model or weight file is missing or does not match
        6  a quality gate (--fail-under) was not reached
        130  interrupted; finished work is kept, and the same command goes on from there
      """,
    version: nitalVersion,
    subcommands: [
      DemoCommand.self, ClusterCommand.self, ClassifyCommand.self, SynthesizeCommand.self,
      ImageCommand.self, WeightsCommand.self, LabCommand.self,
      DoctorCommand.self,
    ])
}

@main
enum Entry {
  static func main() {
    // A full disk quota and a closed pipe are reported where they happen, not by a signal.
    signal(SIGXFSZ, SIG_IGN)
    signal(SIGPIPE, SIG_IGN)
    keepHeap()
    do {
      var command = try Nital.parseAsRoot(Array(processArguments().dropFirst()))
      try command.run()
    } catch let failure as CommandFailure {
      Console.error(failure.message)
      Console.leave(failure.status)
    } catch {
      let status = Nital.exitCode(for: error)
      let text = Nital.fullMessage(for: error)
      if status.isSuccess {
        Console.write(text)
        Console.leave(.done)
      }
      Console.log(text)
      Console.leave(
        status == .validationFailure ? .usage : ExitStatus(rawValue: status.rawValue) ?? .usage)
    }
  }
}
