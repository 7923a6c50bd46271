internal import Foundation

/// Cuts a file of JSON Lines into parts that end at line feeds, reading it window by window.
///
/// Where it cuts is for the content to say: at the first line feed, from a least size on, whose line ends in bytes of a certain hash. So a line
/// that was put in or taken out changes the part that it stands in, and those after it are the same bytes as before.
struct LineCutter {
  struct Part {
    enum Content {
      /// Whole lines.
      case lines(Data)
      /// One line of this many bytes without its end, which is more than a record may have: nobody looks into it, and nobody holds it.
      case longLine(Int)
    }

    let content: Content
    /// Of its first byte in the file, and of its first line, from 0.
    let offset: Int
    let line: Int
  }

  /// Where parts may end, in bytes; one ends sooner only with the file.
  struct Sizes {
    let least: Int
    let most: Int

    init(around size: Int) { (least, most) = (max(1, size / 2), max(1, size * 2)) }
  }

  private let file: SourceFile
  private let sizes: Sizes
  /// Read, and not handed out.
  private var pending = Data()
  private var offset = 0
  private var line = 0
  private var readCount = 0

  /// A byte order mark at the very start is left out.
  init(_ file: SourceFile, sizes: Sizes) throws {
    (self.file, self.sizes) = (file, sizes)
    try fill(upTo: Self.byteOrderMark.count)
    if pending.elementsEqual(Self.byteOrderMark) { drop(Self.byteOrderMark.count) }
  }

  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// Nil at the end.
  mutating func next() throws -> Part? {
    try fill(upTo: sizes.most)
    guard !pending.isEmpty else { return nil }
    if let end = pending.withUnsafeBytes({ Self.end(in: $0, sizes) }) { return take(end) }
    if pending.count < sizes.most { return take(pending.count) }
    // A line longer than a part goes by itself.
    if let feed = pending.lastIndex(of: 0x0A) { return take(pending.distance(from: pending.startIndex, to: feed) + 1) }
    while pending.count <= LineParser.lineLimitInBytes {
      let searched = pending.count
      guard try fill(upTo: searched + sizes.most) else { return take(pending.count) }
      if let feed = pending.withUnsafeBytes({ Self.lineFeed(in: $0, from: searched) }) { return take(feed + 1) }
    }
    return try passOverLine()
  }

  private mutating func take(_ count: Int) -> Part {
    let bytes = Data(pending.prefix(count))
    let part = Part(content: .lines(bytes), offset: offset, line: line)
    line += bytes.withUnsafeBytes(Self.lineFeeds)
    drop(count)
    return part
  }

  /// What is pending is the beginning of the line.
  private mutating func passOverLine() throws -> Part {
    let (start, number) = (offset, line)
    var end: Int?
    var last = pending.last
    while end == nil {
      drop(pending.count)
      guard try fill(upTo: sizes.most) else { break }
      let feed = pending.withUnsafeBytes { Self.lineFeed(in: $0, from: 0) }
      if let feed { end = offset + feed } else { last = pending.last }
      if let feed, feed > 0 { last = pending[pending.startIndex + feed - 1] }
    }
    if let end {
      line += 1
      drop(end + 1 - offset)
    }
    let hasReturn = end != nil && last == UInt8(ascii: "\r")
    return Part(content: .longLine((end ?? offset) - start - (hasReturn ? 1 : 0)), offset: start, line: number)
  }

  private mutating func drop(_ count: Int) {
    pending = Data(pending.dropFirst(count))
    offset += count
  }

  /// Reads until `count` bytes are pending or the file ends. False where there was nothing to read.
  @discardableResult
  private mutating func fill(upTo count: Int) throws -> Bool {
    let wanted = min(file.byteCount - readCount, count - pending.count)
    guard wanted > 0 else { return false }
    pending.append(try file.bytes(readCount..<readCount + wanted))
    readCount += wanted
    return true
  }

  /// One past the line feed to cut at: the first that its line chooses, else the last within the most, else the first beyond it.
  private static func end(in bytes: UnsafeRawBufferPointer, _ sizes: Sizes) -> Int? {
    var last: Int?
    var index = min(sizes.least, bytes.count) - 1
    while let feed = lineFeed(in: bytes, from: index) {
      if feed >= sizes.most { return last ?? feed + 1 }
      if chooses(bytes, endingAt: feed) { return feed + 1 }
      last = feed + 1
      index = feed + 1
    }
    return bytes.count >= sizes.most ? last : nil
  }

  private static func lineFeed(in bytes: UnsafeRawBufferPointer, from index: Int) -> Int? {
    guard index < bytes.count, let base = bytes.baseAddress, let hit = memchr(base + index, 0x0A, bytes.count - index) else { return nil }
    return base.distance(to: UnsafeRawPointer(hit))
  }

  /// One line in 256, by its last bytes (FNV-1a, Fowler, Noll and Vo).
  private static func chooses(_ bytes: UnsafeRawBufferPointer, endingAt feed: Int) -> Bool {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for index in max(0, feed - 32)..<feed { hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01B3 }
    return (hash >> 24) & 255 == 0
  }

  private static func lineFeeds(in bytes: UnsafeRawBufferPointer) -> Int {
    var (count, index) = (0, 0)
    while let feed = lineFeed(in: bytes, from: index) { (count, index) = (count + 1, feed + 1) }
    return count
  }
}
