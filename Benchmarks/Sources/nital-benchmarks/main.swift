// Runs every comparison with the libraries in compiled languages and writes Results/.

import Glibc
import Measuring
import Rivals
import Tensors

restartInCleanEnvironment()

let options = Options(CommandLine.arguments.dropFirst())
if let path = options.growth {
  guard path.hasSuffix(".csv") else { stop("\(path) is no CSV file") }
  writeFile(growthFigure(fileText(path)).svg, to: path.dropLast(4) + ".svg")
  exit(0)
}

let rival = OpenBLAS()
var results = Results(rival: rival.name)
let isWhole = !options.isQuick
mkdir(options.folder, 0o755)
let base = "\(options.folder)/\(results.fileName)\(isWhole ? "" : "-quick")"
if isWhole, let earlier = Results.load(base + ".json") { results.merge(earlier) }
let bandwidth = results.bandwidth.map { text($0, 1, width: 1) }.joined(separator: ", ")
print("\(results.cpu), \(results.instructionSet), commit \(currentCommit)")
print("rival: \(rival.name)")
print("peak of a core \(text(results.peakOfACore, 1)) GF/s, memory \(bandwidth) GB/s")
print("section     name                threads     Nital     rival   ratio of best  unit")

var allAgree = true
let run = Run(options: options, rival: rival) { record in
  print(record.line)
  fflush(nil)
  allAgree = allAgree && record.agrees
  results.add(record)
  results.save(base + ".json")  // a run that is ended keeps what it has
}
for part in options.parts {
  for threads in options.threadCounts { try run.measure(part, threads: threads) }
}
let charts = figures(of: results)
for figure in charts { writeFile(figure.svg, to: "\(base)-\(figure.name).svg") }
print("written: \(base).json and \(charts.count) charts beside it")
exit(allAgree ? 0 : 1)
