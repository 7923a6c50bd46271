internal import Artifacts

/// Neighbouring tokens of an example that are all learnt, or all only read.
package struct ExampleRun: Hashable, Sendable {
  package let tokens: [Int32]
  package let isLearnt: Bool
  package let text: String

  /// `context "…"` or `learnt "…"`: nothing in it steers a terminal.
  package var line: String { (isLearnt ? "learnt   " : "context  ") + escapedJSON(text) }
}

extension ChatFormat {
  /// An example for a person to read: a line for each of its runs, `context` or `learnt`, its text in JSON's quotes so that nothing in
  /// it steers a terminal. It shows the text of a record: only for someone who asked.
  package func view(of example: EncodedExample) -> String { runs(of: example).map { $0.line + "\n" }.joined() }

  /// A run ends where its text ends a line, too.
  package func runs(of example: EncodedExample) -> [ExampleRun] {
    var runs: [ExampleRun] = []
    var start = 0
    for index in example.tokens.indices {
      let isLast = index + 1 == example.tokens.count || example.supervised[index + 1] != example.supervised[index]
      guard isLast || tokenizer.decodeBytes(CollectionOfOne(example.tokens[index])).last == UInt8(ascii: "\n") else { continue }
      let tokens = Array(example.tokens[start...index])
      runs.append(ExampleRun(tokens: tokens, isLearnt: example.supervised[index], text: tokenizer.decode(tokens, isContinued: start > 0)))
      start = index + 1
    }
    return runs
  }
}

/// A JSON string in which every control and format character is escaped, not only those that JSON asks for (C1 controls and bidirectional
/// overrides are neither).
private func escapedJSON(_ text: String) -> String {
  var output = ""
  for scalar in JSONValue.string(text).canonicalText.unicodeScalars {
    switch scalar.properties.generalCategory {
    case .control, .format: output += scalar.utf16.map { #"\u"# + hexadecimal([UInt8($0 >> 8), UInt8($0 & 0xFF)]) }.joined()
    default: output.unicodeScalars.append(scalar)
    }
  }
  return output
}
