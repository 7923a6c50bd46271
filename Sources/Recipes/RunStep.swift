/// A foreign command.
package struct RunStep: Hashable, Sendable {
  package enum Input: Hashable, Sendable {
    case file(String)
    /// Written with a `/` at its end.
    case folder(String)
    case run(String)
  }

  package let name: String
  /// Program and arguments, with `{input.NAME}` and `{output}` still in them.
  package let command: [String]
  package let inputs: [String: Input]
}

/// The `{…}` in the arguments of a run step.
package enum RunPlaceholder {
  /// The names between braces, in order: `input.dictionary`, `output`. Braces around anything but letters, digits, `.`, `_` and `-` are
  /// left alone, so that a JSON argument stays what it is.
  package static func names(in argument: String) -> [String] {
    argument.matches(of: /\{([A-Za-z][A-Za-z0-9._-]*)\}/).map { String($0.1) }
  }

  /// The argument with each `{name}` replaced by what `value` gives for it; nil leaves it as it is.
  package static func fill(_ argument: String, _ value: (String) -> String?) -> String {
    argument.replacing(/\{([A-Za-z][A-Za-z0-9._-]*)\}/) { match in value(String(match.1)) ?? String(match.0) }
  }
}
