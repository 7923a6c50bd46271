/// The number formats of safetensors that the engine reads, each of which widens to float32 without rounding.
enum ElementType: String {
  case float32 = "F32"
  case float16 = "F16"
  case brainFloat16 = "BF16"

  /// The format's other types: known, so that an error can tell a file of integers from garbage.
  private static let others: Set<String> = [
    "BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F4", "F6_E2M3", "F6_E3M2", "I16", "U16", "I32", "U32", "F64", "I64", "U64", "C64",
  ]

  var byteCount: Int { self == .float32 ? 4 : 2 }

  /// Checks that the entry's offsets hold exactly its shape.
  init(of entry: TensorHeader.Entry) throws(TensorFileError) {
    guard let type = ElementType(rawValue: entry.type) else {
      let isKnown = ElementType.others.contains(entry.type)
      throw TensorFileError(isKnown ? .unsupportedType(tensor: entry.name, type: entry.type) : .unknownType(tensor: entry.name, type: entry.type))
    }
    guard entry.begin <= entry.end else { throw TensorFileError(.offsetsReversed(tensor: entry.name)) }
    var needed = type.byteCount
    for dimension in entry.shape {
      let (product, overflow) = needed.multipliedReportingOverflow(by: dimension)
      guard !overflow else { throw TensorFileError(.sizeOverflow(tensor: entry.name)) }
      needed = product
    }
    guard needed == entry.end - entry.begin else {
      throw TensorFileError(.wrongLength(tensor: entry.name, expected: needed, found: entry.end - entry.begin))
    }
    self = type
  }

  /// Little-endian, as this machine is.
  func decode(_ bytes: UnsafeRawBufferPointer) -> Tensor.Numbers {
    switch self {
    case .float32: .float32(copy(of: bytes))
    case .float16: .float32((copy(of: bytes) as [UInt16]).map { Float(Float16(bitPattern: $0)) })
    case .brainFloat16: .bfloat16(copy(of: bytes))
    }
  }

  private func copy<Element>(of bytes: UnsafeRawBufferPointer) -> [Element] {
    let count = bytes.count / MemoryLayout<Element>.stride
    return [Element](unsafeUninitializedCapacity: count) { elements, written in
      UnsafeMutableRawBufferPointer(elements).copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<(count * MemoryLayout<Element>.stride)]))
      written = count
    }
  }
}
