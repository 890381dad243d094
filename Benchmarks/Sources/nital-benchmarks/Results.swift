// What a run writes down: one line a comparison, the machine and the commit.

import FoundationEssentials
import Glibc
import Measuring
import Rivals
import Tensors

/// One comparison, or a figure of ours alone.
struct Record: Codable {
  let section: String
  let name: String
  let threads: Int
  /// Of the figures: "GF/s" or "s".
  let unit: String
  /// The medians.
  let nital: Double
  var rival: Double?
  /// The least and the greatest sample.
  var nitalRange: [Double] = []
  var rivalRange: [Double]?
  /// Above 1, Nital is faster: of the medians, and of the best samples.
  var ratio: Double?
  var ratioOfBest: Double?
  /// Whether the two results are the same to rounding.
  let agrees: Bool
  let commit: String

  /// A comparison of times; `work` in flops turns them into GF/s.
  init(
    _ section: String, _ name: String, _ threads: Int, work: Double? = nil, _ ours: [Double],
    against theirs: [Double], agrees: Bool
  ) {
    func figure(_ seconds: Double) -> Double { work.map { $0 / 1e9 / seconds } ?? seconds }
    func range(_ times: [Double]) -> [Double] {
      [figure(times.min() ?? 1), figure(times.max() ?? 1)].sorted()
    }
    (self.section, self.name, self.threads) = (section, name, threads)
    unit = work == nil ? "s" : "GF/s"
    (nital, rival) = (figure(median(ours)), figure(median(theirs)))
    (nitalRange, rivalRange) = (range(ours), range(theirs))
    ratio = median(theirs) / median(ours)
    ratioOfBest = (theirs.min() ?? 1) / (ours.min() ?? 1)
    (self.agrees, commit) = (agrees, currentCommit)
  }

  /// A speed of ours alone.
  init(_ section: String, _ name: String, _ threads: Int, speed: Double, agrees: Bool) {
    (self.section, self.name, self.threads, unit) = (section, name, threads, "GF/s")
    (nital, nitalRange, self.agrees, commit) = (speed, [speed, speed], agrees, currentCommit)
  }

  var line: String {
    let digits = unit == "s" ? 4 : 1
    var line = padded(section, 12) + padded(name, 22) + text(Double(threads), 0, width: 3)
    line += text(nital, digits, width: 10)
    if let rival, let ratio, let ratioOfBest {
      line += text(rival, digits, width: 10) + text(ratio, 3) + text(ratioOfBest, 3)
    } else {
      line += padded("", 26)
    }
    return line + "  " + unit + (agrees ? "" : "  RESULTS DIFFER")
  }

  /// Whether the other record is of the same comparison.
  func replaces(_ other: Record) -> Bool {
    section == other.section && name == other.name && threads == other.threads
  }
}

/// The commit that is measured; "-dirty" where files other than results have been changed since.
let currentCommit: String = {
  let others = "git status --porcelain -uno ':(top)' ':(top,exclude)Benchmarks/Results' 2>/dev/null"
  let commit = output(of: "git rev-parse --short HEAD 2>/dev/null") ?? "unknown"
  return commit + (output(of: others) == nil ? "" : "-dirty")
}()

/// The machine, the versions, and all that was measured on a day.
struct Results: Codable {
  var date = output(of: "date +%Y-%m-%d") ?? "undated"
  var cpu = InstructionSet.processorName
  var processors = Parallelism.availableProcessors
  var instructionSet = InstructionSet.current.name
  var rival: String
  /// GF/s of a core in Float, the greatest of the pieces of the run.
  var peakOfACore = measuredPeak()
  /// GB/s of one thread and of all processors.
  var bandwidth = [1, Parallelism.availableProcessors].map { measuredBandwidth(threads: $0) }
  var records: [Record] = []

  /// A run that has just begun.
  init(rival: String) { self.rival = rival }

  /// The processor's name and the date as a part of a file name.
  var fileName: String {
    let name = cpu.lowercased().split { !$0.isLetter && !$0.isNumber }.joined(separator: "-")
    let level = instructionSet.filter { $0.isLetter || $0.isNumber }.lowercased()
    return "\(date)-\(name)-\(level)"
  }

  /// Takes in the records of an earlier piece.
  mutating func merge(_ earlier: Results) {
    records = earlier.records.filter { old in !records.contains { $0.replaces(old) } } + records
    peakOfACore = max(peakOfACore, earlier.peakOfACore)
    bandwidth = zip(bandwidth, earlier.bandwidth).map { max($0, $1) }
  }

  /// Takes in a new record.
  mutating func add(_ record: Record) {
    records.removeAll { record.replaces($0) }
    records.append(record)
  }

  /// The records of a section, those of fewer threads first.
  func section(_ name: String, threads: Int? = nil) -> [Record] {
    records.filter { $0.section == name && $0.threads == threads ?? $0.threads }
  }

  /// Reads a file of results; nil where there is none.
  static func load(_ path: String) -> Results? {
    guard access(path, F_OK) == 0 else { return nil }
    do {
      return try JSONDecoder().decode(Results.self, from: Data(contentsOf: URL(filePath: path)))
    } catch {
      stop("\(path): not the results of nital-benchmarks: \(error)")
    }
  }

  /// Writes the file.
  func save(_ path: String) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else { stop("cannot write \(path) as JSON") }
    writeFile(String(decoding: data, as: UTF8.self) + "\n", to: path)
  }
}
