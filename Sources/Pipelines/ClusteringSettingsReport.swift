// The settings of a clustering run, for its report.

import Estimators
import NeuralNetworks
import Reporting

extension ClusteringResult {
  func settingsSection(_ record: RunRecord) -> ReportSection {
    ReportSection(
      "Settings",
      [
        .facts(
          representationFacts + [
            ("equalisation", settings.equalize ? "CLAHE (\(settings.clahe.rawValue))" : "none"),
            ("components", "\(model.pca.componentCount)"),
            ("whitening", settings.whiten ? "on" : "off"),
            (
              "limit of components",
              settings.effectiveLimit > 0 && settings.whiten && settings.clusterOn == .components
                ? "\(significant(settings.effectiveLimit)) standard deviations" : "none"
            ),
            ("grouped", settings.clusterOn.rawValue),
            ("clusters asked for", settings.clusters),
            (
              "k-means",
              settings.seeding == .drawn
                ? "one start at drawn images (code of 2018)"
                : "\(settings.starts) starts of k-means++"
            ),
            ("seed", "\(settings.seed)"), ("classes from", record.labels),
            ("instruction set", record.instructionSet), ("threads", "\(record.threads)"),
            ("program", "nital \(nitalVersion)"), ("began", utcText(record.beganAt)),
          ])
      ])
  }

  /// How images became numbers.
  private var representationFacts: [(name: String, value: String)] {
    let patches = settings.patch.map { [("patches", "\($0) x \($0) pixels")] } ?? []
    guard let normalisation = model.normalisation else {
      return [
        ("representation", settings.features), ("pooling", settings.pooling.rawValue),
        ("features", "\(model.pca.mean.count)"),
        ("weights", settings.weights.map { "\($0.file), SHA-256 \($0.sha256)" } ?? ""),
        ("preprocessing", settings.preprocessing ?? "that of the weights"),
        ("input side", settings.side.map { "\($0)" } ?? "that of the weights"),
        ("resized pictures", settings.roundsToBytes ? "rounded to 8 bits" : "not rounded"),
        ("order of 2018's code", settings.kitaharaLegacy ? "yes" : "no"),
        ("Winograd's algorithm", settings.exact ? "forbidden" : "where it is faster"),
      ] + patches
    }
    return [
      ("representation", "log wavelet scattering, orders 0 to 2, spatial mean"),
      ("scales J", "\(settings.scales)"), ("orientations L", "\(settings.orientations)"),
      ("offset of the logarithm", "\(significant(settings.offset)) medians"),
      ("coefficients kept", "\(normalisation.keptIndices.count) of \(normalisation.inputCount)"),
    ] + patches
  }
}

/// Seconds since 1970 as a date and time in UTC, for instance "2026-11-21 03:15 UTC".
///
/// Implements the conversion of days to a civil date of H. Hinnant, "chrono-compatible low-level
/// date algorithms" (2013), `civil_from_days`.
func utcText(_ seconds: Double) -> String {
  let total = Int(seconds)
  let day = total / 86400
  let shifted = day + 719_468
  let era = shifted / 146_097
  let dayOfEra = shifted - era * 146_097
  let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let monthIndex = (5 * dayOfYear + 2) / 153
  let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
  let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
  return "\(year)-\(two(month))-\(two(dayOfYear - (153 * monthIndex + 2) / 5 + 1)) "
    + "\(two(total % 86400 / 3600)):\(two(total % 3600 / 60)) UTC"
}
