internal import Artifacts

/// The filter `tojson`.
extension TemplateEvaluator {
  /// As Python's `json.dumps` with `ensure_ascii=False`, which is `transformers`' own filter.
  mutating func json(_ value: TemplateValue, _ arguments: TemplateValues, at offset: Int) throws(TemplateFault) -> TemplateText {
    let bound = try arguments.bound(to: ["ensure_ascii", "indent"], at: offset)
    if bound[0]?.isTrue ?? false { throw unsupported("\"tojson\" with \"ensure_ascii\"", at: offset) }
    var indent: Int?
    switch bound[1] {
    case nil, .some(.none): break
    case .some(let value):
      guard let number = value.number, (0...16).contains(number) else { throw unsupported("\"tojson\" with such an indent", at: offset) }
      indent = number
    }
    var text = TemplateText()
    try append(value, to: &text, indent: indent, depth: 0, at: offset)
    return text
  }

  private mutating func append(
    _ value: TemplateValue, to text: inout TemplateText, indent: Int?, depth: Int, at offset: Int
  ) throws(TemplateFault) {
    try pay(8 * (1 + depth), at: offset)
    switch value {
    case .none: text.append(TemplateText("null"))
    case .bool(let value): text.append(TemplateText(value ? "true" : "false"))
    case .integer(let value): text.append(TemplateText(String(value)))
    case .text(let string):
      try pay(6 * string.bytes.count, at: offset)
      text.append(string.replaced(by: Self.quotedJSON(string.bytes)))
    case .list(let items), .tuple(let items):
      try appendAll(items, "[", "]", to: &text, indent, depth, at: offset) { (evaluator, item, text) throws(TemplateFault) in
        try evaluator.append(item, to: &text, indent: indent, depth: depth + 1, at: offset)
      }
    case .mapping(let mapping):
      try appendAll(mapping.members, "{", "}", to: &text, indent, depth, at: offset) { (evaluator, member, text) throws(TemplateFault) in
        try evaluator.append(.text(member.key), to: &text, indent: indent, depth: depth + 1, at: offset)
        text.append(TemplateText(": "))
        try evaluator.append(member.value, to: &text, indent: indent, depth: depth + 1, at: offset)
      }
    case .undefined, .namespace, .generator, .view, .loop, .function: throw failed("\(value.typeName) has no JSON form", at: offset)
    }
  }

  private mutating func appendAll<Item>(
    _ items: [Item], _ open: String, _ close: String, to text: inout TemplateText, _ indent: Int?, _ depth: Int, at offset: Int,
    _ body: (inout TemplateEvaluator, Item, inout TemplateText) throws(TemplateFault) -> Void
  ) throws(TemplateFault) {
    guard depth < 100 else { throw TemplateFault(kind: .limit("JSON nested deeper than 100 levels"), offset: offset) }
    func newLine(_ depth: Int) -> String { indent.map { "\n" + String(repeating: " ", count: $0 * depth) } ?? "" }
    text.append(TemplateText(open))
    for (index, item) in items.enumerated() {
      if index > 0 { text.append(TemplateText(indent == nil ? ", " : ",")) }
      text.append(TemplateText(newLine(depth + 1)))
      try body(&self, item, &text)
    }
    text.append(TemplateText(items.isEmpty ? close : newLine(depth) + close))
  }

  private static func quotedJSON(_ bytes: [UInt8]) -> [UInt8] {
    var output = Array("\"".utf8)
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
      case 0x0A: output += Array("\\n".utf8)
      case 0x0D: output += Array("\\r".utf8)
      case 0x09: output += Array("\\t".utf8)
      case 0x08: output += Array("\\b".utf8)
      case 0x0C: output += Array("\\f".utf8)
      case 0..<0x20: output += Array("\\u00\(hexadecimal([byte]))".utf8)
      default: output.append(byte)
      }
    }
    return output + Array("\"".utf8)
  }
}
