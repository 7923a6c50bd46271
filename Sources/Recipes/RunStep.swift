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
enum RunPlaceholder {
  /// The names between braces, in order: `input.dictionary`, `output`. Braces around anything but letters, digits, `.`, `_` and `-` are
  /// left alone, so that a JSON argument stays what it is.
  static func names(in argument: String) -> [String] {
    argument.matches(of: /\{([A-Za-z][A-Za-z0-9._-]*)\}/).map { String($0.1) }
  }
}
