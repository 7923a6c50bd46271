internal import Artifacts

/// How this program lays out what it remembers. It is in the name of every value, so that a release with another layout finds nothing of an earlier one's.
enum RecallLayout {
  /// Of all types that `RecallWriter.array` is given, as they lie in memory.
  private static let strides = [
    MemoryLayout<AssessedRow>.stride, MemoryLayout<LineSpan>.stride, MemoryLayout<Assessment.Part>.stride, MemoryLayout<Digest>.stride,
    MemoryLayout<HalfDigest>.stride, MemoryLayout<CurationOutline.Span>.stride, MemoryLayout<CurationOutline.Block>.stride,
    MemoryLayout<CurationOutline.Run>.stride, MemoryLayout<NearOutline.Merge>.stride, MemoryLayout<IndexedRecord>.stride,
  ]
  private static let pageSizes = [BaseOutline.idsPerPage, BaseOutline.keysPerPage, BaseOutline.countersPerPage]

  static func write(to writer: inout RecallWriter) {
    writer.number(CurationOutline.layoutVersion)
    writer.array(strides)
    writer.array(pageSizes)
    writer.text(DetailWriter.layout)
    // Kinds of files are remembered by their numbers.
    writer.text(FileKind.allCases.map(\.rawValue).joined(separator: "/"))
  }
}
