// Numbers of Cohn & Holm (2021) as printed, and those that its published results hold.
//
// Source: the paper's text, tables and figures 7, 9, 11; where a figure prints no numbers, the results
//   in the authors' repository (github.com/rccohn/NEU-Cluster). Class order Cr, In, Pa, PS, RS, Sc.
// Checked by: ReproductionTests (matrices add up to 1,800 images and give the printed scores).

/// Printed numbers of Cohn & Holm.
package enum CohnPrinted {
  /// Figure 7: the standard analysis.
  package static let figure7 = [
    [300, 0, 0, 0, 0, 0], [0, 298, 0, 2, 0, 0], [2, 0, 298, 0, 0, 0],
    [0, 0, 0, 300, 0, 0], [0, 0, 0, 0, 300, 0], [0, 4, 0, 0, 0, 296],
  ]
  /// Figure 9: no equalisation, 12 clusters.
  package static let figure9 = [
    [299, 0, 1, 0, 0, 0], [0, 267, 0, 32, 1, 0], [1, 0, 299, 0, 0, 0],
    [0, 4, 0, 296, 0, 0], [0, 0, 0, 0, 300, 0], [0, 53, 2, 1, 1, 243],
  ]
  /// Figure 11: block5_pool, 23 clusters on the t-SNE map.
  package static let figure11 = [
    [300, 0, 0, 0, 0, 0], [1, 281, 1, 9, 7, 1], [12, 4, 283, 0, 1, 0],
    [3, 2, 0, 295, 0, 0], [0, 0, 0, 0, 300, 0], [0, 2, 0, 0, 1, 297],
  ]
  /// Table 2: precision and recall of the standard analysis.
  package static let table2 = [
    ("0.993", "1.000"), ("0.987", "0.993"), ("1.000", "0.993"), ("0.993", "1.000"),
    ("1.000", "1.000"), ("1.000", "0.987"),
  ]
  /// Table 4: precision and recall without equalisation, 12 clusters.
  package static let table4 = [
    ("0.997", "0.997"), ("0.824", "0.890"), ("0.990", "0.997"), ("0.900", "0.987"),
    ("0.993", "1.000"), ("1.000", "0.810"),
  ]
  /// Table 3: training and validation accuracy, which are those of 35 components and leaked labels.
  package static let table3 = [
    (0.988, 0.983), (0.990, 0.997), (0.992, 0.994), (0.992, 0.994), (0.993, 0.992),
  ]
  /// The same with the standard 50 components, in the published results.
  package static let table3Of50 = [
    (0.9729, 0.9722), (0.9792, 0.9778), (0.9910, 0.9972), (0.9958, 0.9917), (0.9569, 0.9667),
  ]
  /// The accuracy of ten seeds, in the published results.
  package static let seeds = [
    0.9906, 0.9950, 0.9944, 0.9950, 0.9961, 0.9939, 0.9917, 0.9950, 0.9950, 0.9933,
  ]
  /// Accuracy without equalisation, 7 to 15 clusters, in the published results.
  package static let unequalizedSweep = [
    0.932, 0.873, 0.925, 0.920, 0.909, 0.947, 0.899, 0.881, 0.892,
  ]
  /// Accuracy of block5_pool, 6 to 19 clusters, in the published results.
  package static let blockSweep = [
    0.832, 0.856, 0.864, 0.892, 0.818, 0.839, 0.799, 0.839, 0.789, 0.868, 0.866, 0.847, 0.844,
    0.870,
  ]
  /// Accuracy on the t-SNE map of block5_pool, 6 to 24 clusters, in the published results.
  package static let blockMapSweep = [
    0.838, 0.964, 0.939, 0.956, 0.952, 0.947, 0.942, 0.941, 0.939, 0.939, 0.959, 0.954, 0.955,
    0.973, 0.973, 0.975, 0.974, 0.976, 0.973,
  ]
  /// Numbers of components of figure 12.
  package static let componentGrid = [1, 5, 10, 20, 50, 100, 250, 500, 1000, 1800]
  /// Accuracy over `componentGrid` without whitening, in the published results.
  package static let plainComponents = [
    0.460, 0.861, 0.954, 0.956, 0.961, 0.961, 0.961, 0.961, 0.961, 0.961,
  ]
  /// Accuracy over `componentGrid` with whitening, in the published results.
  package static let whitenedComponents = [
    0.460, 0.878, 0.972, 0.983, 0.996, 0.852, 0.547, 0.297, 0.170, 0.191,
  ]
  /// Share of the variance over `componentGrid`, in the published results.
  package static let variance = [
    0.144, 0.404, 0.522, 0.621, 0.733, 0.807, 0.893, 0.948, 0.987, 1.000,
  ]
  /// Accuracy, 6 to 25 clusters, in the published results.
  package static let clusterSweep = [
    0.875, 0.996, 0.933, 0.967, 0.969, 0.972, 0.916, 0.945, 0.973, 0.972, 0.969, 0.945, 0.962,
    0.962, 0.938, 0.966, 0.938, 0.944, 0.950, 0.947,
  ]
}

/// Numbers of Kitahara & Holm (2018) as printed.
package enum KitaharaPrinted {
  /// The names of the pipelines of table 1.
  package static let pipelines = [
    "features/PCA/t-SNE/k-means", "features/PCA/k-means", "features/k-means",
  ]
  /// Table 1, NEU: accuracy and deviation in percent.
  package static let steel = [(98.3, 1.2), (87.2, 4.0), (85.4, 7.8)]
  /// Table 1, In-718.
  package static let fracture = [(88.4, 2.5), (75.6, 0.4), (75.6, 0.5)]
  /// Table 1, other work on NEU, which nothing here computes.
  package static let others = [
    ("AECLBP-SVM", "98.9 \u{B1} 0.6"), ("AECLBP-NNC", "97.8 \u{B1} 0.2"), ("CNN", "99"),
  ]
  /// The run in the authors' repository (github.com/arkitahara/neu_vgg16), order RS, Pa, Cr, PS, In,
  /// Sc; figure 7 prints shares of rows.
  package static let confusionOrder = ["RS", "Pa", "Cr", "PS", "In", "Sc"]
  /// See `confusionOrder`.
  package static let confusion = [
    [298, 0, 2, 0, 0, 0], [0, 300, 0, 0, 0, 0], [0, 0, 300, 0, 0, 0],
    [0, 0, 17, 283, 0, 0], [4, 0, 0, 8, 288, 0], [0, 0, 0, 0, 3, 297],
  ]
}
