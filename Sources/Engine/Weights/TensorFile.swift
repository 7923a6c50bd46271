internal import Artifacts
package import Foundation

/// The safetensors format: read strictly, written canonically.
///
/// Strict means that every byte of an accepted file belongs to the header or to exactly one tensor, so nothing can hide in it
/// (huggingface/safetensors, README, "Format"). Canonical means that equal tensors give equal bytes: sorted names, F32, one
/// spelling of the header, spaces up to a multiple of eight.
package enum TensorFile {
  package static let headerByteLimit: UInt64 = 100_000_000

  /// The tensors in name order. F16 is widened to float32, and BF16 whenever it is read: both exactly.
  package static func read(_ file: Data) throws(TensorFileError) -> [Tensor] {
    let result: Result<[Tensor], TensorFileError> = file.withUnsafeBytes { bytes in
      Result { () throws(TensorFileError) in try read(bytes) }
    }
    return try result.get()
  }

  private static func read(_ bytes: UnsafeRawBufferPointer) throws(TensorFileError) -> [Tensor] {
    guard bytes.count >= 8 else { throw TensorFileError(.tooShort(byteCount: bytes.count)) }
    let headerByteCount = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard headerByteCount <= headerByteLimit else { throw TensorFileError(.headerTooLong(byteCount: headerByteCount)) }
    guard headerByteCount <= UInt64(bytes.count - 8) else { throw TensorFileError(.headerBeyondFile(byteCount: headerByteCount)) }
    let dataStart = 8 + Int(headerByteCount)
    let header = try TensorHeader(parsing: UnsafeRawBufferPointer(rebasing: bytes[8..<dataStart]))
    let data = UnsafeRawBufferPointer(rebasing: bytes[dataStart...])
    let elements = try header.entries.map { (entry) throws(TensorFileError) in try ElementType(of: entry) }
    try checkCoverage(header.entries, byteCount: data.count)
    return zip(header.entries, elements).map { entry, element in
      Tensor(name: entry.name, shape: entry.shape, numbers: element.decode(UnsafeRawBufferPointer(rebasing: data[entry.begin..<entry.end])))
    }.inNameOrder
  }

  /// The tensors lie end to end, from the first byte to the last.
  private static func checkCoverage(_ entries: [TensorHeader.Entry], byteCount: Int) throws(TensorFileError) {
    var covered = 0
    var previous = ""
    for entry in entries.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
      guard entry.begin >= covered else { throw TensorFileError(.overlap(tensor: entry.name, with: previous)) }
      guard entry.begin == covered else { throw TensorFileError(.hole(before: entry.name, byteCount: entry.begin - covered)) }
      covered = entry.end
      previous = entry.name
    }
    guard covered <= byteCount else { throw TensorFileError(.bytesMissing(byteCount: covered - byteCount)) }
    guard covered == byteCount else { throw TensorFileError(.bytesBeyondTensors(byteCount: byteCount - covered)) }
  }

  /// The canonical file. Names must differ: two tensors of one name are the caller's defect.
  package static func write(_ tensors: [Tensor]) -> Data {
    let sorted = tensors.inNameOrder
    precondition(zip(sorted, sorted.dropFirst()).allSatisfy { $0.name != $1.name }, "two tensors have one name")
    let opening = opening(of: sorted)
    var file = Data(capacity: opening.count + sorted.reduce(0) { $0 + $1.count * 4 })
    file.append(opening)
    for tensor in sorted { tensor.values.withUnsafeBytes { file.append(contentsOf: $0) } }
    return file
  }

  /// What stands before the numbers of these tensors, which are in name order: the header and its length.
  static func opening(of tensors: [Tensor]) -> Data {
    let header = header(of: tensors)
    return withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header
  }

  private static func header(of tensors: [Tensor]) -> [UInt8] {
    var text = #"{"__metadata__":{"format":"pt"}"#
    var offset = 0
    for tensor in tensors {
      let end = offset + tensor.count * 4
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      text += #",\#(quotedJSON(tensor.name)):{"dtype":"F32","shape":[\#(shape)],"data_offsets":[\#(offset),\#(end)]}"#
      offset = end
    }
    text += "}"
    let bytes = Array(text.utf8)
    return bytes + [UInt8](repeating: 0x20, count: (8 - bytes.count % 8) % 8)
  }
}

private func quotedJSON(_ text: String) -> String { JSONValue.string(text).canonicalText }
