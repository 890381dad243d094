// What the patches of each micrograph say together.
//
// Deviations: none. Checked by: PatchTests.

import Estimators
import Files
import Reporting

/// What the patches of one micrograph say together.
public struct ParentSummary: Sendable, Equatable {
  /// The micrograph's name.
  public var name: String
  /// The number of its patches.
  public var patches: Int
  /// The share of its patches in each cluster.
  public var shares: [Double]
  /// The cluster of most patches; ties go to the lower number.
  public var cluster: Int
  /// The class that most patches have; `nil` when no cluster has a class.
  public var classIndex: Int?

  /// Sums up patches.
  ///
  /// - Parameters:
  ///   - parents: the micrograph of each patch.
  ///   - assignments: what the model says of each patch.
  ///   - model: the model.
  /// - Returns: one summary a micrograph, ordered by name.
  static func all(
    _ parents: [String], _ assignments: [Assignment], _ model: ClusterModel
  ) -> [ParentSummary] {
    var members: [String: [Int]] = [:]
    for (row, parent) in parents.enumerated() { members[parent, default: []].append(row) }
    return members.keys.sorted(by: precedes).map { name in
      let rows = members[name] ?? []
      var counts = [Int](repeating: 0, count: model.clusters.clusters)
      var votes = [Int](repeating: 0, count: model.classNames.count)
      for row in rows {
        counts[assignments[row].cluster] += 1
        if let index = assignments[row].classIndex { votes[index] += 1 }
      }
      let most = votes.max() ?? 0
      return ParentSummary(
        name: name, patches: rows.count,
        shares: counts.map { Double($0) / Double(max(1, rows.count)) },
        cluster: counts.firstIndex(of: counts.max() ?? 0) ?? 0,
        classIndex: most > 0 ? votes.firstIndex(of: most) : nil)
    }
  }

  /// One row a micrograph: file, patches, cluster, class where there are classes, share of the
  /// patches in each cluster.
  static func csv(_ summaries: [ParentSummary], _ model: ClusterModel) -> String {
    let hasClasses = !model.classNames.isEmpty
    let header =
      ["file", "patches", "cluster"] + (hasClasses ? ["class"] : [])
      + (0..<model.clusters.clusters).map { "share_\($0)" }
    let rows = summaries.map { summary in
      [csvText(summary.name), "\(summary.patches)", "\(summary.cluster)"]
        + (hasClasses ? [csvText(summary.classIndex.map { model.classNames[$0] } ?? "")] : [])
        + summary.shares.map { fixed($0, 6) }
    }
    return ([header] + rows).map { $0.joined(separator: ",") + "\n" }.joined()
  }
}

extension ClusteringResult {
  /// What the patches of each micrograph say together; `nil` for whole micrographs.
  public var parentSummaries: [ParentSummary]? {
    settings.patch == nil ? nil : ParentSummary.all(extracted.parents, assignments, model)
  }

  /// The table of `parentSummaries`; `nil` for whole micrographs.
  public var parentCSV: String? { parentSummaries.map { ParentSummary.csv($0, model) } }
}

extension ClassificationResult {
  /// What the patches of each micrograph say together; `nil` for whole micrographs.
  public var parentSummaries: [ParentSummary]? {
    model.settings.patch == nil ? nil : ParentSummary.all(extracted.parents, assignments, model)
  }

  /// The table of `parentSummaries`; `nil` for whole micrographs.
  public var parentCSV: String? { parentSummaries.map { ParentSummary.csv($0, model) } }
}
