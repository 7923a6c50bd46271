internal import Artifacts

/// Why a chat template cannot be used, or cannot be used for a conversation, and where in the template.
package struct TemplateError: ExplainedError, Hashable {
  package enum Kind: Hashable, Sendable {
    /// It is not Jinja.
    case syntax(String)
    /// It is Jinja, and asks for something that this version does not do.
    case unsupported(String)
    /// It went wrong with this conversation, as it does in Jinja.
    case failed(String)
    /// It refused the conversation itself, with `raise_exception`. The words are the template's own, without those of any message.
    case raised(String)
    /// It writes the conversation, but not so that the assistant's words can be told from the others.
    case untold(String)
    /// It grew beyond what any honest template needs.
    case limit(String)
  }

  package let kind: Kind
  /// Both from 1; a column is a character.
  package let line: Int
  package let column: Int

  package init(kind: Kind, line: Int, column: Int) {
    self.kind = kind
    self.line = line
    self.column = column
  }

  package var message: String {
    let place = "chat template: line \(line), column \(column): "
    return switch kind {
    case .syntax(let what), .failed(let what), .limit(let what): place + what
    case .unsupported(let what): place + what + " is not supported"
    case .untold(let why): "chat template: it cannot be told which words are the assistant's: \(why)"
    case .raised(let words): place + "the template refuses the conversation: \"\(words)\""
    }
  }

  package var hint: String? {
    switch kind {
    case .unsupported: "docs/tokenizers.md lists what of Jinja is understood; write the template with that, and name the file chat_template.jinja"
    case .raised: "take such conversations out of the dataset, or bring them into the form that the base's template takes"
    case .untold:
      "put {% generation %} and {% endgeneration %} around what the assistant says, in a chat_template.jinja, or leave such conversations out"
    case .syntax: "correct the template there, or take the one that was published with the model"
    case .failed: "the template may expect other conversations, such as a system message first: look at that place, or leave such conversations out"
    case .limit:
      "cut such conversations into shorter ones; a template with {% generation %} and {% endgeneration %} around what the assistant says is rendered once, and not once for every answer"
    }
  }
}

/// The same with a place in the source's bytes, until somebody who has the source counts lines.
struct TemplateFault: Error {
  let kind: TemplateError.Kind
  let offset: Int
}
