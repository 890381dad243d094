// F, F' and Q as equations 5 to 7 of Kim et al. state them: one region at a time.
//
// Implements: H. Kim, J. Inoue, T. Kasuya, Sci. Rep. 10:17835 (2020), equations 5 to 7.
// Deviations: none. Checked by: SegmentationCriteriaTests. Cost: O(regions x pixels).

import Tensors

/// F, F' and Q, every region looked for in the whole map.
///
/// - Parameters:
///   - regions: the regions; their labels are 0 ..< R.
///   - image: the picture, shape (H, W) or (H, W, 3); 0...1.
///   - options: of these, `region` has been applied already.
/// - Returns: the three numbers.
public func segmentationCriteriaReference(
  _ regions: LabelMap, image: Tensor<Float>, options: SegmentationCriteriaOptions
) -> (F: Double, FPrime: Double, Q: Double) {
  let colours = colourRows(image, options.colours)
  let R = regions.classes.count
  let members = (0..<R).map { r in regions.labels.indices.filter { regions.labels[$0] == r } }
  let areas = members.map { Double($0.count) }
  let errors = members.map { pixels in
    var sum = 0.0
    for c in 0..<3 {
      let mean = pixels.reduce(0.0) { $0 + colours[3 * $1 + c] } / Double(pixels.count)
      for i in pixels { sum += (colours[3 * i + c] - mean) * (colours[3 * i + c] - mean) }
    }
    return options.error == .sum ? sum : sum / Double(pixels.count)
  }
  func sameArea(_ area: Double) -> Double { Double(areas.count { $0 == area }) }
  let base = options.logarithm == .e ? 1 : naturalLogarithm(10)
  let scale = 1 / (1000 * Double(regions.labels.count))
  let spread = (0..<R).reduce(0.0) { $0 + errors[$1] / areas[$1].squareRoot() }
  let small = (1...regions.labels.count).reduce(0.0) {
    let count = sameArea(Double($1))
    return count == 0 ? $0 : $0 + power(count, 1 + 1 / Double($1))
  }
  let penalty = (0..<R).reduce(0.0) {
    let share = sameArea(areas[$1]) / areas[$1]
    return $0 + errors[$1] / (1 + naturalLogarithm(areas[$1]) / base) + share * share
  }
  let root = Double(R).squareRoot()
  return (scale * root * spread, scale * small.squareRoot() * spread, scale * root * penalty)
}
