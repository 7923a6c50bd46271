/// Puts paths where an argument of a command has `{output}` or `{input.NAME}`.
package struct Placeholders: Sendable {
  /// By what stands between the braces. Relative to the folder in which the command runs: the folder's own name is another each time, and a
  /// command that writes its arguments down would give other bytes.
  private let paths: [String: String]

  package init(inputs: some Sequence<String>, output: String? = nil) {
    var paths: [String: String] = [:]
    for name in inputs { paths["input.\(name)"] = "inputs/\(name)" }
    paths["output"] = output
    self.paths = paths
  }

  /// One pass from left to right: what was put in is not looked at again, and braces around anything else stay.
  package func expand(_ argument: String) -> String {
    var expanded = String.UnicodeScalarView()
    var rest = argument.unicodeScalars[...]
    while let open = rest.firstIndex(of: "{") {
      expanded += rest[..<open]
      let inside = rest[rest.index(after: open)...]
      if let close = inside.firstIndex(of: "}"), let path = paths[String(inside[..<close])] {
        expanded += path.unicodeScalars
        rest = inside[inside.index(after: close)...]
      } else {
        expanded.append("{")
        rest = inside
      }
    }
    return String(expanded + rest)
  }
}
