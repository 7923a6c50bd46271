internal import Artifacts
internal import Planning

/// Reads the parameters that the plan wrote. The plan and the steps are one program, so what is missing here is a defect, and says so.
struct ParameterReader {
  private let action: ActionID
  private let path: [String]
  private let value: JSONValue

  init(_ action: Action) {
    self.init(action.id, path: [], value: action.parameters)
  }

  private init(_ action: ActionID, path: [String], value: JSONValue) {
    self.action = action
    self.path = path
    self.value = value
  }

  func member(_ name: String) -> ParameterReader? {
    value[name].map { ParameterReader(action, path: path + [name], value: $0) }
  }

  func string(_ name: String) throws(UnreadableParameter) -> String { try read(name) { $0.string } }
  func flag(_ name: String) throws(UnreadableParameter) -> Bool { try read(name) { $0.bool } }
  func count(_ name: String) throws(UnreadableParameter) -> Int { try read(name) { $0.integer.flatMap { Int(exactly: $0) } } }
  func integer(_ name: String) throws(UnreadableParameter) -> Int64 { try read(name) { $0.integer } }
  func array(_ name: String) throws(UnreadableParameter) -> [JSONValue] { try read(name) { $0.array } }
  func document(_ name: String) throws(UnreadableParameter) -> JSONValue { try read(name) { $0 } }

  /// A decimal, which the plan holds as text so that no binary float stands between a recipe and a key: the nearest binary64.
  func decimal(_ name: String) throws(UnreadableParameter) -> Double { try read(name) { $0.string.flatMap(Double.init) } }

  func decimals(_ name: String) throws(UnreadableParameter) -> [Double] {
    try read(name) { value in
      let texts = value.array?.compactMap(\.string)
      let numbers = texts?.compactMap(Double.init)
      return numbers?.count == value.array?.count ? numbers : nil
    }
  }

  private func read<Value>(_ name: String, _ convert: (JSONValue) -> Value?) throws(UnreadableParameter) -> Value {
    guard let member = value[name], let converted = convert(member) else {
      throw UnreadableParameter(action: action, place: (path + [name]).joined(separator: "."))
    }
    return converted
  }
}

struct UnreadableParameter: ExplainedError {
  let action: ActionID
  let place: String

  var message: String { "\(action): the plan's parameter \"\(place)\" is missing or of another kind" }
  var hint: String? { "this is a defect of soulpack: please report it with the recipe" }
}
