// A report: one HTML file with everything inside, readable without a network, a script or a colour
// printer; with a script, points and pictures open on hover and click, and tables sort.
//
// Deviations: none. Checked by: ReportTests (escaping, self-containedness), a browser run.

import Files

/// A picture of the report, by its number.
public struct ReportImage: Sendable {
  /// The name shown beside it.
  public var name: String
  /// A small PNG file.
  public var png: [UInt8]
  /// Short lines about it, for instance "cluster 3".
  public var details: [String]
  /// The path of the original, relative to the report or absolute; `nil` when there is none.
  public var link: String?

  /// A picture with its particulars.
  public init(name: String, png: [UInt8], details: [String], link: String? = nil) {
    self.name = name
    self.png = png
    self.details = details
    self.link = link
  }
}

/// A table whose columns a reader can sort.
public struct ReportTable: Sendable {
  /// What the table shows.
  public var caption: String
  /// The names of the columns.
  public var header: [String]
  /// The cells, one array a row.
  public var rows: [[String]]

  /// A table.
  public init(caption: String, header: [String], rows: [[String]]) {
    self.caption = caption
    self.header = header
    self.rows = rows
  }

  /// The table as CSV.
  public var csv: String {
    ([header] + rows).map { $0.map(csvText).joined(separator: ",") + "\n" }.joined()
  }
}

/// A part of a report.
public enum ReportBlock: Sendable {
  /// A paragraph of text.
  case text(String)
  /// What a reader can do on a screen; not printed.
  case hint(String)
  /// A remark that must not be overlooked.
  case warning(String)
  /// A figure; points that name an image show it on hover and open it on click.
  case figure(Figure)
  /// A table.
  case table(ReportTable)
  /// Pictures in a row, by number, each with a caption.
  case gallery(title: String, items: [(image: Int, caption: String)])
  /// Names and values.
  case facts([(name: String, value: String)])
}

/// A headed part of a report.
public struct ReportSection: Sendable {
  /// The heading.
  public var title: String
  /// What stands below it.
  public var blocks: [ReportBlock]

  /// A headed part.
  public init(_ title: String, _ blocks: [ReportBlock]) {
    self.title = title
    self.blocks = blocks
  }
}

/// A report in one self-contained HTML file.
public struct Report: Sendable {
  /// The title.
  public var title: String
  /// One line below the title.
  public var summary: String
  /// The parts in order.
  public var sections: [ReportSection]
  /// The pictures that figures and galleries refer to.
  public var images: [ReportImage]

  /// A report of the given parts.
  public init(
    title: String, summary: String, sections: [ReportSection], images: [ReportImage] = []
  ) {
    self.title = title
    self.summary = summary
    self.sections = sections
    self.images = images
  }

  /// The whole document.
  public var html: String {
    var text = head
    for (index, section) in sections.enumerated() {
      text += "<section id=\"s\(index)\"><h2>\(escaped(section.title))</h2>\n"
      for block in section.blocks { text += html(of: block) }
      text += "</section>\n"
    }
    text += "</main>\n" + ReportPage.dialog
    text += "<script>\nconst images = [\n"
    text += images.map(record(of:)).joined(separator: ",\n")
    text += "\n];\n" + ReportPage.script + "</script>\n</body>\n</html>\n"
    return text
  }

  /// Every figure of the report in order.
  public var figures: [Figure] {
    sections.flatMap(\.blocks).compactMap { block in
      if case .figure(let figure) = block { figure } else { nil }
    }
  }

