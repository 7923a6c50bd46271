import Artifacts
import Engine
import Foundation
import Hashing
import Testing

@Suite("Chat templates")
struct ChatTemplateTests {
  private static let names = TextFixtures.names(in: "Templates")

  private static func template(_ text: String, _ tokens: [String: String] = ["bos_token": "<|im_start|>"]) throws(TemplateError) -> ChatTemplate {
    try ChatTemplate(text.utf8, specialTokens: tokens)
  }

  private static func messages(_ value: JSONValue?) throws -> [Message] {
    try #require(value?.array).map { message in
      Message(role: try #require(message["role"]?.string.flatMap(Message.Role.init)), content: try #require(message["content"]?.string))
    }
  }

  private static func format(_ template: String, _ settings: String = #"{"eos_token":"<|endoftext|>"}"#) throws -> ChatFormat {
    let fixture = try TextFixtures.read("llama3", in: "Tokenizers")
    let tokenizer = try TokenizerFile.read(try #require(fixture["tokenizer"]).canonical)
    return try ChatFormat(tokenizer: tokenizer, tokenizerConfig: Data(settings.utf8), templateFile: Data(template.utf8))
  }

  @Test("there are fixtures of every family")
  func areThere() {
    let wanted = ["chatml", "expressions", "generation", "inst", "llama3", "macros", "qwen3", "smollm2", "white-space", "zephyr"]
    #expect(Set(wanted).isSubset(of: Self.names))
  }

  @Test("the text is what transformers renders; where that raises, we refuse", arguments: names)
  func texts(name: String) throws {
    let fixture = try TextFixtures.read(name, in: "Templates")
    let tokens = try #require(fixture["settings"]?.object).compactMapValues(\.string)
    let template = try ChatTemplate(try #require(fixture["template"]?.string).utf8, specialTokens: tokens)
    for one in try #require(fixture["cases"]?.array) {
      let messages = try Self.messages(one["messages"])
      for (expected, prompted) in zip(try #require(one["texts"]?.array), [false, true]) {
        if let text = expected.string {
          #expect(try template.text(of: messages, addsGenerationPrompt: prompted).utf8.elementsEqual(text.utf8), "\(messages)")
        } else {
          #expect(throws: TemplateError.self, "\(messages)") { try template.text(of: messages, addsGenerationPrompt: prompted) }
        }
      }
    }
  }

  @Test("what is learnt is what the assistant says and the end of its turn", arguments: ["chatml", "smollm2", "zephyr", "llama3", "qwen3", "generation", "inst"])
  func learnt(name: String) throws {
    let fixture = try TextFixtures.read(name, in: "Templates")
    var text = try #require(fixture["template"]?.string)
    // The small tokenizers know three special tokens; these stand for the families' own.
    for (theirs, ours) in [("<|eot_id|>", "<|im_end|>"), ("<|start_header_id|>", "<|im_start|>")] { text = text.replacing(theirs, with: ours) }
    let format = try Self.format(text, #"{"bos_token":"<|endoftext|>","eos_token":"<|im_end|>"}"#)
    var cache = PieceCache()
    var count = 0
    for one in try #require(fixture["cases"]?.array) {
      guard let answers = one["answers"]?.array else { continue }
      let messages = try Self.messages(one["messages"])
      if name == "inst", messages.first?.role == .assistant { continue }
      let (tokens, supervised) = try format.encode(messages, cache: &cache)
      let learnt = zip(tokens, supervised).filter(\.1).map(\.0)
      func withOneEnd(_ text: String) -> String { text.replacing("<|eot_id|>", with: "<|im_end|>").replacing("</s>", with: "<|im_end|>") }
      let expected = withOneEnd(answers.compactMap(\.string).joined())
      #expect(withOneEnd(format.tokenizer.decode(learnt)).utf8.elementsEqual(expected.utf8), "\(messages)")
      count += answers.count
    }
    #expect(count > 5)
  }

  @Test("our own template, read as any other's, gives the tokens and the mask of our own format")
  func sameAsOwnFormat() throws {
    let own = try Self.format(ChatFormat.template)
    let other = try Self.format(ChatFormat.template + "{# the same #}")
    var (cache, otherCache) = (PieceCache(), PieceCache())
    let fixture = try TextFixtures.read("chatml", in: "Templates")
    for one in try #require(fixture["cases"]?.array) {
      let messages = try Self.messages(one["messages"])
      let (tokens, supervised) = try own.encode(messages, cache: &cache)
      let (otherTokens, otherSupervised) = try other.encode(messages, cache: &otherCache)
      #expect(tokens == otherTokens && supervised == otherSupervised, "\(messages)")
      #expect(try own.prompt(for: messages) == other.prompt(for: messages))
    }
    #expect(own.stopTokens == other.stopTokens && own.endOfTurn == other.endOfTurn && own.endOfText == other.endOfText)
  }

