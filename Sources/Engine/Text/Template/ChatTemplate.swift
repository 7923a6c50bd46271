package import Artifacts

/// A model's chat template: the subset of Jinja that published models use, read once and rendered for each conversation.
///
/// Its judge is `transformers`' `apply_chat_template`: the same template and messages give the same text, or a refusal. Two things differ on
/// purpose. There is no clock, so `strftime_now` is undefined (a template that asks for it first, as Llama 3.2's does, writes the date that it
/// has for that case). And it is known who wrote what (`TemplateText`).
package struct ChatTemplate: Sendable {
  private let source: [UInt8]
  private let statements: [TemplateStatement]
  /// `bos_token` and its like.
  private let specialTokens: [String: String]
  private static let longestSource = 1 << 18

  package init(_ text: some Sequence<UInt8>, specialTokens: [String: String]) throws(TemplateError) {
    source = TemplateLexer.normalized(Array(text))
    self.specialTokens = specialTokens
    guard source.count <= Self.longestSource else {
      throw TemplateError(kind: .limit("a template of more than \(Self.longestSource) bytes"), line: 1, column: 1)
    }
    do throws(TemplateFault) {
      guard String(validating: source, as: UTF8.self) != nil else { throw TemplateFault(kind: .syntax("not UTF-8"), offset: 0) }
      var lexer = TemplateLexer(source)
      var parser = TemplateParser(try lexer.run())
      statements = try parser.run()
    } catch {
      throw Self.located(error, in: source)
    }
  }

  /// The text of a conversation as it is written for other programs.
  package func text(of messages: [Message], addsGenerationPrompt: Bool) throws(TemplateError) -> String {
    var budget = TemplateEvaluator.fullBudget
    return try render(messages, addsGenerationPrompt: addsGenerationPrompt, budget: &budget).text.string
  }

  /// Line and column of a fault: only now, since most templates have none.
  fileprivate static func located(_ fault: TemplateFault, in source: [UInt8]) -> TemplateError {
    let before = source.prefix(fault.offset)
    let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    return TemplateError(
      kind: fault.kind, line: 1 + before.count { $0 == UInt8(ascii: "\n") },
      column: 1 + before[lineStart...].count { $0 & 0xC0 != 0x80 })
  }
}

/// A conversation as a template wrote it.
struct RenderedConversation {
  let text: TemplateText
  /// What a model is to say, in the order of the text: places in its bytes.
  var answers: [Range<Int>] = []

  fileprivate let generated: [Range<Int>]
  fileprivate let written: [Int: Range<Int>?]
}

// MARK: - Rendering

extension ChatTemplate {
  private func render(
    _ messages: [Message], addsGenerationPrompt: Bool, budget: inout Int
  ) throws(TemplateError) -> RenderedConversation {
    var variables: [String: TemplateValue] = specialTokens.mapValues { .text($0) }
    variables["messages"] = .list(messages.enumerated().map { index, message in .mapping(Self.mapping(of: message, at: index)) })
    variables["tools"] = TemplateValue.none
    variables["documents"] = TemplateValue.none
    variables["add_generation_prompt"] = .bool(addsGenerationPrompt)
    var evaluator = TemplateEvaluator(variables: variables, budget: min(budget, TemplateEvaluator.fullBudget))
    let given = evaluator.budget
    do {
      _ = try evaluator.run(statements)
    } catch {
      throw Self.located(error, in: source)
    }
    budget -= given - evaluator.budget
    return RenderedConversation(text: evaluator.output, generated: evaluator.generated, written: evaluator.written)
  }

  /// The role is a word of ours and may become part of a special token, as in `<|assistant|>`; the content may not.
  private static func mapping(of message: Message, at index: Int) -> TemplateMapping {
    var mapping = TemplateMapping()
    mapping.set(TemplateText("role"), to: .text(message.role.rawValue))
    mapping.set(TemplateText("content"), to: .text(TemplateText(message.content.utf8, origin: .message(index))))
    mapping.messageIndex = index
    return mapping
  }
}

// MARK: - Whose words

