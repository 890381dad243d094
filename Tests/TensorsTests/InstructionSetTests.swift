import Tensors
import Testing

@Suite struct InstructionSetTests {
  @Test func risesWithTheWidthOfVectors() {
    #expect(InstructionSet.allCases == InstructionSet.allCases.sorted())
    #expect(InstructionSet.baseline < .avx2 && InstructionSet.avx2 < .avx512)
    #expect(InstructionSet.allCases.map(\.name) == ["baseline", "avx2", "avx512"])
  }

  @Test func usesNothingThatTheMachineLacks() {
    #expect(InstructionSet.current <= InstructionSet.supported)
  }

  @Test func obeysTheEnvironment() {
    let asked = InstructionSet.allCases.first { $0.name == environment("NITAL_ISA") }
    #expect(InstructionSet.current == min(asked ?? .avx512, .supported))
  }

  @Test func readsTheEnvironment() {
    #expect(environment("NITAL_NO_SUCH_VARIABLE") == nil)
    #expect(environment("PATH") != nil)
  }
}
