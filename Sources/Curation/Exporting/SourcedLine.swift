internal import Artifacts

/// A canonical line with the member `source` more, which stands where its name does, and some members fewer.
enum SourcedLine {
  /// About so much longer does a line become.
  static let usualAdditionInBytes = 64

  /// Appends it with a line feed. False, and with something of it appended, where `line` is not of that form.
  static func append(
    _ line: CanonicalLine.Bytes, _ range: Range<Int>, _ place: SpelledPlace, without left: [StaticString] = [], to bytes: inout [UInt8]
  ) -> Bool {
    var members = CanonicalLine(line, range)
    var isPlaced = false
    // Instead of a comma, the first member has the brace before it.
    var separator = UInt8(ascii: "{")
    func add(_ member: some Sequence<UInt8>) {
      bytes.append(separator)
      bytes.append(contentsOf: member)
      separator = UInt8(ascii: ",")
    }
    while let member = members.next() {
      if !isPlaced, line[member.name].isAfter(name) {
        add(place.spelled)
        isPlaced = true
      }
      if left.contains(where: { line.holds($0, at: member.name) }) { continue }
      add(line[(member.name.lowerBound - 1)..<member.value.upperBound])
    }
    if !isPlaced { add(place.spelled) }
    bytes.append(contentsOf: "}\n".utf8)
    return !members.isMalformed
  }

  fileprivate static let name: StaticString = "source"
}

extension SpelledPlace {
  /// The member.
  fileprivate var spelled: [UInt8] { Array("\"\(SourcedLine.name)\":{\"file\":".utf8) + file + Array(",\"line\":\(line)}".utf8) }
}

extension Slice<CanonicalLine.Bytes> {
  /// In the order of names, which are ASCII here.
  fileprivate func isAfter(_ name: StaticString) -> Bool {
    name.withUTF8Buffer { $0.lexicographicallyPrecedes(self) }
  }
}
