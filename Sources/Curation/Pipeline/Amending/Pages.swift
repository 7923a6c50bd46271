internal import Artifacts
internal import Foundation

/// By what a page of a long array is remembered. Those of a run lie in the place of those of the run before.
enum PageName {
  static func key(_ name: String, _ page: Int, _ desk: RecallDesk) -> Digest {
    desk.key("page") { writer in
      writer.text(desk.name)
      writer.text(name)
      writer.number(page)
    }
  }
}

/// Remembers a long array of plain data in pages, so that a later run reads those alone in which it looks something up. Each says of which base it is, so
/// that none is taken for another's.
struct PageWriter: Sendable {
  let base: Digest
  let desk: RecallDesk

  func keep<Element>(_ elements: [Element], as name: String, perPage: Int, firstPage: Int = 0) {
    for (number, start) in stride(from: 0, to: elements.count, by: perPage).enumerated() {
      var writer = RecallWriter()
      writer.digest(base)
      writer.array(Array(elements[start..<min(start + perPage, elements.count)]))
      desk.keep(PageName.key(name, firstPage + number, desk), writer.bytes)
    }
  }
}

/// Reads an array that `PageWriter` remembered. A page that is missing, damaged or of another base is a miss.
final class Pages<Element> {
  let perPage: Int
  private let name: String
  private let base: Digest
  private let desk: RecallDesk
  private var pages: [Int: [Element]] = [:]

  init(_ name: String, perPage: Int, base: Digest, _ desk: RecallDesk) {
    (self.name, self.perPage, self.base, self.desk) = (name, perPage, base, desk)
  }

  /// Fetches several at one go.
  func fetch(_ numbers: some Sequence<Int>) throws(RecallMiss) {
    let missing = Set(numbers).filter { pages[$0] == nil }.sorted()
    guard !missing.isEmpty else { return }
    let values = desk.values(missing.map { PageName.key(name, $0, desk) })
    for (number, value) in zip(missing, values) {
      guard let value else { throw RecallMiss() }
      var reader = RecallReader(value)
      guard try reader.digest() == base else { throw RecallMiss() }
      pages[number] = try reader.array(of: Element.self)
    }
  }

  func page(_ number: Int) throws(RecallMiss) -> [Element] {
    if let page = pages[number] { return page }
    try fetch([number])
    return pages[number] ?? []
  }

  subscript(index: Int) -> Element {
    get throws(RecallMiss) {
      let page = try page(index / perPage)
      guard index % perPage < page.count else { throw RecallMiss() }
      return page[index % perPage]
    }
  }
}
