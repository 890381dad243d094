import Files
import Pipelines
import Reporting
import Testing

/// Counts how often units are computed.
private final class Calls {
  var names: [String] = []

  func unit(_ name: String, _ values: [Double]) -> WorkUnit {
    WorkUnit(name: name) { [self] in
      names.append(name)
      return values
    }
  }
}

@Suite struct UnitStoreTests {
  private func store(
    _ folder: ScratchFolder, _ fingerprint: String = "inputs", shard: Shard? = nil,
    anew: Bool = false
  ) throws -> UnitStore {
    try UnitStore(folder: folder.path, fingerprint: fingerprint, shard: shard, anew: anew)
  }

  @Test func unitsAreComputedOnceAndFoundAgain() throws {
    let (folder, calls) = (ScratchFolder(), Calls())
    let values = [0.1, -0.0, .infinity, .leastNonzeroMagnitude]
    do {
      let first = try store(folder)
      #expect(try first.values(calls.unit("a", values)) == values)
      #expect(try first.values(calls.unit("a", values)) == values)
    }
    let second = try store(folder)
    let found = try second.values(calls.unit("a", []))
    #expect(found.map(\.bitPattern) == values.map(\.bitPattern))
    #expect(calls.names == ["a"])
    #expect(second.computedCount == 0)
  }

  @Test func otherInputsFindNothing() throws {
    let (folder, calls) = (ScratchFolder(), Calls())
    _ = try store(folder).values(calls.unit("a", [1]))
    _ = try store(folder, "other inputs").values(calls.unit("a", [2]))
    #expect(calls.names == ["a", "a"])
  }

  @Test func aRecordThatWasCutShortIsComputedAgain() throws {
    let (folder, calls) = (ScratchFolder(), Calls())
    do {
      let first = try store(folder)
      _ = try first.values(calls.unit("a", [1, 2, 3]))
      _ = try first.values(calls.unit("b", [4, 5, 6]))
    }
    let path = try #require(
      try listFolder(folder.path).first { $0.hasSuffix(".journal") }.map { folder($0) })
    try writeAtomically(contents(path).dropLast(5).map { $0 }, to: path)
    let second = try store(folder)
    #expect(try second.values(calls.unit("a", [])) == [1, 2, 3])
    #expect(try second.values(calls.unit("b", [4, 5, 6])) == [4, 5, 6])
    #expect(calls.names == ["a", "b", "b"])
  }

  @Test func shardsJoinToTheWhole() throws {
    let (folder, calls) = (ScratchFolder(), Calls())
    let units = (0..<7).map { calls.unit("unit \($0)", [Double($0)]) }
    let part = PaperPart("part", "Part", units: units + [units[0]]) {
      PartContent(blocks: [.text("done")])
    }
    for index in 1...3 {
      let shard = try #require(Shard("\(index)/3"))
      let own = try store(folder, shard: shard)
      #expect(try runParts([part], store: own, shard: shard, nil).parts.isEmpty)
      #expect(own.computedCount == [3, 2, 2][index - 1])
    }
    let whole = try store(folder)
    let built = try runParts([part], store: whole, shard: nil, nil).parts
    #expect(built.map(\.name) == ["part"])
    #expect(whole.computedCount == 0)
    #expect(calls.names.sorted() == units.map(\.name).sorted())
  }

  @Test func beginningAnewForgetsTheShardsToo() throws {
    let (folder, calls) = (ScratchFolder(), Calls())
    let shard = try #require(Shard("1/1"))
    _ = try store(folder, shard: shard).values(calls.unit("a", [1]))
    _ = try store(folder, anew: true).values(calls.unit("a", [1]))
    #expect(calls.names == ["a", "a"])
  }

  @Test func aFaultOfOneUnitIsNotKept() throws {
    struct Fault: Error {}
    let folder = ScratchFolder()
    let own = try store(folder)
    #expect(throws: Fault.self) { try own.values(WorkUnit(name: "a") { throw Fault() }) }
    #expect(try own.values(WorkUnit(name: "a") { [1] }) == [1])
  }

  @Test func aRunOfSomePartsKeepsThoseThatWereBuiltWithTheSameSettings() throws {
    let (folder, calls) = (ScratchFolder(), Calls())
    let parts = ["fig1", "fig2", "fig3"].map { name in
      PaperPart(name, name, units: [calls.unit("unit of \(name)", [1])]) { PartContent() }
    }
    func run(_ only: [String], _ settings: String = "small") throws -> PaperRun {
      try runParts(
        parts, only: only, settings: settings, store: store(folder), shard: nil, nil)
    }
    let first = try run(["fig2"])
    #expect(first.parts.map(\.name) == ["fig2"] && first.absent == ["fig1", "fig3"])
    #expect(first.notes.count == 1)
    let second = try run(["fig1"])
    #expect(second.parts.map(\.name) == ["fig1", "fig2"] && second.absent == ["fig3"])
    #expect(calls.names == ["unit of fig2", "unit of fig1"])
    #expect(try run(["fig3"], "paper").parts.map(\.name) == ["fig3"])
    #expect(try run([]).notes.isEmpty)
  }

  @Test func anUnknownPartIsNamedWithThoseThereAre() throws {
    let parts = ["fig1", "table2"].map { name in PaperPart(name, name) { PartContent() } }
    #expect(try selectedParts(parts, only: ["table2"]).map(\.name) == ["table2"])
    #expect(try selectedParts(parts, only: []).count == 2)
    let error = #expect(throws: PipelineError.self) { try selectedParts(parts, only: ["fig9"]) }
    #expect(error?.description.contains("fig1, table2") == true)
    #expect(error?.isUsage == true)
  }
}
