import Files
import Pipelines
import Testing

@Suite struct ClassLabelsTests {
  @Test(arguments: [
    ("crazing_1.jpg", "crazing"), ("rolled-in_scale_12.png", "rolled-in_scale"),
    ("Pearlite (3).tif", "Pearlite"), ("0017.png", "0017"), ("steel/ferrite/a7.png", "ferrite"),
    (".hidden", ".hidden"),
  ]) func namesGiveClasses(name: String, expected: String) throws {
    let labels = try ClassLabels(.names, for: [name])
    #expect(labels.classOf(name) == expected)
  }

  private let folder = ScratchFolder()

  private func labels(_ table: String, for names: [String]) throws -> ClassLabels {
    try writeAtomically(table, to: folder("labels.csv"))
    return try ClassLabels(.table(folder("labels.csv")), for: names)
  }

  @Test func aTableGivesClassesByNameOrLastPart() throws {
    let found = try labels(
      "Label;x;FILE\nA;1;a/1.png\nB;2;2.png\n;3;4.png\n", for: ["a/1.png", "b/2.png", "4.png"])
    #expect(found.classOf("a/1.png") == "A")
    #expect(found.classOf("b/2.png") == "B")
    #expect(found.classOf("4.png") == nil)
    #expect(found.classNames(among: ["b/2.png", "a/1.png", "4.png"]) == ["A", "B"])
  }

  @Test func imagesWithoutAClassAreCounted() throws {
    let found = try labels("file,class\na.png,x\n", for: ["a.png", "b.png", "c.png"])
    #expect(found.warnings.count == 1)
    #expect(found.warnings[0].contains("2 of 3"))
    #expect(try labels("file,class\na.png,x\n", for: ["a.png"]).warnings.isEmpty)
  }

  @Test func theSameRowTwiceIsNoConflict() throws {
    let found = try labels("file,class\na.png,x\na.png,x\n", for: ["a.png"])
    #expect(found.classOf("a.png") == "x")
  }

  @Test(arguments: [
    ("name,size\na.png,1\n", "class"), ("size,class\n1,x\n", "file"),
    ("file,class\na.png,x\nb.png,y\na.png,y\n", "line 4"),
  ]) func tablesThatCannotBeUsedAreNamed(table: String, hint: String) throws {
    let error = #expect(throws: FormatError.self) { try labels(table, for: ["a.png"]) }
    #expect(error?.file == folder("labels.csv"))
    #expect(error?.problem.contains(hint) == true)
  }

  @Test func anAbsentTableIsNamed() {
    #expect(throws: FormatError.self) { try ClassLabels(.table("/absent.csv"), for: ["a.png"]) }
  }
}

@Suite struct CSVTableTests {
  private func table(_ text: String) throws -> CSVTable {
    try CSVTable(CheckedBytes(Array(text.utf8), file: "t.csv"))
  }

  @Test func readsQuotesSeparatorsAndLineEnds() throws {
    let expected = [["a.png", "x, \"y\""], ["b.png", "line\nbreak"]]
    for (separator, end) in [(",", "\n"), (";", "\r\n"), ("\t", "\r"), (",", "\r\n")] {
      let text =
        "\u{feff}file\(separator)class\(end)a.png\(separator)\"x, \"\"y\"\"\"\(end)"
        + "b.png\(separator)\"line\nbreak\"\(end)"
      #expect(try table(text).rows == expected)
    }
  }

  @Test func lineNumbersCountQuotedLines() throws {
    #expect(try table("f,c\n\"a\nb\",1\n\nc,2\n").lines == [2, 5])
  }

  @Test(arguments: ["", "\n\n", "a,b\n1\n", "a,b\n\"1,2\n", "a,b\n1,2,3\n", "a,b\n\0,1\n"])
  func refusesWhatIsNoTable(text: String) {
    #expect(throws: FormatError.self) { try table(text) }
  }

  @Test func refusesTextThatIsNotUTF8() {
    #expect(throws: FormatError.self) {
      try CSVTable(CheckedBytes([0x61, 0xff, 0x0a], file: "t.csv"))
    }
  }
}
