// Connected components, plain: a search in breadth from each pixel that has no number yet.
//
// Deviations: none. Checked by: ConnectedComponentsTests. Cost: linear.

import Tensors

/// As `connectedComponents`.
public func connectedComponentsReference(
  _ labels: Tensor<Int32>, neighbours: PixelNeighbours, background: Int32?
) -> (components: Tensor<Int32>, count: Int) {
  let (H, W) = (labels.shape[0], labels.shape[1])
  var result = Tensor<Int32>(repeating: 0, shape: labels.shape)
  var count: Int32 = 0
  for start in labels.scalars.indices {
    guard result.scalars[start] == 0, labels.scalars[start] != background else { continue }
    count += 1
    result.scalars[start] = count
    var queue = [start]
    while let p = queue.popLast() {
      for (dy, dx) in [(0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)] {
        if neighbours == .sides && dy != 0 && dx != 0 { continue }
        let (y, x) = (p / W + dy, p % W + dx)
        guard y >= 0 && y < H && x >= 0 && x < W, result[y, x] == 0 else { continue }
        guard labels[y, x] == labels.scalars[start] else { continue }
        result[y, x] = count
        queue.append(y * W + x)
      }
    }
  }
  return (result, Int(count))
}
