// The charts of a run, drawn with Nital's own figures: the peak is the top line.

import Reporting

/// The charts of all sections that were measured.
func figures(of results: Results) -> [Figure] {
  var figures: [Figure] = []
  func add(_ section: String, _ make: () -> Figure) {
    if !results.section(section).isEmpty { figures.append(make()) }
  }
  add("ladder") { ladderFigure(results) }
  add("sgemm") { productFigure(results, "sgemm", "Square products in Float") }
  add("dgemm") { productFigure(results, "dgemm", "Square products in Double") }
  add("vgg") { layerFigure(results, "vgg", ["vgg"], "VGG16's products (im2col)") }
  for threads in Set(results.section("direct").map(\.threads)).sorted() {
    figures.append(convolutionFigure(results, threads))
  }
  return figures
}

/// What stands in every title: machine, instruction set, commit (each row's is in the JSON file).
private func origin(_ results: Results, _ records: [Record]) -> String {
  let commits = Set(records.map(\.commit))
  let commit = commits.count == 1 ? commits.first ?? "" : "\(commits.count) commits"
  return "\(results.cpu), \(results.instructionSet), \(commit)"
}

private func threadWords(_ threads: Int) -> String {
  threads == 1 ? "1 thread" : "\(threads) threads"
}

/// Square products: speed over size; one thread dashed, the peak of the threads above.
private func productFigure(_ results: Results, _ section: String, _ title: String) -> Figure {
  let own = results.section(section)
  let peak = results.peakOfACore * (section == "dgemm" ? 0.5 : 1)
  let sizes = own.compactMap { Double($0.name) }
  let (least, greatest) = (sizes.min() ?? 1, sizes.max() ?? 2)
  let counts = Set(own.map(\.threads)).sorted(by: >)
  var series: [Series] = []
  for threads in counts {
    let lines = own.filter { $0.threads == threads }
      .sorted { (Double($0.name) ?? 0) < (Double($1.name) ?? 0) }
    let (x, words) = (lines.compactMap { Double($0.name) }, threadWords(threads))
    func line(_ name: String, _ y: [Double], _ colour: Int) -> Series {
      Series(
        name: "\(name), \(words)", x: x, y: y, isDashed: threads != counts[0], colour: colour)
    }
    var top = line("peak", x.map { _ in peak * Double(threads) }, 5)
    top.hasMarks = false
    series += [
      top, line("Nital", lines.map(\.nital), 0),
      line("OpenBLAS", lines.map { $0.rival ?? .nan }, 1),
    ]
  }
  return Figure(
    name: section, title: "\(title): \(origin(results, own))", caption: results.rival,
    chart: LineChart(
      series: series,
      x: Axis("rows and columns n", from: least, to: greatest, isLogarithmic: true),
      y: Axis("speed (GF/s)", from: 0, to: peak * Double(counts.first ?? 1) * 1.05),
      showsPoints: true))
}

/// The files of the ladder in a word or two.
private let ladderWords = [
  "Step0_Naive": "naive", "Step1_LoopOrder": "order", "Step2_CacheBlocks": "blocks",
  "Step3_RegisterTile": "tile", "Step4_Packing": "packing", "Step5_FiveLoops": "five loops",
  "Step6_WideKernels": "kernels", "Step7_Threads": "threads",
]

/// The steps of the ladder on a logarithmic scale, the peak of one thread and of all above them.
private func ladderFigure(_ results: Results) -> Figure {
  let own = results.section("ladder").sorted { $0.name < $1.name }
  let peaks = Set(own.map(\.threads)).sorted().map { threads in
    (results.peakOfACore * Double(threads), "peak of \(threadWords(threads))")
  }
  var chart = BarChart(
    groups: own.map { ladderWords[$0.name] ?? $0.name },
    series: [.init(name: "median speed", values: own.map(\.nital))],
    y: Axis(
      "speed (GF/s)", from: 0.5, to: (peaks.last?.0 ?? 1) * 1.6, isLogarithmic: true))
  chart.levels = peaks.map { (value: $0.0, label: $0.1) }
  return Figure(
    name: "ladder", title: "The ladder, 512 x 512: \(origin(results, own))", caption: "",
    chart: chart)
}

/// The layers of VGG16: shares of the peak of the threads in use, ours beside the rival's.
private func layerFigure(
  _ results: Results, _ name: String, _ sections: [String], _ title: String
) -> Figure {
  let own = sections.flatMap { results.section($0) }
  let counts = Set(own.map(\.threads)).sorted()
  let groups = own.filter { $0.threads == counts[0] }.map(\.name)
  var series: [BarChart.Bars] = []
  for threads in counts {
    let lines = groups.map { name in own.first { $0.name == name && $0.threads == threads } }
    let peak = results.peakOfACore * Double(threads) / 100
    let words = threadWords(threads)
    series += [
      .init(name: "Nital, \(words)", values: lines.map { ($0?.nital ?? .nan) / peak }),
      .init(name: "OpenBLAS, \(words)", values: lines.map { ($0?.rival ?? .nan) / peak }),
    ]
  }
  var chart = BarChart(
    groups: groups, series: series, y: Axis("share of the peak (%)", from: 0, to: 110))
  chart.levels = [(100, "peak: \(fixed(results.peakOfACore, 0)) GF/s a thread")]
  return Figure(
    name: name, title: "\(title): \(origin(results, own))", caption: results.rival, chart: chart)
}

/// VGG16's convolutions by each algorithm, in operations of the direct one.
private func convolutionFigure(_ results: Results, _ threads: Int) -> Figure {
  let algorithms = ["im2col", "direct", "winograd4"]
  let own = algorithms.flatMap { results.section($0, threads: threads) }
  let groups = results.section("direct", threads: threads).map(\.name)
  func values(_ section: String, _ figure: (Record) -> Double?) -> [Double] {
    let lines = results.section(section, threads: threads)
    return groups.map { name in lines.first { $0.name == name }.flatMap(figure) ?? .nan }
  }
  var series = [
    BarChart.Bars(name: "OpenBLAS, im2col", values: values("direct") { $0.rival })
  ]
  for (algorithm, name) in zip(algorithms, ["Nital, im2col", "Nital, direct", "Winograd F(4,3)"]) {
    series.append(.init(name: name, values: values(algorithm) { $0.nital }))
  }
  let peak = results.peakOfACore * Double(threads)
  let top = max(peak, series.flatMap(\.values).filter(\.isFinite).max() ?? 1)
  var chart = BarChart(
    groups: groups, series: series,
    y: Axis("direct operations a second (GF/s)", from: 0, to: top * 1.1))
  chart.levels = [(peak, "peak of \(threadWords(threads))")]
  return Figure(
    name: "convolution-\(threads)",
    title: "VGG16's convolutions, \(threadWords(threads)): \(origin(results, own))",
    caption: results.rival, chart: chart)
}
