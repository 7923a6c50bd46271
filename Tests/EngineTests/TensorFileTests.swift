import Engine
import Foundation
import Testing

@Suite("Tensor files")
struct TensorFileTests {
  @Test("what is written is read back, sorted by name, to the last bit")
  func roundTrip() throws {
    let values: [Float] = [0, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1 / 3, -2]
    let file = TensorFile.write([Tensor(name: "b", shape: [2, 3], values: values), Tensor(name: "a\"é", shape: [1], values: [5]), Tensor(name: "empty", shape: [0, 4], values: [])])
    let tensors = try TensorFile.read(file)
    #expect(tensors.map(\.name) == ["a\"é", "b", "empty"])
    #expect(tensors.map(\.shape) == [[1], [2, 3], [0, 4]])
    #expect(tensors[1].values.map(\.bitPattern) == values.map(\.bitPattern))
    #expect(TensorFile.write(tensors.reversed()) == file)
  }

  @Test("the header is the one spelling, padded with spaces to a multiple of eight")
  func canonicalHeader() {
    let file = TensorFile.write([Tensor(name: "w", shape: [1, 1], values: [1])])
    let header = #"{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}"#
    let padding = String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    #expect(file == Self.file(header + padding, data: [0, 0, 0x80, 0x3F]))
  }

  @Test("F16 and BF16 widen exactly")
  func halves() throws {
    let header = #"{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]}}"#
    let tensors = try TensorFile.read(Self.file(header, data: [0x01, 0x00, 0x00, 0xC4, 0x80, 0x3F, 0x01, 0x00]))
    #expect(tensors[1].values == [0x1p-24, -4])
    #expect(tensors[0].values == [1, Float(bitPattern: 0x10000)])
  }

  @Test("white space, escapes and trailing spaces of other writers are read")
  func foreignSpelling() throws {
    let header = "{ \"\\u0077\\ud83d\\ude00\" : { \"shape\" : [ ] , \"data_offsets\":[0, 4],\n\t\"dtype\":\"F32\" } }   "
    let tensors = try TensorFile.read(Self.file(header, data: [0, 0, 0, 0x40]))
    #expect(tensors.map(\.name) == ["w😀"])
    #expect(tensors[0].shape == [])
    #expect(tensors[0].values == [2])
  }

  /// Hostile files: each header with its data length, and the words that the refusal must say.
  static let hostile: [(header: String, dataCount: Int, says: String)] = [
    (#" {"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4, "expected {"),
    (#"[]"#, 0, "expected {"),
    (#""#, 0, "expected {"),
    (#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#, 4, "expected }"),
    (#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}x"#, 4, "nothing after"),
    (#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},}"#, 4, "expected \""),
    (#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "stands twice"),
    (#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\u0077":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "stands twice"),
    (#"{"w":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4, "\"dtype\" stands twice"),
    (#"{"__metadata__":{"a":"b","a":"c"}}"#, 0, "\"a\" stands twice"),
    (#"{"__metadata__":{"a":1}}"#, 0, "expected \""),
    (#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":[1]}}"#, 4, "expected dtype"),
    (#"{"w":{"dtype":"F32","shape":[1]}}"#, 4, "data_offsets"),
    (#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#, 4, "data_offsets"),
    (#"{"w":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#, 8, "\"I64\", and the engine reads"),
    (#"{"w":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}}"#, 4, "unknown type \"F99\""),
    (#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, "needs 8 bytes"),
    (#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, "ends before it begins"),
    (#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "belong to no tensor"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "overlaps"),
    (#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 8, "follow the last tensor"),
    (#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 3, "are missing"),
    (#"{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, "natural number"),
    (#"{"w":{"dtype":"F32","shape":[01],"data_offsets":[0,4]}}"#, 4, "natural number"),
    (#"{"w":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#, 4, "expected ]"),
    (#"{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#, 0, "overflows"),
    (#"{"w":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}"#, 4, "natural number"),
    ("{\"w\n\":{}}", 0, "end of a string"),
    (#"{"\ud83d":{}}"#, 0, "surrogate"),
    (#"{"\q":{}}"#, 0, "escape"),
  ]

  @Test("hostile files are refused with the reason", arguments: hostile)
  func refusals(header: String, dataCount: Int, says: String) throws {
    let file = Self.file(header, data: [UInt8](repeating: 0, count: dataCount))
    let error = #expect(throws: TensorFileError.self) { try TensorFile.read(file) }
    #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
  }

  @Test("a header that is cut, too long or not UTF-8 is refused")
  func framing() {
    let tooLong = Data([0x01, 0xE1, 0xF5, 0x05, 0, 0, 0, 0])  // 100,000,001
    #expect(throws: TensorFileError.self) { try TensorFile.read(tooLong) }
    #expect(throws: TensorFileError.self) { try TensorFile.read(Data([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])) }
    #expect(throws: TensorFileError.self) { try TensorFile.read(Data([2, 0, 0, 0, 0, 0, 0])) }
    #expect(throws: TensorFileError.self) { try TensorFile.read(Data([2, 0, 0, 0, 0, 0, 0, 0, 0x7B])) }
    var bytes = Self.file(#"{"w?":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, data: [0, 0, 0, 0])
    bytes[8 + 3] = 0xFF
    #expect(throws: TensorFileError.self) { try TensorFile.read(bytes) }
  }

  @Test("a slice of a larger buffer is read like any other")
  func slices() throws {
    let file = TensorFile.write([Tensor(name: "w", shape: [1], values: [1.5])])
    let slice = (Data([9, 9, 9]) + file).dropFirst(3)
    #expect(try TensorFile.read(slice)[0].values == [1.5])
  }

  static func file(_ header: String, data: [UInt8]) -> Data {
    var file = Data()
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { file.append(contentsOf: $0) }
    return file + Data(header.utf8) + Data(data)
  }
}