  private var head: String {
    let links = sections.enumerated().map { index, section in
      "<a href=\"#s\(index)\">\(escaped(section.title))</a>"
    }.joined(separator: "\n")
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(escaped(title))</title>
      <style>
      \(ReportPage.style)</style>
      </head>
      <body>
      <header><h1>\(escaped(title))</h1><p>\(escaped(summary))</p></header>
      <nav>\(links)</nav>
      <main>

      """
  }

  private func html(of block: ReportBlock) -> String {
    switch block {
    case .text(let text): "<p>\(escaped(text))</p>\n"
    case .hint(let text): "<p class=\"onscreen\">\(escaped(text))</p>\n"
    case .warning(let text): "<p class=\"warning\">\(escaped(text))</p>\n"
    case .figure(let figure): html(of: figure)
    case .table(let table): html(of: table)
    case .gallery(let title, let items): html(ofGallery: title, items)
    case .facts(let facts): html(of: facts)
    }
  }

  private func html(of figure: Figure) -> String {
    let file = "figures/\(figure.name)"
    let others = figure.attachments.map { path in
      "\n<a href=\"\(escaped(linkTarget(path)))\">\(escaped(path))</a>"
    }.joined()
    return """
      <figure id="\(escaped(figure.name))">
      \(figure.svg)<figcaption>\(escaped(figure.caption))
      <span class="files"><a href="\(escaped(file)).svg">SVG</a>
      <a href="\(escaped(file)).csv">numbers</a>\(others)</span></figcaption>
      </figure>

      """
  }

  private func html(of table: ReportTable) -> String {
    let header = table.header.map { "<th scope=\"col\" tabindex=\"0\">\(escaped($0))</th>" }
    let rows = table.rows.map { row in
      "<tr>" + row.map { "<td>\(escaped($0))</td>" }.joined() + "</tr>"
    }
    return """
      <div class="scroll"><table class="sortable"><caption>\(escaped(table.caption))</caption>
      <thead><tr>\(header.joined())</tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table></div>

      """
  }

  private func html(ofGallery title: String, _ items: [(image: Int, caption: String)]) -> String {
    let pictures = items.compactMap { item -> String? in
      guard images.indices.contains(item.image) else { return nil }
      let image = images[item.image]
      return """
        <button class="tile" data-image="\(item.image)"><img alt="\(escaped(image.name))" \
        src="data:image/png;base64,\(base64(image.png))">\
        <span>\(escaped(item.caption))</span></button>
        """
    }
    return """
      <div class="gallery"><h3>\(escaped(title))</h3>
      <div class="tiles">\(pictures.joined(separator: "\n"))</div></div>

      """
  }

  private func html(of facts: [(name: String, value: String)]) -> String {
    let rows = facts.map { "<dt>\(escaped($0.name))</dt><dd>\(escaped($0.value))</dd>" }
    return "<dl>\(rows.joined(separator: "\n"))</dl>\n"
  }

  /// One picture as a script literal.
  private func record(of image: ReportImage) -> String {
    let details = image.details.map(scriptText).joined(separator: ",")
    return
      "{n:\(scriptText(image.name)),d:[\(details)],l:\(scriptText(image.link.map(linkTarget) ?? "")),"
      + "s:\"data:image/png;base64,\(base64(image.png))\"}"
  }
}

/// A string literal that is safe inside a `<script>` element: everything but plain characters is
/// written as an escape.
func scriptText(_ text: String) -> String {
  var result = "\""
  for unit in text.utf16 {
    let plain =
      unit >= 0x20 && unit < 0x7f && unit != 0x22 && unit != 0x5c && unit != 0x3c && unit != 0x26
    if plain {
      result.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
    } else {
      let digits = String(unit, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
  }
  return result + "\""
}

/// A path as the target of a link: every byte but letters, digits and `-._~/` percent-encoded, and a
/// relative path begun with `./`, so that no name can pass for a scheme.
func linkTarget(_ path: String) -> String {
  var result = path.hasPrefix("/") ? "file://" : "./"
  let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/".utf8)
  for byte in path.utf8 {
    if plain.contains(byte) {
      result.unicodeScalars.append(Unicode.Scalar(byte))
    } else {
      let digits = String(byte, radix: 16, uppercase: true)
      result += "%" + (digits.count == 1 ? "0" : "") + digits
    }
  }
  return result
}
