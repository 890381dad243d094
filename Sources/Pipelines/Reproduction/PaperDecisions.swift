// The steps of a paper, and where it is silent, contradicts its code or slips: what is done here, and
// how to have the other.

import Estimators
import Reporting
import Tensors

/// One point that the paper leaves open or gets wrong.
struct PaperDecision {
  var row: String
  var point: String
  var choice: String
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
    row: "KH-A1", point: "equalisation before or after resizing and slicing is not stated",
    choice: "after slicing, before resizing"),
  PaperDecision(
    row: "KH-A2",
    point: "the code of 2018 preprocesses first, then stretches and resizes each picture",
    choice: "resize, then preprocess; --kitahara-legacy for the code's order"),
  PaperDecision(
    row: "KH-A3", point: "maps of unseeded bhtsne, best of 10, cannot be made again",
    choice: "seeded maps; the preset paper keeps the best of 10 from random starts"),
  PaperDecision(
    row: "KH-A4",
    point:
      "k-means of the code: one start at samples drawn with replacement, 100 steps, no rule for an "
      + "empty cluster",
    choice:
      "best of 10 starts of k-means++; the code's way in a column of table 1, and as nital cluster "
      + "--seeding drawn; an empty cluster takes the farthest sample"),
  PaperDecision(
    row: "KH-A5", point: "how clusters get classes",
    choice: "majority, several clusters may share a class"),
  PaperDecision(
    row: "KH-A6", point: "the confusion matrix prints shares alone",
    choice: "printed counts are those of the run in the authors' repository"),
  PaperDecision(
    row: "KH-A7", point: "outputs of the code that the paper does not show",
    choice: "regions of 15 neighbours, montage, component 3 as colour, raw counts"),
  PaperDecision(
    row: "KH-A8", point: "the tutorial of 2021 also scales features", choice: "the part scaling"),
  PaperDecision(
    row: "KH-A9", point: "repeats, perplexities and grid of figure 3 are not stated",
    choice: "2, 5 or 10 repeats by preset; perplexities 5, 15, 30, 60; 2 to all components"),
  PaperDecision(
    row: "KH-A10", point: "about 60 % of the variance, where Cohn & Holm find 73.3 %",
    choice: "the computed share is printed in the part fig3"),
]

/// Cohn & Holm.
let cohnDecisions = [
  PaperDecision(
    row: "CH-A1", point: "table 3 has 35 components, the text says 50", choice: "both in table 3"),
  PaperDecision(
    row: "CH-A2", point: "clusters are named by the held-out images' classes",
    choice: "by the training images; the leak beside it; --map-from split puts it first"),
  PaperDecision(
    row: "CH-A3", point: "73.6 % is the variance of 51 components",
    choice: "both counts in the part fig3"),
  PaperDecision(
    row: "CH-A4", point: "\"0.36 to 0.96\" for whitened components",
    choice: "0.9956 in the results; fig13"),
  PaperDecision(
    row: "CH-A5", point: "precision of inclusions 0.64", choice: "0.621 by the matrix; part block5"),
  PaperDecision(
    row: "CH-A6", point: "\"7 clusters\" without equalisation is a run of 8 in the code",
    choice: "the point k = 7 of the sweep; part noequal"),
  PaperDecision(
    row: "CH-A7", point: "equalisation of scikit-image 0.17.2 differs from later versions",
    choice: "current rules; --clahe 0.17 for the paper's"),
  PaperDecision(
    row: "CH-A8", point: "resized pictures were saved with 8 bits",
    choice: "linear, half-pixel centres, rounded to 8 bits (networks; scattering keeps the size)"),
  PaperDecision(
    row: "CH-A9", point: "weights of Keras, blue first, means subtracted, fc1 after its rectifier",
    choice: "the preprocessing that belongs to the weight file"),
  PaperDecision(
    row: "CH-A10",
    point: "\"scales by the variance\" should read standard deviation; Float arithmetic",
    choice: "unit variance, n - 1 in the denominator, Double arithmetic; signs by the largest entry"
  ),
  PaperDecision(
    row: "CH-A11", point: "\"probability proportional to the distance\" for k-means++",
    choice: "its square, 2 + floor(ln k) trials, as scikit-learn; ends when no label changes"),
  PaperDecision(
    row: "CH-A12", point: "how clusters get classes", choice: "majority, ties to the lower class"),
  PaperDecision(
    row: "CH-A13", point: "t-SNE settings are scikit-learn's defaults of 2020",
    choice:
      "perplexity 30, exaggeration 12, 1,000 steps as there; no approximation up to 2,000 images; start "
      + "at the components, rate n / 12"),
  PaperDecision(
    row: "CH-A14", point: "style of the confusion matrices",
    choice: "count to the power 0.6, cyan to magenta, boxed numbers"),
  PaperDecision(
    row: "CH-A15", point: "seeds of NumPy's Mersenne twister",
    choice:
      "not imitated: seeds here are 0, 1, 2, ..., so single runs differ from the published ones"),
]
