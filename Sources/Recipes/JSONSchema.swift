package import Artifacts

extension RecipeSchema {
  /// A JSON Schema (draft 2020-12) for editors, from the shapes that the parser reads. What only rules can say is not in it.
  package static var jsonSchema: JSONValue {
    let shape = Shape.record(recipe).jsonSchema
    let head: [String: JSONValue] = ["$schema": "https://json-schema.org/draft/2020-12/schema", "title": "soulpack recipe"]
    return .object(head.merging(shape.object ?? [:]) { first, _ in first })
  }
}

extension Shape {
  fileprivate var jsonSchema: JSONValue {
    switch self {
    case .text(.name): ["type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,63}$"]
    case .text(.hubModel): ["type": "string", "pattern": "^hf://[^/@]+/[^/@]+@.+$"]
    case .text: ["type": "string", "minLength": 1]
    case .integer(let range): ["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]
    case .decimal(let range):
      [
        "type": "number", range.includesLower ? "minimum" : "exclusiveMinimum": range.lower.json,
        range.includesUpper ? "maximum" : "exclusiveMaximum": range.upper.json,
      ]
    case .percentage: ["type": "string", "pattern": "^[0-9]+([.][0-9]{1,4})?%$"]
    case .ratio: ["type": ["string", "number"]]
    case .period: ["type": "string", "pattern": "^[0-9]{1,5}[smhd]$"]
    case .size: ["type": "string", "pattern": "^[0-9]{1,5}[MGT]B$"]
    case .boolean: ["type": "boolean"]
    case .word(let words, _): ["enum": .array(words.map { .string($0) })]
    case .list(let shape, let atLeast): ["type": "array", "items": shape.jsonSchema, "minItems": .integer(Int64(atLeast))]
    case .named(_, let shape):
      ["type": "object", "propertyNames": Shape.text(.name).jsonSchema, "additionalProperties": shape.jsonSchema]
    case .either(let scalar, let collection): ["anyOf": [scalar.jsonSchema, collection.jsonSchema]]
    case .record(let record): record.jsonSchema
    }
  }
}

extension Record {
  fileprivate var jsonSchema: JSONValue {
    let properties = fields.map { field in (field.key, field.jsonSchema) }
    let required = fields.filter(\.isRequired).map { JSONValue.string($0.key) }
    var schema: [String: JSONValue] = [
      "type": "object", "additionalProperties": false,
      "properties": .object(Dictionary(properties, uniquingKeysWith: { first, _ in first })),
    ]
    if !required.isEmpty { schema["required"] = .array(required) }
    if keys == .exactlyOne { (schema["minProperties"], schema["maxProperties"]) = (1, 1) }
    return .object(schema)
  }
}

extension Field {
  fileprivate var isRequired: Bool {
    if case .required = presence { true } else { false }
  }

  /// No `default` for a quantity with a fraction: the schema keeps those as text, an editor would take them for strings.
  fileprivate var jsonSchema: JSONValue {
    var schema = shape.jsonSchema.object ?? [:]
    schema["description"] = .string(doc)
    if case .standard(let value) = presence, !shape.isDecimal { schema["default"] = value }
    return .object(schema)
  }
}

extension Shape {
  fileprivate var isDecimal: Bool {
    switch self {
    case .decimal: true
    case .list(let shape, _): shape.isDecimal
    default: false
    }
  }
}
