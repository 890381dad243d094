// Loads and stores of several values at a time, for loops whose branches would be guessed wrongly.
//
// The compiler makes a jump of `y > 0 ? d : 0` written over d, which costs ten times the loop on values of
// random sign; `KernelScalar.chosen` has no jump.
// Deviations: none. Checked by: TrainingLoopTests.

/// The values from `p` on.
@inline(__always)
@unsafe func lanes<Scalar: KernelScalar>(_ p: UnsafePointer<Scalar>) -> Scalar.Lanes {
  unsafe UnsafeRawPointer(p).loadUnaligned(as: Scalar.Lanes.self)
}

/// The values from `p` on.
@inline(__always)
@unsafe func lanes<Scalar: KernelScalar>(_ p: UnsafeMutablePointer<Scalar>) -> Scalar.Lanes {
  unsafe UnsafeRawPointer(p).loadUnaligned(as: Scalar.Lanes.self)
}

/// Writes values from `p` on.
@inline(__always)
@unsafe func store<Scalar: KernelScalar>(
  _ values: Scalar.Lanes, _ p: UnsafeMutablePointer<Scalar>
) {
  unsafe UnsafeMutableRawPointer(p).storeBytes(of: values, as: Scalar.Lanes.self)
}

/// The larger of each value and `floor`; NaN stays.
@inline(__always)
func atLeast<Scalar: KernelScalar>(_ floor: Scalar, _ v: Scalar.Lanes) -> Scalar.Lanes {
  let low = Scalar.Lanes(repeating: floor)
  return Scalar.chosen(low, otherwise: v, where: low, exceeds: v)
}

/// Each value of `d` where y is above 0, else 0.
@inline(__always)
func kept<Scalar: KernelScalar>(
  _: Scalar.Type, _ d: Scalar.Lanes, wherePositive y: Scalar.Lanes
) -> Scalar.Lanes {
  let zero = Scalar.Lanes(repeating: 0)
  return Scalar.chosen(d, otherwise: zero, where: y, exceeds: zero)
}

/// Calls `wide` for as many whole vectors as `count` values have, and `single` for each of the rest.
@inline(__always)
func forLanes<Scalar: KernelScalar>(
  _: Scalar.Type, _ count: Int, wide: (Int) -> Void, single: (Int) -> Void
) {
  let width = Scalar.Lanes.scalarCount
  var i = 0
  while i + width <= count {
    wide(i)
    i += width
  }
  while i < count {
    single(i)
    i += 1
  }
}
