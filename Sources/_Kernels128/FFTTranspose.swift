// Transposition of square blocks of `Float`, one vector wide, in registers.
//
// With row 4 a + b and column 4 c + d of a block: first the four rows of each a are transposed
// within their 128-bit chunks, then the chunks c of the vectors of each d are gathered.
// Deviations: none. Checked by: WaveletScatteringTests (through the row transforms).

#if NITAL_512
@inline(__always)
private func lowPairs(_ a: FloatVector, _ b: FloatVector) -> FloatVector {
  FloatVector(
    a[0], b[0], a[1], b[1], a[4], b[4], a[5], b[5], a[8], b[8], a[9], b[9], a[12], b[12], a[13],
    b[13])
}
@inline(__always)
private func highPairs(_ a: FloatVector, _ b: FloatVector) -> FloatVector {
  FloatVector(
    a[2], b[2], a[3], b[3], a[6], b[6], a[7], b[7], a[10], b[10], a[11], b[11], a[14], b[14],
    a[15], b[15])
}
@inline(__always)
private func lowHalves(_ a: FloatVector, _ b: FloatVector) -> FloatVector {
  FloatVector(
    a[0], a[1], b[0], b[1], a[4], a[5], b[4], b[5], a[8], a[9], b[8], b[9], a[12], a[13], b[12],
    b[13])
}
@inline(__always)
private func highHalves(_ a: FloatVector, _ b: FloatVector) -> FloatVector {
  FloatVector(
    a[2], a[3], b[2], b[3], a[6], a[7], b[6], b[7], a[10], a[11], b[10], b[11], a[14], a[15],
    b[14], b[15])
}
@inline(__always)
private func evenChunks(_ a: FloatVector, _ b: FloatVector) -> FloatVector {
  FloatVector(
    a[0], a[1], a[2], a[3], a[8], a[9], a[10], a[11], b[0], b[1], b[2], b[3], b[8], b[9], b[10],
    b[11])
}
@inline(__always)
private func oddChunks(_ a: FloatVector, _ b: FloatVector) -> FloatVector {
  FloatVector(
    a[4], a[5], a[6], a[7], a[12], a[13], a[14], a[15], b[4], b[5], b[6], b[7], b[12], b[13],
    b[14], b[15])
}

/// The elements from last to first.
@inline(__always)
func reversed(_ a: FloatVector) -> FloatVector {
  FloatVector(
    a[15], a[14], a[13], a[12], a[11], a[10], a[9], a[8], a[7], a[6], a[5], a[4], a[3], a[2],
    a[1], a[0])
}

/// Writes chunk c of every fourth vector of `rows` to output[4 c step].
@inline(__always)
private func gatherChunks(
  _ rows: UnsafePointer<FloatVector>, _ output: UnsafeMutablePointer<FloatVector>, _ step: Int
) {
  let even01 = evenChunks(rows[0], rows[4])
  let odd01 = oddChunks(rows[0], rows[4])
  let even23 = evenChunks(rows[8], rows[12])
  let odd23 = oddChunks(rows[8], rows[12])
  output[0] = evenChunks(even01, even23)
  output[4 &* step] = evenChunks(odd01, odd23)
  output[8 &* step] = oddChunks(even01, even23)
  output[12 &* step] = oddChunks(odd01, odd23)
}
#elseif NITAL_256
@inline(__always)
private func lowPairs(_ a: FloatVector, _ b: FloatVector) -> FloatVector {
  FloatVector(a[0], b[0], a[1], b[1], a[4], b[4], a[5], b[5])
}
@inline(__always)
private func highPairs(_ a: FloatVector, _ b: FloatVector) -> FloatVector {
  FloatVector(a[2], b[2], a[3], b[3], a[6], b[6], a[7], b[7])
}
@inline(__always)
private func lowHalves(_ a: FloatVector, _ b: FloatVector) -> FloatVector {
  FloatVector(a[0], a[1], b[0], b[1], a[4], a[5], b[4], b[5])
}
@inline(__always)
private func highHalves(_ a: FloatVector, _ b: FloatVector) -> FloatVector {
  FloatVector(a[2], a[3], b[2], b[3], a[6], a[7], b[6], b[7])
}

/// The elements from last to first.
@inline(__always)
func reversed(_ a: FloatVector) -> FloatVector {
  FloatVector(a[7], a[6], a[5], a[4], a[3], a[2], a[1], a[0])
}

/// Writes chunk c of the vectors rows[0] and rows[4] to output[4 c step].
@inline(__always)
private func gatherChunks(
  _ rows: UnsafePointer<FloatVector>, _ output: UnsafeMutablePointer<FloatVector>, _ step: Int
) {
  output[0] = FloatVector(lowHalf: rows[0].lowHalf, highHalf: rows[4].lowHalf)
  output[4 &* step] = FloatVector(lowHalf: rows[0].highHalf, highHalf: rows[4].highHalf)
}
#else
@inline(__always)
private func lowPairs(_ a: FloatVector, _ b: FloatVector) -> FloatVector {
  FloatVector(a[0], b[0], a[1], b[1])
}
@inline(__always)
private func highPairs(_ a: FloatVector, _ b: FloatVector) -> FloatVector {
  FloatVector(a[2], b[2], a[3], b[3])
}
@inline(__always)
private func lowHalves(_ a: FloatVector, _ b: FloatVector) -> FloatVector {
  FloatVector(a[0], a[1], b[0], b[1])
}
@inline(__always)
private func highHalves(_ a: FloatVector, _ b: FloatVector) -> FloatVector {
  FloatVector(a[2], a[3], b[2], b[3])
}

/// The elements from last to first.
@inline(__always)
func reversed(_ a: FloatVector) -> FloatVector { FloatVector(a[3], a[2], a[1], a[0]) }

/// A vector is one chunk: copies rows[0].
@inline(__always)
private func gatherChunks(
  _ rows: UnsafePointer<FloatVector>, _ output: UnsafeMutablePointer<FloatVector>, _ step: Int
) {
  output[0] = rows[0]
}
#endif

/// Transposes a block of W x W elements, W the native width.
///
/// - `rows`: the first element; rows lie `stride` elements apart.
/// - `output`: receives column j as the vector output[j `step`].
/// - `space`: W vectors of scratch.
@inline(__always)
func transposeBlock(
  _ rows: UnsafePointer<Float>, _ stride: Int, _ output: UnsafeMutablePointer<FloatVector>,
  _ step: Int, _ space: UnsafeMutablePointer<FloatVector>
) {
  var a = 0
  while a < FloatVector.scalarCount {
    let source = UnsafeRawPointer(rows + a &* stride)
    let pitch = 4 &* stride
    let r0 = source.loadUnaligned(as: FloatVector.self)
    let r1 = (source + pitch).loadUnaligned(as: FloatVector.self)
    let r2 = (source + 2 &* pitch).loadUnaligned(as: FloatVector.self)
    let r3 = (source + 3 &* pitch).loadUnaligned(as: FloatVector.self)
    let low01 = lowPairs(r0, r1)
    let high01 = highPairs(r0, r1)
    let low23 = lowPairs(r2, r3)
    let high23 = highPairs(r2, r3)
    space[a] = lowHalves(low01, low23)
    space[a &+ 1] = highHalves(low01, low23)
    space[a &+ 2] = lowHalves(high01, high23)
    space[a &+ 3] = highHalves(high01, high23)
    a &+= 4
  }
  for d in 0..<4 { gatherChunks(UnsafePointer(space + d), output + d &* step, step) }
}
