import Tensors
import Testing

@Suite struct LargePagesTests {
  @Test func zerosAreZerosWhateverLayThereBefore() {
    for count in [0, 1, 1000, 1 << 20, (1 << 20) + 1] {
      // Memory that was written and freed may come back.
      let before = [Float](repeating: 7, count: count)
      #expect(before.allSatisfy { $0 == 7 })
      let zeros: [Float] = largeZeros(count)
      #expect(zeros.count == count && zeros.allSatisfy { $0 == 0 })
    }
  }

  @Test func memoryIsWritableToItsEndsAndAligned() {
    for (bytes, alignment) in [(1, 64), (4096, 4096), (5 << 20, 64), ((5 << 20) + 3, 4096)] {
      let memory = allocateLarge(byteCount: bytes, alignment: alignment)
      memory.initializeMemory(as: UInt8.self, repeating: 3, count: bytes)
      #expect(Int(bitPattern: memory) % alignment == 0)
      #expect(memory.load(fromByteOffset: bytes - 1, as: UInt8.self) == 3)
      memory.deallocate()
    }
  }
}