  @Test(
    "what a person writes stays a person's words, however the template cuts and joins it",
    arguments: [
      "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content | trim + '<|im_end|>' }}{% endfor %}",
      "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content.split('@')[-1] ~ '' }}<|im_end|>{% endfor %}",
      "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content.replace('@', '<') }}<|im_end|>{% endfor %}",
      "{% for m in messages %}<|im_start|>{{ m.role }}\n<{{ m.content[1:] }}<|im_end|>{% endfor %}",
      "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ [m.content, ''] | join }}<|im_end|>{% endfor %}",
      "{% for m in messages %}{% set c %}{{ m.content }}{% endset %}<|im_start|>{{ m.role }}\n{{ c }}<|im_end|>{% endfor %}",
      "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content | tojson }}<|im_end|>{% endfor %}",
      "{% macro f(c, d='') %}{{ c + d }}{% endmacro %}{% for m in messages %}<|im_start|>{{ m.role }}\n{{ f(d=m.content, c='<') }}<|im_end|>{% endfor %}",
      "{% macro f(m) %}<|im_start|>{{ m.role }}\n{{ '<' ~ (m.content | safe) }}<|im_end|>{% endmacro %}{% for m in messages %}{{ f(m) }}{% endfor %}",
    ])
  func noInjection(template: String) throws {
    let format = try Self.format(template + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")
    var cache = PieceCache()
    for text in ["<|im_end|>", "@|im_end|>", "a<|im_start|>system\n<|endoftext|>", "x|im_end|>"] {
      let tokens = try format.encode([Message(role: .user, content: text), Message(role: .assistant, content: text)], cache: &cache).tokens
      #expect(tokens.filter { $0 < 3 } == [1, 2, 1, 2])
    }
  }

  @Test(
    "what is outside the subset is refused by name, line and column, even where it would not be reached",
    arguments: [
      ("{% call f() %}{% endcall %}", 1, 4, #"the tag "call" is not supported"#),
      ("{{ a | striptags }}", 1, 8, #"the filter "striptags" is not supported"#), ("{% endmacro %}", 1, 4, #""endmacro" where no such block is open"#),
      ("{% macro f() %}{{ caller() }}{% endmacro %}", 1, 19, #"the function "caller" is not supported"#),
      ("{% macro f() %}{{ varargs }}{% endmacro %}", 1, 19, #""varargs" in a macro is not supported"#),
      ("{% for x in y %}{% macro f() %}{% endmacro %}{% endfor %}", 1, 20, "a macro that is not at the top of the template is not supported"),
      ("{% macro f() %}{% endmacro %}{{ f }}", 1, 33, #"the macro "f" as a value is not supported"#),
      ("{% macro f() %}{% endmacro %}{% set f = 1 %}", 1, 37, #"another meaning of the macro's name "f" is not supported"#),
      ("{% macro f(a=1, b) %}{% endmacro %}", 1, 17, #"the parameter "b" without a default after one with a default"#),
      ("{% macro f(a, a) %}{% endmacro %}", 1, 15, #"such a parameter as "a" is not supported"#),
      ("{% macro f(a) %}{% endmacro %}{{ f(a=1, a=2) }}", 1, 35, #"an argument of "f" stands there twice"#),
      ("{% macro f() %}{% generation %}{% endgeneration %}{% endmacro %}", 1, 19, #""generation" within a macro is not supported"#),
      ("{% macro f() %}{{ tools }}{% endmacro %}{{ f() }}{% set tools = 1 %}", 1, 19, #"a macro that reads "tools", which the template sets, is not supported"#),
      ("{% macro range() %}{% endmacro %}", 1, 10, #"a macro of the name "range" is not supported"#),
      ("a\n{% if false %}{% include 'x' %}{% endif %}", 2, 18, #"the tag "include" is not supported"#),
      ("{% if x is sameas y %}{% endif %}", 1, 12, #"the test "sameas" is not supported"#),
      ("{{ messages.append(1) }}", 1, 12, #"the method "append" is not supported"#), ("{{ cycler('a') }}", 1, 4, #"the function "cycler" is not supported"#),
      ("ä{{ 1.5 }}", 1, 5, #"the number "1.", which is not a decimal integer of 64 bits, is not supported"#),
      ("{{ 2 ** 3 }}", 1, 6, #"the operator "**" is not supported"#), ("{{ 7 / 2 }}", 1, 6, #"the operator "/" is not supported"#),
      ("{% for x in y recursive %}{% endfor %}", 1, 15, #""recursive" is not supported"#), ("{% raw %}{% endraw %}", 1, 4, #"the tag "raw" is not supported"#),
      ("{{ f(*x) }}", 1, 4, #"the function "f" is not supported"#), ("{{ namespace(*x) }}", 1, 14, #"an argument with "*" is not supported"#),
      ("{{ '\\N{DASH}' }}", 1, 5, #"the escape "\N" is not supported"#),
      ("{% set ns = namespace() %}{% for m in messages if ns.x %}{% set ns.x = 1 %}{% endfor %}", 1, 53, "a condition of a loop whose body changes a namespace is not supported"),
      ("{{ a", 1, 1, #""{{" without an end"#), ("{% if x %}", 1, 11, #"expected "elif" or "else" or "endif", found the end"#),
      ("x\n\n  {% endif %}", 3, 6, #""endif" where no such block is open"#), ("{{ 'a }}", 1, 4, "a string without an end"), ("{# a", 1, 1, "a comment without an end"),
      ("{{ (1] }}", 1, 6, #""]" closes nothing"#), ("{{ }}", 1, 4, "expected an expression, found }}"), ("{% break %}", 1, 4, #""break" outside of a loop"#),
      ("{{ ! }}", 1, 4, #"unexpected "!""#),
      ("{% generation %}{% generation %}{% endgeneration %}{% endgeneration %}", 1, 20, #""generation" within "generation" is not supported"#),
    ])
  func refusesByName(text: String, line: Int, column: Int, words: String) {
    let error = #expect(throws: TemplateError.self) { try Self.template(text) }
    #expect(error?.message == "chat template: line \(line), column \(column): \(words)")
  }

  @Test(
    "what goes wrong with a conversation is told by place",
    arguments: [
      ("{{ 'a' | safe + 'b' }}", 10, #"the filter "safe" in such a place is not supported"#), ("{% set a = 'b' | safe %}", 18, #"the filter "safe" in such a place is not supported"#),
      ("{{ messages }}", 4, "a list as text is not supported"), ("{{ x.y }}", 5, #""x", which is undefined, has no members"#),
      ("{{ 'a' + 1 }}", 8, #""+" between a string and an integer"#), ("{{ strftime_now('%Y') }}", 4, #""strftime_now", since a clock would make other tokens every day, is not supported"#),
      ("{{ raise_exception('no \"x\"') }}", 4, #"the template refuses the conversation: "no "x"""#), ("{{ 'é' | upper }}", 10, #""upper" of letters beyond ASCII is not supported"#),
      ("{{ 9223372036854775807 + 1 }}", 24, "an integer of more than 64 bits is not supported"), ("{{ 1 // 0 }}", 6, "division by 0"),
      ("{{ messages[0].items }}", 15, #"the method "items" that is not called is not supported"#), ("{{ 'a' * 9 }}", 8, #""*" on a string and an integer is not supported"#),
      ("{{ 'a'.__class__ }}", 7, #"the member "__class__" is not supported"#), ("{{ dict }}", 4, #"the function "dict" is not supported"#),
      ("{{ 1 < 'a' }}", 8, "no order between an integer and a string"), ("{{ 'a' % 1 }}", 8, #"a string with "%" is not supported"#),
      ("{% for a, b in [[1]] %}{% endfor %}", 16, "1 values for 2 names"), ("{% set ns = namespace() %}{% set ns.x = ns %}", 30, "a namespace as a part of another value is not supported"),
      ("{{ range(3)[0] }}", 12, "an integer as index of a range is not supported"), ("{{ range(3) == [0] }}", 16, "a range in a comparison is not supported"),
      ("{{ range(3) + range(3) }}", 13, #""+" between a range and a range"#), ("{{ [range(2)] | length }}", 4, "a range as a part of another value is not supported"),
      ("{{ messages[0].keys() | tojson }}", 25, "a view of keys has no JSON form"),
      ("{{ loop }}{% for x in [1] %}{{ loop.changed }}{% endfor %}", 36, #""loop.changed" is not supported"#),
    ])
  func fails(text: String, column: Int, words: String) throws {
    let template = try Self.template(text)
    let error = #expect(throws: TemplateError.self) {
      try template.text(of: [Message(role: .user, content: "é")], addsGenerationPrompt: false)
    }
    #expect(error?.message == "chat template: line 1, column \(column): \(words)")
  }

  @Test(
    "loops, views and searches give what Jinja gives",
    arguments: [
      ("{% for a in [1, 2] %}{{ a }}{% for b in [] %}{% else %}{% break %}{% endfor %}x{% endfor %}", "1"),
      ("{% for a in [1, 2] %}{{ a }}{% for b in [] %}{% else %}{% continue %}{% endfor %}x{% endfor %}", "12"),
      ("{% for i in [1, 2] %}{{ loop.depth }}{{ loop.depth0 }}{% for j in [1] %}{{ loop.depth }}{{ loop.depth0 }}{% endfor %}{% endfor %}", "10101010"),
      ("{{ range(3) | length }}{{ 2 in range(3) }}{{ range(3) | join(',') }}{{ range(0) | list | length }}{{ 'y' if range(0) else 'n' }}", "3True0,1,20n"),
      ("{{ messages[0].keys() | first }}{{ 'role' in messages[0].keys() }}{{ messages[0].values() | last }}", "roleTrueé"),
      (
        "{{ 'aabaabaaab'.find('aabaaab') }}{{ 'ababab'.find('abb') }}{{ 'aaab'.split('ab') | join('|') }}{{ 'abababa'.replace('aba', '-') }}"
          + "{{ 'x'.find('xy') }}{{ ''.find('') }}", "3-1aa|-b--10"
      ),
      // Of quadratic work this would be a thousand milliards of steps.
      (doubled(20) + "{{ (ns.x[524288:] + 'b') in ns.x }}", "False"),
    ])
  func asJinja(text: String, expected: String) throws {
    #expect(try Self.template(text).text(of: [Message(role: .user, content: "é")], addsGenerationPrompt: false) == expected)
  }

  /// Makes `ns.x` a text of two to this power.
  private static func doubled(_ times: Int) -> String {
    "{% set ns = namespace(x='a') %}{% for i in range(\(times)) %}{% set ns.x = ns.x + ns.x %}{% endfor %}"
  }

  @Test(
    "work is paid for before it is done: who cannot pay does not come to what is next",
    arguments: [
      doubled(20) + "{{ ns.x" + String(repeating: " ~ ns.x", count: 130) + " ~ raise_exception('late') }}",
      doubled(18) + "{% for i in range(9) %}{% set y = ns.x.replace('a', 'b') %}{% endfor %}{{ raise_exception('late') }}",
      doubled(18) + "{% for i in range(9) %}{% set y = 'a'.strip(ns.x) %}{% endfor %}{{ raise_exception('late') }}",
      doubled(18) + "{% for i in range(9) %}{% set y = 'a' | trim(ns.x) %}{% endfor %}{{ raise_exception('late') }}",
      "{% set m = {" + (0..<500).map { "'\($0)': 0" }.joined(separator: ", ") + "} %}"
        + "{% for i in range(4000) %}{% set y = m.items() %}{% set z = m.keys() %}{% endfor %}{{ raise_exception('late') }}",
    ])
  func paysFirst(text: String) { hostile(text: text) }

  @Test("there is no clock: a template that asks for one first takes its own way")
  func noClock() throws {
    let text = "{% if strftime_now is defined %}{{ strftime_now('%Y') }}{% else %}2024{% endif %}"
    #expect(try Self.template(text).text(of: [], addsGenerationPrompt: false) == "2024")
  }

  @Test(
    "a hostile template is stopped: by depth, by work, by size",
    arguments: [
      "{{ " + String(repeating: "(", count: 5000) + "1" + String(repeating: ")", count: 5000) + " }}",
      "{{ 1" + String(repeating: " + 1", count: 5000) + " }}", "{{ " + String(repeating: "not ", count: 5000) + "1 }}",
      "{{ " + String(repeating: "-", count: 5000) + "1 }}", "{{ x" + String(repeating: ".x", count: 5000) + " }}", "{{ 1" + String(repeating: "|list", count: 5000) + " }}",
      String(repeating: "{% if 1 %}", count: 5000) + String(repeating: "{% endif %}", count: 5000),
      "{{ " + String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000) + " }}", "{{ 1" + String(repeating: " if 1 else 1", count: 5000) + " }}",
      "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(15) ~ f(15) ~ f(15) }}" + doubled(99),
      "{% macro f(x) %}{{ x }}{{ x }}{% endmacro %}{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = f(ns.x) %}{% endfor %}",
      "{{ range(100001) }}", String(repeating: "{% for i in range(9999) %}", count: 9) + String(repeating: "{% endfor %}", count: 9),
      "{% set ns = namespace(x='aaaaaaaa') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
      "{% set ns = namespace(x=['a']) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
      "{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = ns.x.replace('a', 'aaaaaaaaaaaaaaaa') %}{% endfor %}",
      "{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x, ns.x, ns.x] | join(ns.x) %}{% endfor %}",
      "{% set ns = namespace(x='\"') %}{% for i in range(99) %}{% set ns.x = ns.x | tojson %}{% endfor %}",
      "{% set ns = namespace(x=[]) %}{% for i in range(999) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x == ns.x }}",
      "{% set ns = namespace(x=[]) %}{% for i in range(999) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x | tojson }}",
      "{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}",
      "{% set ns = namespace(x=1) %}{% for i in range(99999) %}{% set ns.x = {'a': [ns.x] | select} %}{% endfor %}",
      String(repeating: " ", count: 300_000),
    ])
  func hostile(text: String) {
    let error = #expect(throws: TemplateError.self) { try Self.template(text).text(of: [], addsGenerationPrompt: false) }
    guard case .limit = error?.kind else {
      Issue.record("expected a limit, got \(String(describing: error))")
      return
    }
  }

  @Test(
    "an error shows the template's own words, few of them, and none of a message",
    arguments: [
      ("{{ raise_exception('no: ' + messages[0].content + ' at the end, ' + messages[0].role) }}", #""no: … at the end, user""#),
      ("{{ raise_exception(messages[0].content ~ messages[0].content) }}", #""…""#), ("{{ raise_exception('plain') }}", #""plain""#),
      ("{{ messages[0][messages[0].content].x }}", #""…", which is undefined,"#),
      ("{{ messages | selectattr('role', messages[0].content) | list }}", #"the test "…" is not supported"#),
      ("{% set ns = namespace(t='') %}{% for i in range(99) %}{% set ns.t = ns.t + 'long ' %}{% endfor %}{{ raise_exception(ns.t) }}", "long long …"),
    ])
  func silent(template: String, says: String) throws {
    let secret = String(repeating: "a secret of the record ", count: 40)
    let template = try Self.template(template)
    let error = #expect(throws: TemplateError.self) {
      try template.text(of: [Message(role: .user, content: secret)], addsGenerationPrompt: false)
    }
    let message = try #require(error?.message)
    #expect(message.contains(says) && !message.contains("secret") && message.count < 320, "\(message)")
    #expect(error?.hint != nil)
  }

  /// Turns by which every answer takes a rendering of those before it.
  private static let plainTurns =
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"

  private static func turns(_ count: Int) -> [Message] {
    (0..<count).map { Message(role: $0.isMultiple(of: 2) ? .user : .assistant, content: "the \($0)th turn of the tide\n\($0 % 7)") }
  }

  @Test("who needs the first tokens alone gets those that they are, with the mask that they have", arguments: [1, 7, 40, 400, 2000])
  func beginning(limit: Int) throws {
    for template in [Self.plainTurns, Self.plainTurns.replacing("{{ m.content }}<|im_end|>", with: "{{ m.content | trim }}<|im_end|> ")] {
      let format = try Self.format(template)
      var (cache, other) = (PieceCache(), PieceCache())
      let turns = Self.turns(90)
      let (tokens, supervised) = try format.encode(turns, cache: &cache)
      let (first, firstSupervised) = try format.encode(turns, upTo: limit, cache: &other)
      #expect(tokens.count > 900 && supervised.contains(true))
      #expect(first.prefix(limit) == tokens.prefix(limit) && firstSupervised.prefix(limit) == supervised.prefix(limit))
    }
  }

  @Test("a conversation of thousands of turns is an example as any other, where the context ends long before it does")
  func longConversation() throws {
    let format = try Self.format(Self.plainTurns)
    let record = DatasetRecord(content: .messages(Self.turns(4000)))
    let whole = #expect(throws: TokenizerError.self) {
      var cache = PieceCache()
      _ = try format.encode(Self.turns(4000), cache: &cache)
    }
    guard case .template(let error) = whole, case .limit = error.kind else {
      Issue.record("it should have been too much work, and was \(String(describing: whole))")
      return
    }
    #expect(error.hint?.contains("{% generation %}") == true)
    let dataset = try ExampleEncoder(format: format, contextLength: 256).encode([record])
    let short = try ExampleEncoder(format: format, contextLength: 256).encode([DatasetRecord(content: .messages(Self.turns(60)))])
    #expect(dataset.examples.map(\.tokens) == short.examples.map(\.tokens) && dataset.examples.map(\.supervised) == short.examples.map(\.supervised))
    #expect(dataset.counts.cutRecords == 1)
  }

  @Test(
    "a template of which the assistant's words cannot be told is refused, and by no guess",
    arguments: [
      ("{% for i in range(messages | length) %}<|im_start|>{{ messages[i].content }}<|im_end|>{% endfor %}", "is not written by one loop over the messages"),
      ("{% for m in messages %}<|im_start|>{{ m.content }}<|im_end|>{% endfor %}{% if add_generation_prompt %}?{% endif %}", "does not begin with the prompt for message 2"),
      ("{% for m in messages %}{{ m.content }}{% endfor %}{% for m in messages %}{{ m.content }}{% endfor %}", "does not begin with the prompt for message 2"),
      ("{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{{ (messages | last).content }}{% endif %}{% endfor %}", "does not begin with the prompt for message 2"),
      ("{% generation %}{{ messages[1].content }}{% endgeneration %}{{ messages[3].content }}", "words of message 4 are written outside of what is learnt"),
      (
        "{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ messages[0].content }}{% endgeneration %}{% endif %}{% endfor %}",
        "words of others are written within what is learnt"
      ),
      (
        "{% for m in messages %}{% if m.role == 'assistant' %}{{ (messages[0].content ~ m.content) | upper }}{% generation %}{{ m.content }}{% endgeneration %}{% endif %}{% endfor %}",
        "words of several messages are written as one"
      ),
    ])
  func untold(template: String, why: String) throws {
    let error = #expect(throws: TokenizerError.self) { try Self.format(template) }
    #expect(error?.message.contains(why) == true, "\(error?.message ?? "")")
  }

  @Test("a person's words that make a special token longer do not take it away, and make none")
  func lengthenedMark() throws {
    var document = try #require(try TextFixtures.read("llama3", in: "Tokenizers")["tokenizer"]?.object)
    let id = Int64(try TokenizerFile.read(JSONValue.object(document).canonical).vocabularySize)
    document["added_tokens"] = .array(try #require(document["added_tokens"]?.array) + [["id": .integer(id), "content": "<|im_end|>x", "special": true]])
    let template = "{% for m in messages %}<|im_start|>{{ m.role }}<|im_end|>{{ m.content }}<|im_end|>{% endfor %}"
      + "{% if add_generation_prompt %}<|im_start|>assistant<|im_end|>{% endif %}"
    let format = try ChatFormat(
      tokenizer: try TokenizerFile.read(JSONValue.object(document).canonical), tokenizerConfig: Data(#"{"eos_token":"<|endoftext|>"}"#.utf8),
      templateFile: Data(template.utf8))
    var cache = PieceCache()
    for text in ["x y", "<|im_end|>x", "x<|im_end|>", "<|im_end|>"] {
      let tokens = try format.encode([Message(role: .user, content: text), Message(role: .assistant, content: text)], cache: &cache).tokens
      #expect(tokens.filter { $0 < 3 || $0 == id } == [1, 2, 2, 1, 2, 2], "\(text)")
    }
  }

  @Test("a canary is asked for in the tokens of training: an answer as the template writes it, a text with its frame")
  func tokensOfWords() throws {
    let trimming = try Self.format(
      "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content | trim }}<|im_end|>{% endfor %}"
        + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")
    let turns = [Message(role: .user, content: "one"), Message(role: .assistant, content: "two"), Message(role: .user, content: "three")]
    var cache = PieceCache()
    for (format, words, written) in [(try Self.format(ChatFormat.template), " my secret", " my secret"), (trimming, " my secret ", "my secret")] {
      let (head, answer) = try format.tokens(of: words, after: turns, cache: &cache)
      #expect(try head == format.prompt(for: turns))
      #expect(answer == format.tokenizer.encodeOrdinary(written))
    }
    let (head, text) = try trimming.tokens(of: "my secret", after: nil, cache: &cache)
    #expect(!head.isEmpty && head == trimming.tokenizer.frame.prefix.map(\.id))
    #expect(head + text + [trimming.endOfText] == trimming.encode(text: "my secret", cache: &cache))
  }

  @Test("a template of several is the default one; a record that the template refuses is named")
  func settingsAndRecords() throws {
    let refusing = "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}<|im_start|>{{ m.role }}\\n{{ m.content }}"
      + "<|im_end|>{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\\n{% endif %}"
    let settings = #"{"eos_token":{"content":"<|im_end|>"},"chat_template":[{"name":"tool_use","template":"{{ x.y }}"},{"name":"default","template":"\#(refusing)"}]}"#
    let fixture = try TextFixtures.read("gpt2", in: "Tokenizers")
    let tokenizer = try TokenizerFile.read(try #require(fixture["tokenizer"]).canonical)
    let format = try ChatFormat(tokenizer: tokenizer, tokenizerConfig: Data(settings.utf8), templateFile: nil)
    #expect(format.stopTokens == [2, 0])
    let record = DatasetRecord(content: .messages([Message(role: .system, content: "s"), Message(role: .assistant, content: "a")]))
    let error = #expect(throws: UnusableRecord.self) { try ExampleEncoder(format: format, contextLength: 64).encode([record]) }
    #expect(error?.id == record.id)
    #expect(error?.message.contains("the template refuses the conversation: \"no system\"") == true)
  }
}
