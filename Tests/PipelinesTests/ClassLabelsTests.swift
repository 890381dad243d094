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
