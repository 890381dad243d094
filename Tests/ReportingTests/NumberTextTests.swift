import Reporting
import Testing

@Suite struct NumberTextTests {
  @Test(arguments: [
    (0.0, 2, "0.00"), (-0.004, 2, "0.00"), (-0.006, 2, "-0.01"), (1.005, 1, "1.0"),
    (12.5, 0, "13"), (99.95, 1, "100.0"), (-3.25, 1, "-3.3"), (0.06, 3, "0.060"),
  ]) func fixedKeepsItsDecimals(value: Double, decimals: Int, expected: String) {
    #expect(fixed(value, decimals) == expected)
  }

  @Test func fixedNamesWhatIsNotANumber() {
    #expect(fixed(.nan, 2) == "NaN")
    #expect(fixed(.infinity, 2) == "inf")
    #expect(fixed(-.infinity, 2) == "-inf")
  }

  @Test(arguments: [
    (1234.567, "1235"), (0.00123456, "0.001235"), (1.0, "1"), (0.0, "0"), (-2.50, "-2.5"),
    (1.5e12, "1.5e12"), (2e-9, "2e-9"), (1.5e-5, "0.000015"), (9.5e-6, "9.5e-6"),
    (123_456_789, "123456789"), (1.5e9, "1.5e9"),
  ]) func significantDropsZeros(value: Double, expected: String) {
    #expect(significant(value) == expected)
  }

  @Test func csvDisarmsFormulasAndQuotes() {
    #expect(csvText("=1+2") == "'=1+2")
    #expect(csvText("@x,y") == "\"'@x,y\"")
    #expect(csvText("a \"b\"") == "\"a \"\"b\"\"\"")
    #expect(csvText("plain-1.png") == "plain-1.png")
  }

  @Test func escapesMarkup() {
    #expect(escaped("<a href='x'>\"&\u{1b}") == "&lt;a href=&#39;x&#39;&gt;&quot;&amp;\\u{1b}")
  }

  /// RFC 4648, section 10.
  @Test(
    arguments: zip(
      ["", "f", "fo", "foo", "foob", "fooba", "foobar"],
      ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]))
  func base64GivesTheVectorsOfTheStandard(text: String, expected: String) {
    #expect(base64(Array(text.utf8)) == expected)
  }
}
