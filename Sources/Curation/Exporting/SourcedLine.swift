internal import Artifacts

/// A canonical line with the member `source` more, which stands where its name does, and some members fewer. It ends with a line feed.
struct SourcedLine {
  private(set) var bytes: [UInt8] = []

  /// Nil where the line is not of that form.
  init?(_ line: CanonicalLine.Bytes, _ range: Range<Int>, _ place: SpelledPlace, without left: [StaticString] = []) {
    bytes.reserveCapacity(range.count + place.file.count + 48)
    bytes.append(UInt8(ascii: "{"))
    var members = CanonicalLine(line, range)
    var isPlaced = false
    while let member = members.next() {
      if !isPlaced, line[member.name].isAfter(SourcedLine.name) {
        add(place)
        isPlaced = true
      }
      if left.contains(where: { line.holds($0, at: member.name) }) { continue }
      separate()
      bytes.append(contentsOf: line[(member.name.lowerBound - 1)..<member.value.upperBound])
    }
    guard !members.isMalformed else { return nil }
    if !isPlaced { add(place) }
    bytes.append(contentsOf: "}\n".utf8)
  }

  private static let name: StaticString = "source"

  private mutating func add(_ place: SpelledPlace) {
    separate()
    bytes.append(contentsOf: "\"\(SourcedLine.name)\":{\"file\":".utf8)
    bytes.append(contentsOf: place.file)
    bytes.append(contentsOf: ",\"line\":\(place.line)}".utf8)
  }

  private mutating func separate() {
    if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
  }
}

extension Slice<CanonicalLine.Bytes> {
  /// In the order of names, which are ASCII here.
  fileprivate func isAfter(_ name: StaticString) -> Bool {
    name.withUTF8Buffer { $0.lexicographicallyPrecedes(self) }
  }
}
