internal import Artifacts
internal import Foundation

/// Spells what is remembered, and what keys are made of. Values are of the kind of machine that wrote them, and of its layout: that stands in their keys
/// (`RecallLayout`), and so does whatever else decides their meaning. A release may read what an earlier one wrote, where it lays out the same.
struct RecallWriter {
  private(set) var bytes: [UInt8] = []

  mutating func number(_ value: Int) { withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) } }

  mutating func digest(_ digest: Digest) { digest.withUnsafeBytes { bytes.append(contentsOf: $0) } }

  mutating func text(_ text: String) {
    number(text.utf8.count)
    bytes.append(contentsOf: text.utf8)
  }

  /// Nil and the empty text are two things.
  mutating func optional(_ text: String?) {
    number(text == nil ? 0 : 1)
    if let text { self.text(text) }
  }

  /// Of plain data, as they lie in memory.
  mutating func array<Element>(_ elements: [Element]) {
    precondition(_isPOD(Element.self), "only plain data is remembered as it lies in memory")
    number(elements.count)
    elements.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }

  mutating func raw(_ data: Data) {
    number(data.count)
    bytes.append(contentsOf: data)
  }
}

/// Reads what `RecallWriter` wrote.
struct RecallReader {
  private let data: Data
  private var position = 0

  init(_ data: Data) { self.data = data }

  mutating func number() throws(RecallMiss) -> Int {
    var value = 0
    try withBytes(MemoryLayout<Int>.size) { value = $0.loadUnaligned(as: Int.self) }
    return value
  }

  mutating func digest() throws(RecallMiss) -> Digest {
    var digest = Digest(words: .zero)
    try withBytes(Digest.byteCount) { digest = Digest(bytes: $0) ?? digest }
    return digest
  }

  mutating func text() throws(RecallMiss) -> String {
    var text = ""
    try withBytes(try number()) { text = String(decoding: $0, as: UTF8.self) }
    return text
  }

  mutating func array<Element>(of type: Element.Type) throws(RecallMiss) -> [Element] {
    precondition(_isPOD(type), "only plain data is remembered as it lies in memory")
    let count = try number()
    let (byteCount, isOver) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard count >= 0, !isOver else { throw RecallMiss() }
    var elements: [Element] = []
    try withBytes(byteCount) { bytes in
      elements = Array(unsafeUninitializedCapacity: count) { room, filled in
        UnsafeMutableRawBufferPointer(room).copyMemory(from: bytes)
        filled = count
      }
    }
    return elements
  }

  private mutating func withBytes(_ count: Int, _ body: (UnsafeRawBufferPointer) -> Void) throws(RecallMiss) {
    guard count >= 0, count <= data.count - position else { throw RecallMiss() }
    data.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[position..<position + count])) }
    position += count
  }
}
