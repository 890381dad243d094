// The charts of a run, drawn with Nital's own figures: the measured peak is the top line.

import Measuring
import Reporting
import Tensors

/// Square products: speed over size, and the peak of the threads in use.
func productChart(_ records: [Record], _ machine: Machine, _ section: String) -> Figure {
  let own = records.filter { $0.section == section }
  let sizes = own.compactMap { Double($0.name) }
  let factor = section == "dgemm" ? 0.5 : 1
  var series: [Series] = []
  for threads in Set(own.map(\.threads)).sorted(by: >) {
    let lines = own.filter { $0.threads == threads }
    let x = lines.compactMap { Double($0.name) }
    let peak = machine.peak * factor * Double(threads)
    series.append(Series(name: "peak, \(threads)", x: x, y: x.map { _ in peak }))
    series.append(Series(name: "Nital, \(threads)", x: x, y: lines.map(\.nital)))
    series.append(Series(name: "OpenBLAS, \(threads)", x: x, y: lines.map(\.rival)))
  }
  let top = machine.peak * factor * Double(own.map(\.threads).max() ?? 1)
  return Figure(
    name: section, title: "\(section), \(InstructionSet.processorName), \(machine.commit)",
    caption: machine.rival,
    chart: LineChart(
      series: series,
      x: Axis(
        "n", from: sizes.min() ?? 1, to: sizes.max() ?? 2, isLogarithmic: true),
      y: Axis("speed (GF/s)", from: 0, to: top * 1.05), showsPoints: true))
}

/// Speeds over the number of a row: the layers of VGG16, or the steps of the ladder.
func rowChart(_ records: [Record], _ machine: Machine, _ section: String) -> Figure {
  let own = records.filter { $0.section == section }
  let x = own.indices.map { Double($0) }
  let peaks = own.map { machine.peak * Double($0.threads) }
  var series = [
    Series(name: "peak", x: x, y: peaks), Series(name: "Nital", x: x, y: own.map(\.nital)),
  ]
  if own.contains(where: { $0.rival > 0 }) {
    series.append(Series(name: "OpenBLAS", x: x, y: own.map(\.rival)))
  }
  return Figure(
    name: section, title: "\(section), \(InstructionSet.processorName), \(machine.commit)",
    caption: own.map(\.name).joined(separator: ", "),
    chart: LineChart(
      series: series, x: Axis("row of the table", from: 0, to: x.last ?? 1),
      y: Axis(
        "speed (GF/s)", from: section == "ladder" ? 0.1 : 0, to: (peaks.max() ?? 1) * 1.05,
        isLogarithmic: section == "ladder"), showsPoints: true))
}

/// Time against work: the CSV that growth.py writes (algorithm, n, seconds, fitted, expected).
func growthChart(_ csv: String) -> Figure {
  var names: [String] = []
  var points: [String: ([Double], [Double])] = [:]
  for line in csv.split(separator: "\n").dropFirst() {
    let fields = line.split(separator: ",").map { String($0) }
    guard fields.count == 5, let n = Double(fields[1]), let seconds = Double(fields[2]) else {
      stop("not a line of growth.py: \(line)")
    }
    let name = "\(fields[0]) \(fields[3]) (\(fields[4]))"
    if points[name] == nil { names.append(name) }
    points[name, default: ([], [])].0.append(n)
    points[name, default: ([], [])].1.append(seconds)
  }
  let series = names.compactMap { name in
    points[name].map { Series(name: name, x: $0.0, y: $0.1) }
  }
  let (x, y) = (series.flatMap(\.x), series.flatMap(\.y))
  return Figure(
    name: "growth", title: "Time against size: fitted exponent (expected)", caption: "",
    chart: LineChart(
      series: series,
      x: Axis("n", from: x.min() ?? 1, to: x.max() ?? 2, isLogarithmic: true),
      y: Axis("time (s)", from: y.min() ?? 1, to: y.max() ?? 2, isLogarithmic: true),
      showsPoints: true))
}
