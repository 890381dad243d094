// The command line: verbs, and what every verb shares.

import ArgumentParser
import Files
import Pipelines
import Tensors
import _BareHost

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
        5  a model or weight file is missing or does not match
        130  interrupted; finished work is kept, and the same command goes on from there
      """,
    version: nitalVersion,
    subcommands: [
      DemoCommand.self, ClusterCommand.self, ClassifyCommand.self, SegmentCommand.self,
      ReproduceCommand.self,
      SynthesizeCommand.self,
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
      var command = try Nital.parseAsRoot(programArguments())
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

/// The arguments after the program's name, every byte kept even where a name is not UTF-8.
private func programArguments() -> [String] {
  let count = Int(nital_argument_count())
  guard count > 0 else { return Array(CommandLine.arguments.dropFirst()) }
  return (1..<max(1, count)).compactMap { index in
    // SAFETY: the C library keeps `count` NUL-terminated arguments as long as the process lives.
    unsafe nital_argument(Int32(index)).map { text in
      unsafe pathText(Array(UnsafeRawBufferPointer(start: text, count: strlen(text))))
    }
  }
}
