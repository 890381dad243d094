import Files
import Testing

#if canImport(Glibc)
import Glibc
#endif

@Suite struct InputListTests {
  let folder = TemporaryFolder()

  private func make(_ names: [String]) throws {
    for name in names {
      try makeFolder(
        String(folder(name).prefix(through: folder(name).lastIndex(of: "/") ?? "/".startIndex)))
      try writeAtomically("x", to: folder(name))
    }
  }

  private func expand(_ arguments: [String]) throws -> [String] {
    let images = try InputList.expand(arguments) { $0.hasSuffix(".png") }
    return images.map { String($0.dropFirst(folder.path.utf8.count + 1)) }
  }

  @Test func listsAFolderInTheOrderOfBytes() throws {
    try make(["b.png", "a.png", "B.png", "sub/c.png", "notes.txt", ".hidden.png", "a/z.png"])
    symlink("..", folder("sub/up"))
    symlink("a.png", folder("link.png"))
    #expect(
      try expand([folder.path]) == ["B.png", "a.png", "a/z.png", "b.png", "link.png", "sub/c.png"])
    #expect(try expand([folder("b.png"), folder.path, folder("sub") + "/"]).count == 6)
  }

  @Test func takesPatternsAndLists() throws {
    try make(["x1.png", "x2.png", "y.png", "odd[1].png"])
    #expect(try expand([folder("x*.png")]) == ["x1.png", "x2.png"])
    #expect(try expand([folder("odd[1].png")]) == ["odd[1].png"])
    try writeAtomically(
      "# comment\n\(folder("y.png"))\r\n\n\(folder("x?.png"))\n", to: folder("list"))
    #expect(try expand(["@" + folder("list")]) == ["x1.png", "x2.png", "y.png"])
  }

  @Test func saysWhatHasNoFile() throws {
    try make(["a.txt"])
    for argument in [folder("*.png"), folder.path, "@" + folder("none")] {
      #expect(throws: FormatError.self) { try expand([argument]) }
    }
    // A plain path that is missing stays in the list: reading it gives the error of its own row.
    #expect(try expand([folder("missing.png")]) == ["missing.png"])
  }
}
