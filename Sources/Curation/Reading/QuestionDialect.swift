internal import Artifacts

/// The members, or the columns of a table, that make a conversation of two turns. The raw value is the name as it stands in a file.
enum FieldName: String, CaseIterable, Hashable, Sendable {
  case instruction, input, context, output, prompt, completion, response, question, answer, user, assistant, system
  case chosen, rejected, label

  /// The place among all names.
  var index: Int {
    guard let index = FieldName.allCases.firstIndex(of: self) else { preconditionFailure("every case is among all cases") }
    return index
  }
}

/// What stands under each name.
struct Fields: Sendable {
  enum Value: Hashable, Sendable {
    case absent, notAString, twice
    case string(String)
  }

  private var values: [Value]

  /// In the order of the names.
  init(_ values: [Value] = Array(repeating: .absent, count: FieldName.allCases.count)) { self.values = values }

  subscript(name: FieldName) -> Value {
    get { values[name.index] }
    set { values[name.index] = newValue }
  }
}

/// One of the ways in which people write a question and its answer. docs/curation.md, "Dialects", is the contract.
struct QuestionDialect: Sendable {
  let question: FieldName
  /// Put after the question, each with an empty line before it, where they are not empty.
  let additions: [FieldName]
  /// The first that is there.
  let answers: [FieldName]

  /// The first whose question and answer are there is taken.
  static let all = [
    QuestionDialect(question: .instruction, additions: [.input, .context], answers: [.output, .response]),
    QuestionDialect(question: .prompt, additions: [], answers: [.completion, .response]),
    QuestionDialect(question: .question, additions: [], answers: [.answer]),
    QuestionDialect(question: .user, additions: [], answers: [.assistant]),
    QuestionDialect(question: .input, additions: [], answers: [.output]),
  ]

  /// The one that a question's name stands for.
  static func asking(_ question: FieldName) -> QuestionDialect? { all.first { $0.question == question } }

  static func choose(isPresent: (FieldName) -> Bool) -> Result<QuestionDialect, RecordFault> {
    if let dialect = all.first(where: { isPresent($0.question) && $0.answers.contains(where: isPresent) }) { return .success(dialect) }
    return .failure(RecordFault(all.contains { isPresent($0.question) } ? .noAnswer : .noContent))
  }

  func messages(_ fields: Fields) -> Result<[Message], RecordFault> {
    do throws(RecordFault) {
      var messages = try prompt(fields)
      let answer = try answers.lazy.first { fields[$0] != .absent }.flatMap { (name) throws(RecordFault) in
        try QuestionDialect.text(fields[name], .answerNotAString)
      }
      messages.append(Message(role: .assistant, content: answer ?? ""))
      return .success(messages)
    } catch {
      return .failure(error)
    }
  }

  /// What is asked, after the system's turn.
  func prompt(_ fields: Fields) throws(RecordFault) -> [Message] {
    var asked = try QuestionDialect.text(fields[question], .questionNotAString) ?? ""
    for name in additions {
      guard let addition = try QuestionDialect.text(fields[name], .additionNotAString), !addition.isEmpty else { continue }
      asked += "\n\n" + addition
    }
    return try QuestionDialect.systemTurn(fields).get() + [Message(role: .user, content: asked)]
  }

  /// No turn where `system` is absent or empty.
  static func systemTurn(_ fields: Fields) -> Result<[Message], RecordFault> {
    do throws(RecordFault) {
      guard let text = try text(fields[.system], .systemNotAString), !text.isEmpty else { return .success([]) }
      return .success([Message(role: .system, content: text)])
    } catch {
      return .failure(error)
    }
  }

  static func text(_ value: Fields.Value, _ reason: DropReason) throws(RecordFault) -> String? {
    switch value {
    case .absent: nil
    case .string(let text): text
    case .notAString: throw RecordFault(reason)
    case .twice: throw RecordFault(.duplicateKey)
    }
  }
}
