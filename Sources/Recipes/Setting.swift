internal import Artifacts

/// A value of a recipe that has the shape it should have, with its place. Where a part was wrong, that part is missing.
struct Setting {
  indirect enum Value {
    case text(String)
    case integer(Int64)
    case decimal(DecimalNumber)
    case percentage(Percentage)
    case ratio(Ratio)
    case period(Period)
    case size(ByteSize)
    case boolean(Bool)
    case list([Setting])
    case members([Member])
  }

  struct Member {
    var key: String
    var keyPlace: Place
    var setting: Setting
  }

  var place: Place
  var value: Value

  subscript(key: String) -> Setting? { members.first { $0.key == key }?.setting }

  var members: [Member] {
    guard case .members(let members) = value else { return [] }
    return members
  }

  var list: [Setting] {
    guard case .list(let settings) = value else { return [] }
    return settings
  }

  var text: String? {
    guard case .text(let text) = value else { return nil }
    return text
  }

  var integer: Int64? {
    guard case .integer(let value) = value else { return nil }
    return value
  }

  var decimal: DecimalNumber? {
    guard case .decimal(let value) = value else { return nil }
    return value
  }

  var percentage: Percentage? {
    guard case .percentage(let value) = value else { return nil }
    return value
  }

  var ratio: Ratio? {
    guard case .ratio(let value) = value else { return nil }
    return value
  }

  var period: Period? {
    guard case .period(let value) = value else { return nil }
    return value
  }

  var size: ByteSize? {
    guard case .size(let value) = value else { return nil }
    return value
  }

  var boolean: Bool? {
    guard case .boolean(let value) = value else { return nil }
    return value
  }

  /// The members in the order of their names: what a plan and a listing follow, so that moving a block in the file moves nothing else.
  var sortedMembers: [Member] { members.sorted { $0.key < $1.key } }
}

extension Setting {
  /// As JSON, in the spelling that a recipe has: it can be read again as one.
  var json: JSONValue {
    switch value {
    case .text(let text): .string(text)
    case .integer(let value): .integer(value)
    case .decimal(let value): value.json
    case .percentage(let value): .string(value.description)
    case .ratio(let value): .string(value.description)
    case .period(let value): .string(value.description)
    case .size(let value): .string(value.description)
    case .boolean(let value): .bool(value)
    case .list(let settings): .array(settings.map(\.json))
    case .members(let members):
      .object(Dictionary(members.map { ($0.key, $0.setting.json) }, uniquingKeysWith: { first, _ in first }))
    }
  }
}