extension ChatTemplate {
  /// A conversation with the places of its answers. `marks` gives the places of special tokens that the template wrote into a text, ascending.
  ///
  /// Where the template has `{% generation %}`, they are what its blocks wrote. Else an answer begins where the prompt for it ends: the turns
  /// before it, rendered with `add_generation_prompt`, must be how the whole begins. It ends with the last special token that the template wrote
  /// while its loop stood at that message, or with all that it wrote there if it wrote none. A template of which that cannot be said is refused.
  ///
  /// `isEnough` is asked now and then with the answers that are known so far: whoever cuts the conversation off before the end of the last of them does
  /// not need those after it, each of which takes a rendering of all that stands before it.
  func conversation(
    _ messages: [Message], addsGenerationPrompt: Bool = false, marks: (TemplateText) -> [Range<Int>],
    isEnough: (_ text: TemplateText, _ answers: [Range<Int>]) -> Bool = { _, _ in false }
  ) throws(TemplateError) -> RenderedConversation {
    // Each answer takes a rendering of what is before it.
    var budget = 4 * TemplateEvaluator.fullBudget
    var whole = try render(messages, addsGenerationPrompt: addsGenerationPrompt, budget: &budget)
    let answers = messages.indices.filter { messages[$0].role == .assistant }
    if hasGenerationBlock {
      whole.answers = whole.generated
    } else {
      let marks = marks(whole.text)
      var nextQuestion = 1
      for index in answers {
        whole.answers.append(try answer(index, of: messages, in: whole, marks, budget: &budget))
        guard whole.answers.count == nextQuestion else { continue }
        if isEnough(whole.text, whole.answers) { break }
        nextQuestion *= 2
      }
    }
    try check(hasGenerationBlock ? answers : Array(answers.prefix(whole.answers.count)), of: answers, in: whole)
    return whole
  }

  private func answer(
    _ index: Int, of messages: [Message], in whole: RenderedConversation, _ marks: [Range<Int>], budget: inout Int
  ) throws(TemplateError) -> Range<Int> {
    let prompt = try render(Array(messages[..<index]), addsGenerationPrompt: true, budget: &budget).text.bytes
    let name = "message \(index + 1)"
    guard whole.text.bytes.starts(with: prompt) else {
      throw untold("the conversation does not begin with the prompt for \(name)")
    }
    guard let written = whole.written[index] ?? nil, written.lowerBound <= prompt.count, prompt.count <= written.upperBound else {
      throw untold("the text of \(name) is not written by one loop over the messages")
    }
    let end = marks.last { prompt.count <= $0.lowerBound && $0.upperBound <= written.upperBound }?.upperBound
    return prompt.count..<(end ?? written.upperBound)
  }

  /// The words of the assistant's messages that were asked for are in answers, all of them, and nobody else's are.
  private func check(_ asked: [Int], of answers: [Int], in whole: RenderedConversation) throws(TemplateError) {
    for index in asked {
      let isInside = whole.text.places(of: index).allSatisfy { place in
        whole.answers.contains { $0.lowerBound <= place.lowerBound && place.upperBound <= $0.upperBound }
      }
      guard isInside else { throw untold("words of message \(index + 1) are written outside of what is learnt") }
    }
    guard answers.isEmpty || !whole.text.hasMixed else { throw untold("words of several messages are written as one") }
    let own = Set(answers)
    for place in whole.answers where whole.text.hasOthers(than: own, in: place) {
      throw untold("words of others are written within what is learnt")
    }
  }

  private func untold(_ why: String) -> TemplateError {
    TemplateError(kind: .untold(why), line: 1, column: 1)
  }

  private var hasGenerationBlock: Bool { Self.hasGenerationBlock(statements) }

  private static func hasGenerationBlock(_ statements: [TemplateStatement]) -> Bool {
    statements.contains { statement in
      switch statement.kind {
      case .generation: true
      case .choice(let branches, let otherwise): branches.contains { hasGenerationBlock($0.body) } || hasGenerationBlock(otherwise)
      case .loop(let loop): hasGenerationBlock(loop.body) || hasGenerationBlock(loop.otherwise)
      case .capture(_, let body): hasGenerationBlock(body)
      case .data, .output, .assignment, .breakLoop, .continueLoop, .macro: false
      }
    }
  }
}
