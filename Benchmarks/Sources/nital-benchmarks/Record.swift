// What a run writes down: one line a comparison, the machine and the commit.

import Glibc
import Measuring
import Rivals
import Tensors

/// One comparison.
struct Record {
  let section: String
  let name: String
  let threads: Int
  let unit: String
  let nital: Double
  let rival: Double
  /// Above 1, Nital is faster: of the medians, and of the best samples.
  let ratio: Double
  let ratioOfBest: Double
  let agrees: Bool

  /// A comparison of speeds: `work` in flops gives GF/s.
  init(_ section: String, _ name: String, _ threads: Int, work: Double, _ result: Measurement) {
    (self.section, self.name, self.threads, unit) = (section, name, threads, "GF/s")
    nital = work / 1e9 / median(result.ours)
    rival = work / 1e9 / median(result.theirs)
    (ratio, ratioOfBest, agrees) = (result.ratio, result.ratioOfBest, result.agrees)
  }

  /// A comparison of times.
  init(
    _ section: String, _ name: String, _ threads: Int, seconds ours: [Double],
    against theirs: [Double], agrees: Bool
  ) {
    (self.section, self.name, self.threads, unit) = (section, name, threads, "s")
    (nital, rival) = (median(ours), median(theirs))
    ratio = rival / nital
    ratioOfBest = (theirs.min() ?? 1) / (ours.min() ?? 1)
    self.agrees = agrees
  }

  /// A figure of ours alone.
  init(_ section: String, _ name: String, _ threads: Int, speed: Double, agrees: Bool) {
    (self.section, self.name, self.threads, unit) = (section, name, threads, "GF/s")
    (nital, rival, ratio, ratioOfBest, self.agrees) = (speed, 0, 0, 0, agrees)
  }

  var line: String {
    padded(section, 12) + padded(name, 22) + text(Double(threads), 0, width: 3)
      + text(nital, unit == "s" ? 4 : 1, width: 10)
      + (rival > 0
        ? text(rival, unit == "s" ? 4 : 1, width: 10) + text(ratio, 3) + text(ratioOfBest, 3)
        : "") + "  " + unit + (agrees ? "" : "  RESULTS DIFFER")
  }

  var json: String {
    "{\"section\": \"\(section)\", \"name\": \"\(name)\", \"threads\": \(threads), \"unit\": \"\(unit)\", "
      + "\"nital\": \(nital), \"rival\": \(rival), \"ratio\": \(ratio), "
      + "\"ratioOfBest\": \(ratioOfBest), \"agrees\": \(agrees)}"
  }
}

/// The machine and the versions.
struct Machine {
  let peak = measuredPeak()
  let bandwidths = [1, Parallelism.availableProcessors].map { measuredBandwidth(threads: $0) }
  let commit = output(of: "git describe --always --dirty 2>/dev/null") ?? "unknown"
  let date = output(of: "date +%Y-%m-%d") ?? "undated"
  let rival: String

  /// The processor's name as a part of a file name.
  var fileName: String {
    date + "-"
      + String(
        InstructionSet.processorName.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "-" })
  }

  var json: String {
    """
    "date": "\(date)", "cpu": "\(InstructionSet.processorName)", \
    "processors": \(Parallelism.availableProcessors), "instructionSet": "\(InstructionSet.current.name)", \
    "commit": "\(commit)", "rival": "\(rival)", "peakOfACore": \(peak), \
    "bandwidth": [\(bandwidths.map { "\($0)" }.joined(separator: ", "))]
    """
  }
}

/// Writes the records as JSON.
func save(_ records: [Record], _ machine: Machine, to path: String) {
  let lines = records.map { "  " + $0.json }.joined(separator: ",\n")
  writeFile("{\(machine.json),\n\"records\": [\n\(lines)\n]}\n", to: path)
}
