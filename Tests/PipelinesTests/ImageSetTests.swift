import Pipelines
import Testing

@Suite struct ImageSetTests {
  @Test func namesAreRelativeToTheCommonFolder() {
    let set = ImageSet(
      paths: ["../data/b/2.png", "/work/data/a/1.png", "./../data/b/./x/../1.png"],
      workingFolder: "/work/here")
    #expect(set.names == ["a/1.png", "b/1.png", "b/2.png"])
    #expect(set.folder == "/work/data")
    #expect(set.paths[2] == "../data/b/2.png")
  }

  @Test func namesDoNotDependOnTheOrderOrThePlace() {
    let a = ImageSet(paths: ["s/x.png", "s/y.png"], workingFolder: "/one")
    let b = ImageSet(paths: ["/two/t/y.png", "/two/t/x.png"], workingFolder: "/")
    #expect(a.names == b.names)
  }

  @Test func oneFileIsNamedByItself() {
    #expect(ImageSet(paths: ["a/b/c.png"], workingFolder: "/").names == ["c.png"])
    #expect(ImageSet(paths: [], workingFolder: "/").names == [])
  }
}
