import Artifacts
import Engine
import Foundation
import Testing

/// Our half of `tools/judge-templates.py`, which sets the variable, leaves templates and conversations in that folder, and compares what this
/// writes with what `transformers` says.
private let judgeFolder = ProcessInfo.processInfo.environment["SOULPACK_TEMPLATE_JUDGE"].map { URL(filePath: $0, directoryHint: .isDirectory) }

@Suite("Chat templates against the judge", .enabled(if: judgeFolder != nil, "run tools/judge-templates.py"))
struct TemplateJudgeTests {
  @Test("every template is rendered for every conversation, tokenized, and says which tokens are the assistant's")
  func answersJudge() throws {
    let folder = try #require(judgeFolder)
    let conversations = try #require(JSONValue(parsing: Data(contentsOf: folder.appending(path: "conversations.json"))).array).map(messages)
    let tokenizer = try TokenizerFile.read(Data(contentsOf: folder.appending(path: "tokenizer.json")))
    let settings = try Data(contentsOf: folder.appending(path: "tokenizer_config.json"))
    for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) where file.pathExtension == "jinja" {
      let bytes = try Data(contentsOf: file)
      let answers = JSONValue.object([
        "texts": .array(texts(bytes, settings, conversations)), "tokens": .array(tokens(bytes, settings, tokenizer, conversations)),
      ])
      try answers.canonical.write(to: file.deletingPathExtension().appendingPathExtension("answers"))
    }
  }

  /// For each conversation the text without and with the prompt for an answer, or the refusal.
  private func texts(_ bytes: Data, _ settings: Data, _ conversations: [[Message]]) -> [JSONValue] {
    let template = Result { () throws -> ChatTemplate in
      let document = try JSONValue(parsing: settings).object ?? [:]
      return try ChatTemplate(bytes, specialTokens: document.compactMapValues(\.string))
    }
    return conversations.map { messages in
      .array([false, true].map { prompted in
        answer { ["text": .string(try template.get().text(of: messages, addsGenerationPrompt: prompted))] }
      })
    }
  }

  private func tokens(_ bytes: Data, _ settings: Data, _ tokenizer: Tokenizer, _ conversations: [[Message]]) -> [JSONValue] {
    let format = Result { try ChatFormat(tokenizer: tokenizer, tokenizerConfig: settings, templateFile: bytes) }
    var cache = PieceCache()
    return conversations.map { messages in
      answer {
        let (tokens, supervised) = try format.get().encode(messages, cache: &cache)
        let prompt = try format.get().prompt(for: messages)
        return [
          "tokens": .array(tokens.map { .integer(Int64($0)) }), "learnt": .array(supervised.map { .bool($0) }),
          "prompt": .array(prompt.map { .integer(Int64($0)) }),
        ]
      }
    }
  }

  private func answer(_ body: () throws -> JSONValue) -> JSONValue {
    do {
      return try body()
    } catch let error as any ExplainedError {
      return ["refusal": .string(error.message)]
    } catch {
      return ["refusal": .string("\(error)")]
    }
  }

  private func messages(_ value: JSONValue) -> [Message] {
    (value.array ?? []).compactMap { message in
      guard let role = message["role"]?.string.flatMap(Message.Role.init), let content = message["content"]?.string else { return nil }
      return Message(role: role, content: content)
    }
  }
}
