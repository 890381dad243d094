// Arrays that begin at cache lines: place, values, copies.

import Tensors
import Testing

@Suite struct AlignedArrayTests {
  @Test(arguments: [0, 1, 3, 17, 1000, 70_000])
  func beginsAtACacheLine(_ count: Int) {
    // Several at a time, so that the place is not the luck of one.
    let arrays = (0..<4).map { AlignedArray(repeating: Float($0), count: count + $0) }
    let copies = arrays.map { array in
      var copy = array
      copy.withUnsafeMutableBufferPointer { _ in }
      return copy
    }
    for array in arrays + copies {
      array.withUnsafeBufferPointer { #expect(UInt(bitPattern: $0.baseAddress) % 64 == 0) }
    }
  }

  @Test func holdsWhatAnArrayHolds() {
    let numbers = (0..<37).map { Double($0) / 3 }
    let array = AlignedArray(numbers)
    #expect(Array(array) == numbers && array.count == 37)
    #expect(array[36] == 12 && array[9] == 3)
    #expect(AlignedArray<Float>([]).isEmpty)
    #expect(AlignedArray(repeating: 2.5, count: 3).elementsEqual([2.5, 2.5, 2.5]))
  }

  @Test func isAValue() {
    let first = AlignedArray<Float>([1, 2, 3])
    var (second, third) = (first, first)
    second[1] = 5
    third.withUnsafeMutableBufferPointer { $0[2] = 7 }
    #expect(Array(first) == [1, 2, 3] && Array(second) == [1, 5, 3] && Array(third) == [1, 2, 7])
    #expect(first != second && first == AlignedArray([1, 2, 3]))
  }
}
