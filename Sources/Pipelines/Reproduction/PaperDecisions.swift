// The steps of a paper, and where it is silent, contradicts its code or slips: what is done here, and
// how to have the other.

import Estimators
import Reporting
import Tensors

/// One point that the paper leaves open or gets wrong.
struct PaperDecision {
  /// The row of the checklist.
  let row: String
  /// What is open or wrong.
  let point: String
  /// What is done here.
  let choice: String

  init(_ row: String, _ point: String, _ choice: String) {
    (self.row, self.point, self.choice) = (row, point, choice)
  }
}

/// The table of such points as a part of the report.
func decisionPart(_ decisions: [PaperDecision]) -> PaperPart {
  PaperPart("decisions", "Where the paper is silent or slips") {
    var content = PartContent()
    content.add(
      "decisions",
      ReportTable(
        caption: "Points of the checklist that the paper leaves open, or where its code differs.",
        header: ["row", "point", "here"], rows: decisions.map { [$0.row, $0.point, $0.choice] }))
    return content
  }
}

/// The steps from a file to a cluster, as printed and as done here.
func chainPart(_ study: PaperStudy, _ steps: [Comparison]) -> PaperPart {
  PaperPart("chain", "From files to clusters") {
    PartContent(
      blocks: [
        .text(
          "\(study.sample); features \(study.settings.chain.features), equalised by the rules of "
            + "scikit-image \(study.settings.chain.clahe == .v017 ? "0.17.2" : "0.26").")
      ], comparisons: steps)
  }
}

extension PaperStudy {
  /// The steps of Kitahara & Holm.
  func kitaharaChain(_ components: Int) -> [Comparison] {
    [
      Comparison(
        "KH1", "images; classes", printed: "1800; 6",
        computed: "\(images.count); \(images.classNames.count)"),
      Comparison(
        "KH5", "size for the network", printed: "200 to 224 pixels",
        computed: preparationText),
      Comparison(
        "KH6", "equalisation", printed: "adaptive, scikit-image",
        computed: "CLAHE before resizing", remark: "KH-A1: the paper does not say when"),
      Comparison(
        "KH10", "map", printed: "50 components to 2, Barnes-Hut",
        computed: "\(components) components to 2",
        remark: "all pairs repel up to \(TSNEOptions.pairsLimit) images, a grid beyond"),
      Comparison(
        "KH13", "k-means", printed: "on the map, k = 6",
        computed: "on the map, k = \(images.classNames.count)"),
      Comparison("KH16", "pipelines", printed: "3", computed: "3, in fig3 and table1"),
    ]
  }

  /// The steps of Cohn & Holm.
  func cohnChain(_ standard: CohnStandard) throws -> [Comparison] {
    try [
      Comparison(
        "CH3", "size for the network", printed: "224 x 224, equalised first",
        computed: preparationText),
      Comparison("CH4", "features", printed: "VGG16, fc1", computed: settings.chain.features),
      Comparison(
        "CH5", "features of an image", printed: "4,096 to 3,211,264",
        computed: "\(standard.representation.rawFeatures().shape[1])"),
      Comparison("CH7", "whitening", printed: "a switch", computed: "a switch, see fig12"),
      Comparison(
        "CH8", "k-means", printed: "k-means++, 500 starts, lowest inertia",
        computed: "k-means++, \(preset.starts) starts, lowest inertia"),
      Comparison(
        "CH12", "standard analysis", printed: "50 whitened components, k = 7",
        computed: "\(standard.components) whitened components, k = \(standard.clusters)"),
      Comparison(
        "CH14", "colours of clusters", printed: "extra cluster Sc-2 in another brown",
        computed: "another shade and mark, see fig6"),
    ]
  }
}

