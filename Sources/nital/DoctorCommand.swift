// `nital doctor`: what this machine offers and what the program makes of it.

import ArgumentParser
import Pipelines
import Tensors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Print the processor, the instruction set in use, threads, memory and versions.")

  @OptionGroup var shared: SharedOptions

  @Flag(help: "Print only the instruction sets that this machine can run, lowest first.")
  var instructionSets = false

  private struct Findings: Encodable {
    var schema_version = 1
    var version: String
    var processor: String
    var processors: Int
    var threads: Int
    var memory_bytes: UInt64
    var instruction_sets: [String]
    var instruction_set: String
    var problems: [String]
  }

  func run() throws {
    shared.apply()
    let sets = InstructionSet.allCases.filter { $0 <= InstructionSet.supported }.map(\.name)
    if instructionSets {
      Console.write(sets.joined(separator: "\n"))
      return
    }
    let findings = Findings(
      version: nitalVersion, processor: InstructionSet.processorName,
      processors: Parallelism.availableProcessors, threads: Parallelism.threads,
      memory_bytes: UInt64(max(0, sysconf(Int32(_SC_PHYS_PAGES))))
        * UInt64(max(0, sysconf(Int32(_SC_PAGESIZE)))),
      instruction_sets: sets, instruction_set: InstructionSet.current.name,
      problems: DoctorCommand.problems())
    if shared.json { return try shared.printJSON(findings) }
    Console.write(
      """
      nital            \(findings.version)
      processor        \(findings.processor.isEmpty ? "unknown" : findings.processor)
      processors       \(findings.processors), of which \(findings.threads) are used
      memory           \(findings.memory_bytes >> 20) MiB
      instruction sets \(sets.joined(separator: ", ")); in use: \(findings.instruction_set)
      weight files     none needed: the default features are given by a formula
      """)
    for problem in findings.problems { Console.warning(problem) }
  }

  /// Environment variables whose values cannot be used.
  private static func problems() -> [String] {
    var problems: [String] = []
    if let asked = environment("NITAL_ISA") {
      let known = InstructionSet.allCases.map(\.name)
      if !known.contains(asked) {
        problems.append(
          "NITAL_ISA=\(asked) is not an instruction set; use one of \(known.joined(separator: ", "))"
        )
      } else if asked != InstructionSet.current.name {
        problems.append("NITAL_ISA=\(asked) is more than this machine has")
      }
    }
    if let asked = environment("NITAL_THREADS"), Int(asked).map({ $0 < 1 }) ?? true {
      problems.append("NITAL_THREADS=\(asked) is not a number of threads")
    }
    return problems
  }
}
