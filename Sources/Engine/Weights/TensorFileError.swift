internal import Artifacts

/// What is wrong with a safetensors file. Tensor names come from the file, so they are quoted and cut.
package struct TensorFileError: ExplainedError, Hashable {
  package enum Reason: Hashable, Sendable {
    case tooShort(byteCount: Int)
    case headerTooLong(byteCount: UInt64)
    case headerBeyondFile(byteCount: UInt64)
    case headerSyntax(offset: Int, expected: String)
    case duplicateKey(String)
    case unknownType(tensor: String, type: String)
    case unsupportedType(tensor: String, type: String)
    case sizeOverflow(tensor: String)
    case wrongLength(tensor: String, expected: Int, found: Int)
    case offsetsReversed(tensor: String)
    case overlap(tensor: String, with: String)
    case hole(before: String, byteCount: Int)
    case bytesBeyondTensors(byteCount: Int)
    case bytesMissing(byteCount: Int)
    case notFinite(tensor: String, index: Int)
  }

  package let reason: Reason

  init(_ reason: Reason) { self.reason = reason }

  package var message: String { "not a sound safetensors file: " + fault }

  private var fault: String {
    switch reason {
    case .tooShort(let count): "\(count) bytes are too few for a header"
    case .headerTooLong(let count): "the header claims \(count) bytes, and the format allows \(TensorFile.headerByteLimit)"
    case .headerBeyondFile(let count): "the header claims \(count) bytes, more than the file has"
    case .headerSyntax(let offset, let expected): "at byte \(offset) of the header, expected \(expected)"
    case .duplicateKey(let key): "the key \(quotedName(key)) stands twice"
    case .unknownType(let tensor, let type): "tensor \(quotedName(tensor)) has the unknown type \(quotedName(type))"
    case .unsupportedType(let tensor, let type): "tensor \(quotedName(tensor)) has the type \(quotedName(type)), and the engine reads F32, F16 and BF16"
    case .sizeOverflow(let tensor): "the shape of tensor \(quotedName(tensor)) overflows"
    case .wrongLength(let tensor, let expected, let found): "tensor \(quotedName(tensor)) needs \(expected) bytes and its offsets give \(found)"
    case .offsetsReversed(let tensor): "tensor \(quotedName(tensor)) ends before it begins"
    case .overlap(let tensor, let other): "tensor \(quotedName(tensor)) overlaps \(quotedName(other))"
    case .hole(let tensor, let count): "\(count) bytes before tensor \(quotedName(tensor)) belong to no tensor"
    case .bytesBeyondTensors(let count): "\(count) bytes follow the last tensor"
    case .bytesMissing(let count): "the last \(count) bytes of the tensors are missing"
    case .notFinite(let tensor, let index): "tensor \(quotedName(tensor)) has a NaN or an infinity at element \(index)"
    }
  }

  package var hint: String? {
    switch reason {
    case .unsupportedType: "convert the tensors to float32 or bfloat16 first"
    case .bytesMissing, .headerBeyondFile, .tooShort: "the file may have been cut off: fetch it again"
    default: nil
    }
  }
}

/// A name from a foreign file as an error shows it: quoted, on one line, not longer than a line.
func quotedName(_ name: String) -> String {
  let printable = name.unicodeScalars.prefix(120).map { $0.properties.generalCategory == .control || $0 == "\"" ? "?" : String($0) }
  return "\"" + printable.joined() + "\""
}
