internal import Artifacts

/// Parameters that a plan should not have held: the planner checks recipes, so this is met only by hand-made plans and by defects.
package struct ParameterError: ExplainedError, Hashable {
  /// Such as `stages[1].length.min-characters`.
  package let place: String
  package let problem: String

  package var message: String { "\(place): \(problem)" }
  package var hint: String? { nil }
}

/// Takes members out of a JSON object and refuses what nobody took: a parameter that is not understood may change what is meant.
struct ParameterReader {
  private let place: String
  private var members: [String: JSONValue]

  init(_ value: JSONValue, at place: String) throws(ParameterError) {
    guard let members = value.object else { throw ParameterError(place: place, problem: "must be an object") }
    self.place = place
    self.members = members
  }

  func place(of name: String) -> String { place.isEmpty ? name : "\(place).\(name)" }

  func error(_ name: String, _ problem: String) -> ParameterError { ParameterError(place: place(of: name), problem: problem) }

  /// Nil where it is absent or null.
  mutating func take(_ name: String) -> JSONValue? {
    guard let value = members.removeValue(forKey: name), value != .null else { return nil }
    return value
  }

  mutating func integer(_ name: String, in range: ClosedRange<Int>, default standard: Int? = nil) throws(ParameterError) -> Int {
    guard let value = take(name) else {
      guard let standard else { throw error(name, "is missing") }
      return standard
    }
    guard let number = value.integer.flatMap({ Int(exactly: $0) }), range.contains(number) else {
      throw error(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  mutating func word(_ name: String, _ words: [String], default standard: String) throws(ParameterError) -> String {
    guard let value = take(name) else { return standard }
    guard let word = value.string, words.contains(word) else {
      throw error(name, "must be " + words.map { "\"\($0)\"" }.joined(separator: " or "))
    }
    return word
  }

  mutating func bool(_ name: String, default standard: Bool) throws(ParameterError) -> Bool {
    guard let value = take(name) else { return standard }
    guard let flag = value.bool else { throw error(name, "must be true or false") }
    return flag
  }

  /// Nil where it is absent or null.
  mutating func object(_ name: String) throws(ParameterError) -> ParameterReader? {
    guard let value = take(name) else { return nil }
    return try ParameterReader(value, at: place(of: name))
  }

  func finish() throws(ParameterError) {
    if let name = members.keys.min() { throw error(name, "is not known") }
  }
}