/// Kitahara & Holm.
let kitaharaDecisions = [
  PaperDecision(
    "KH-A1", "equalisation before or after resizing and slicing is not stated",
    "after slicing, before resizing"),
  PaperDecision(
    "KH-A2", "the code of 2018 preprocesses first, then stretches and resizes each picture",
    "resize, then preprocess; --kitahara-legacy for the code's order"),
  PaperDecision(
    "KH-A3", "maps of unseeded bhtsne, best of 10, cannot be made again",
    "seeded maps; the preset paper keeps the best of 10 from random starts"),
  PaperDecision(
    "KH-A4",
    "k-means of the code: one start at samples drawn with replacement, 100 steps, no rule for an "
      + "empty cluster",
    "best of 10 starts of k-means++; the code's way in a column of table 1, and as nital cluster "
      + "--seeding drawn; an empty cluster takes the farthest sample"),
  PaperDecision(
    "KH-A5", "how clusters get classes",
    "majority, several clusters may share a class"),
  PaperDecision(
    "KH-A6", "the confusion matrix prints shares alone",
    "printed counts are those of the run in the authors' repository"),
  PaperDecision(
    "KH-A7", "outputs of the code that the paper does not show",
    "regions of 15 neighbours, montage, component 3 as colour, raw counts"),
  PaperDecision(
    "KH-A8", "the tutorial of 2021 also scales features",
    "the part scaling"),
  PaperDecision(
    "KH-A9", "repeats, perplexities and grid of figure 3 are not stated",
    "2, 5 or 10 repeats by preset; perplexities 5, 15, 30, 60; 2 to all components"),
  PaperDecision(
    "KH-A10", "about 60 % of the variance, where Cohn & Holm find 73.3 %",
    "the computed share is printed in the part fig3"),
]

/// Cohn & Holm.
let cohnDecisions = [
  PaperDecision(
    "CH-A1", "table 3 has 35 components, the text says 50",
    "both in table 3"),
  PaperDecision(
    "CH-A2", "clusters are named by the held-out images' classes",
    "by the training images; the leak beside it; --map-from split puts it first"),
  PaperDecision(
    "CH-A3", "73.6 % is the variance of 51 components",
    "both counts in the part fig3"),
  PaperDecision(
    "CH-A4", "\"0.36 to 0.96\" for whitened components",
    "0.9956 in the results; fig13"),
  PaperDecision(
    "CH-A5", "precision of inclusions 0.64",
    "0.621 by the matrix; part block5"),
  PaperDecision(
    "CH-A6", "\"7 clusters\" without equalisation is a run of 8 in the code",
    "the point k = 7 of the sweep; part noequal"),
  PaperDecision(
    "CH-A7", "equalisation of scikit-image 0.17.2 differs from later versions",
    "current rules; --clahe 0.17 for the paper's"),
  PaperDecision(
    "CH-A8", "resized pictures were saved with 8 bits",
    "linear, half-pixel centres, rounded to 8 bits (networks; scattering keeps the size)"),
  PaperDecision(
    "CH-A9", "weights of Keras, blue first, means subtracted, fc1 after its rectifier",
    "the preprocessing that belongs to the weight file"),
  PaperDecision(
    "CH-A10", "\"scales by the variance\" should read standard deviation; Float arithmetic",
    "unit variance, n - 1 in the denominator, Double arithmetic; signs by the largest entry"
  ),
  PaperDecision(
    "CH-A11", "\"probability proportional to the distance\" for k-means++",
    "its square, 2 + floor(ln k) trials, as scikit-learn; ends when no label changes"),
  PaperDecision(
    "CH-A12", "how clusters get classes",
    "majority, ties to the lower class"),
  PaperDecision(
    "CH-A13", "t-SNE settings are scikit-learn's defaults of 2020",
    "perplexity 30, exaggeration 12, 1,000 steps as there; no approximation up to 2,000 images; start "
      + "at the components, rate n / 12"),
  PaperDecision(
    "CH-A14", "style of the confusion matrices",
    "count to the power 0.6, cyan to magenta, boxed numbers"),
  PaperDecision(
    "CH-A15", "seeds of NumPy's Mersenne twister",
    "not imitated: seeds here are 0, 1, 2, ..., so single runs differ from the published ones"),
]
