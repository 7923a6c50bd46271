internal import Artifacts
internal import Foundation

/// Reads fields out of a Hugging Face JSON file, and names the file and the field where one will not do.
struct ConfigurationReader {
  let file: String
  let members: [String: JSONValue]
  /// Those that say null, which is as good as absent but where something else would be taken for an absent one.
  let nulls: Set<String>

  init(file: String, bytes: Data) throws(ModelError) {
    guard let value = try? JSONValue(parsing: bytes), let members = value.object else { throw .notJSON(file: file) }  // Either way: not an object.
    // Of two values a reader here and one in Python would keep different ones.
    var walker = JSONWalker(Array(bytes))
    let repeated: String?
    do { repeated = try walker.repeatedName() } catch { throw .notJSON(file: file) }  // The stricter of two readers: it could not look at all of it.
    if let repeated { throw .repeatedField(file: file, field: repeated) }
    self.init(file: file, members: members)
  }

  init(file: String, members: [String: JSONValue]) {
    self.file = file
    self.members = members.filter { $0.value != .null }
    nulls = Set(members.filter { $0.value == .null }.keys)
  }

  func has(_ field: String) -> Bool { members[field] != nil }

  func count(_ field: String, default fallback: Int? = nil) throws(ModelError) -> Int {
    guard let value = members[field] else {
      guard let fallback else { throw .missingField(file: file, field: field) }
      return fallback
    }
    guard let integer = value.integer else { throw .missingField(file: file, field: field) }
    guard (1...Self.largestCount).contains(integer) else { throw .impossibleValue(file: file, field: field, value: String(integer)) }
    return Int(integer)
  }

  /// Products of two counts stay far from overflow.
  static let largestCount: Int64 = 1 << 28

  func positiveNumber(_ field: String, default fallback: Double? = nil) throws(ModelError) -> Double {
    guard let number = members[field]?.number ?? (has(field) ? nil : fallback) else { throw .missingField(file: file, field: field) }
    guard number > 0, number.isFinite else { throw .impossibleValue(file: file, field: field, value: "\(number)") }
    return number
  }

  func flag(_ field: String, default fallback: Bool) throws(ModelError) -> Bool {
    guard let value = members[field] else { return fallback }
    guard let flag = value.bool else { throw .missingField(file: file, field: field) }
    return flag
  }

  func string(_ field: String) throws(ModelError) -> String {
    guard let text = members[field]?.string else { throw .missingField(file: file, field: field) }
    return text
  }

  /// Refuses a field that changes the arithmetic, unless it holds the one value that does not. Absent and null are neutral.
  func requireNeutral(_ field: String, _ neutral: [JSONValue]) throws(ModelError) {
    guard let value = members[field], !neutral.contains(value), !Self.equalNumbers(value, neutral) else { return }
    throw .unsupported(file: file, field: field, value: Self.shown(value), supported: neutral.first.map(Self.shown) ?? "only its absence")
  }

  private static func equalNumbers(_ value: JSONValue, _ neutral: [JSONValue]) -> Bool {
    guard let number = value.number else { return false }
    return neutral.contains { $0.number == number }
  }

  private static func shown(_ value: JSONValue) -> String {
    String(value.canonicalText.prefix(80))
  }
}
