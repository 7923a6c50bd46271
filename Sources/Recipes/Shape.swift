package import Artifacts

/// What may stand at one place of a recipe. The parser, the reference and an editor's JSON Schema all read the same shapes.
package indirect enum Shape: Sendable {
  case text(TextForm)
  case integer(ClosedRange<Int64>)
  case decimal(DecimalRange)
  case percentage
  case ratio
  case period
  case size
  case boolean
  /// One of a few words. `later` holds words that the design has and this version has not.
  case word([String], later: [String] = [])
  case list(of: Shape, atLeast: Int)
  case record(Record)
  /// A mapping whose keys are names that the recipe chooses; `noun` says what each one is.
  case named(noun: String, Shape)
  /// A scalar of one shape, or a list or mapping of another; or a word, or a whole number.
  case either(Shape, Shape)
}

/// How a text must look.
package enum TextForm: Sendable {
  case line
  case paragraph
  /// Lower-case letters, digits and hyphens, at most 64, starting with a letter or digit.
  case name
  /// Semantic Versioning 2.0.0.
  case version
  /// A `did:key` (W3C): base58btc of a public key.
  case key
  /// A file or folder, relative to the root, or absolute.
  case path
  /// The same, inside the root.
  case localPath
  /// A relative path with `*`, `?` and `**`.
  case glob
  /// A model of the hub, at a revision.
  case hubModel
  /// A part of a command line.
  case argument
}

/// Decimals from `lower` to `upper`, each end in or out.
package struct DecimalRange: Sendable {
  package let lower: DecimalNumber
  package let includesLower: Bool
  package let upper: DecimalNumber
  package let includesUpper: Bool

  static func from(_ lower: DecimalNumber, to upper: DecimalNumber) -> DecimalRange {
    DecimalRange(lower: lower, includesLower: true, upper: upper, includesUpper: true)
  }
  static func above(_ lower: DecimalNumber, to upper: DecimalNumber) -> DecimalRange {
    DecimalRange(lower: lower, includesLower: false, upper: upper, includesUpper: true)
  }
  static func from(_ lower: DecimalNumber, below upper: DecimalNumber) -> DecimalRange {
    DecimalRange(lower: lower, includesLower: true, upper: upper, includesUpper: false)
  }

  func contains(_ value: DecimalNumber) -> Bool {
    (includesLower ? value >= lower : value > lower) && (includesUpper ? value <= upper : value < upper)
  }
}

/// A mapping with known keys.
package struct Record: Sendable {
  package enum Keys: Sendable { case eachByItself, exactlyOne }

  package let fields: [Field]
  package let keys: Keys
  package let later: [Later]

  init(_ fields: [Field], keys: Keys = .eachByItself, later: [Later] = []) {
    self.fields = fields
    self.keys = keys
    self.later = later
  }

  /// A key that the design has and this version has not: refused by its name, so that nobody believes it did something.
  package struct Later: Sendable {
    package let key: String
    package let instead: String?

    init(_ key: String, instead: String? = nil) {
      self.key = key
      self.instead = instead
    }
  }
}

/// A key of a record.
package struct Field: Sendable {
  package enum Presence: Sendable {
    case required
    case optional
    /// Left out, it means this; numbers with a fraction stand as text.
    case standard(JSONValue)
    /// Left out, its meaning depends on other keys; the sentence says how.
    case depends
  }

  package let key: String
  package let shape: Shape
  package let presence: Presence
  /// One sentence for the reference and for editors.
  package let doc: String

  init(_ key: String, _ shape: Shape, _ presence: Presence = .optional, _ doc: String) {
    self.key = key
    self.shape = shape
    self.presence = presence
    self.doc = doc
  }
}
