// Time against size: a panel for each algorithm that Peers/growth.py measured.

import Measuring
import Reporting

/// The points of one algorithm.
private struct Growth {
  let name: String
  /// Fitted exponent, expected law, and its mean exponent over the sizes.
  let (fitted, law, expected): (String, String, String)
  var n: [Double] = []
  var seconds: [Double] = []
  var lawSeconds: [Double] = []
}

/// Small multiples of growth.py's CSV: algorithm, n, seconds, law's seconds, fitted exponent,
/// law, expected exponent.
func growthFigure(_ csv: String) -> Figure {
  var all: [Growth] = []
  let lines = csv.split(separator: "\n")
  let notes = lines.first.map(String.init).map { $0.hasPrefix("# ") ? String($0.dropFirst(2)) : "" }
  for line in lines.drop(while: { $0.hasPrefix("#") }).dropFirst() {
    let fields = line.split(separator: ",").map { String($0) }
    guard fields.count == 7, let n = Double(fields[1]), let seconds = Double(fields[2]),
      let law = Double(fields[3])
    else { stop("not a line of growth.py: \(line)") }
    if all.last?.name != fields[0] {
      all.append(Growth(name: fields[0], fitted: fields[4], law: fields[5], expected: fields[6]))
    }
    all[all.count - 1].n.append(n)
    all[all.count - 1].seconds.append(seconds)
    all[all.count - 1].lawSeconds.append(law)
  }
  return Figure(
    name: "growth", title: "Time against size: fitted and expected exponent. \(notes ?? "")",
    caption: "",
    chart: PanelChart(all.map(panel), columns: 3))
}

private func panel(_ growth: Growth) -> Panel {
  var law = Series(
    name: "expected: \(power(growth.law))", x: growth.n, y: growth.lawSeconds, isDashed: true,
    colour: 5)
  law.hasMarks = false
  let measured = Series(name: "measured", x: growth.n, y: growth.seconds, colour: 0)
  let y = growth.seconds + growth.lawSeconds
  return Panel(
    "\(growth.name): \(growth.fitted), expected \(growth.expected)",
    LineChart(
      series: [measured, law],
      x: Axis("n", from: growth.n.min() ?? 1, to: growth.n.max() ?? 2, isLogarithmic: true),
      y: Axis(
        "time (s)", from: (y.min() ?? 1) / 1.2, to: (y.max() ?? 2) * 1.2, isLogarithmic: true),
      showsPoints: true))
}

/// A law with raised digits.
private func power(_ law: String) -> String {
  law.replacing("^2", with: "\u{b2}").replacing("^3", with: "\u{b3}")
}
