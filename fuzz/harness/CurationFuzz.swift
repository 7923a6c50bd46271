// Fuzzes the readers of curation: takes the kept inputs of a format, changes them by chance, and holds what is read against `CurationInvariants`.
//
//     swift build -c release --product curation-fuzz
//     .build/release/curation-fuzz FORMAT SECONDS [SEED]          jsonl, json, csv, prose, telegram, whatsapp, archives
//     .build/release/curation-fuzz FORMAT once SEED NUMBER [FILE]  one input again, written to FILE
//
// One seed gives one row of inputs. The number of the input that is being read stands in curation-fuzz.FORMAT.number, for after a crash; an input that
// takes ten seconds ends the run.
//
// `fuzz/json-shim.cpp` does the same for the C++ below, guided by coverage and under sanitizers.

internal import Curation
internal import FuzzInvariants
internal import Foundation

@main
enum CurationFuzz {
  static func main() async throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    guard arguments.count >= 2, let format = Format(rawValue: arguments[0]) else {
      print("usage: curation-fuzz FORMAT SECONDS [SEED], or curation-fuzz FORMAT once SEED NUMBER [FILE]; FORMAT: \(Format.allCases.map(\.rawValue).joined(separator: ", "))")
      exit(2)
    }
    let fuzzer = try Fuzzer(format)
    if arguments[1] == "once" {
      guard arguments.count >= 4, let seed = UInt64(arguments[2]), let number = UInt64(arguments[3]) else { exit(2) }
      let input = fuzzer.input(seed, number)
      if arguments.count > 4 { try input.data.write(to: URL(filePath: arguments[4])) }
      print("\(input.name): \(input.data.count) bytes, pieces of \(input.partByteCount)")
      print(try await fuzzer.check(input), "records")
    } else {
      guard let seconds = Double(arguments[1]) else { exit(2) }
      try await fuzzer.run(seconds: seconds, seed: arguments.count > 2 ? UInt64(arguments[2]) ?? 1 : 1)
    }
  }
}

enum Format: String, CaseIterable {
  case jsonl, json, csv, prose, telegram, whatsapp, archives

  /// Stretches of the format that chance would not find.
  var words: [String] {
    switch self {
    case .jsonl, .json:
      [
        "{\"text\":\"", "\"messages\":[", "{\"role\":\"user\",\"content\":\"", "{\"from\":\"gpt\",\"value\":\"", "\"conversation\":", "\"tools\":[{", "\"tool_calls\":[",
        "\"chosen\":", "\"rejected\":", "\"label\":true", "null", "[[[[", "]]]]", "}}", "\\ud800", "\\u0000", "\\\"", "1e999", "\u{feff}", "\n", ",", "é", "\\",
      ]
    case .csv: ["\"", "\"\"", "\\\"", ",", ";", "\t", "\r\n", "\r", "sep=;\n", "question,answer\n", "text\n", "\u{feff}", "é", "chosen", "label", " \"", "\" "]
    case .prose: ["---\n", "...\n", "\n\n", "```\n", "~~~~\n", "# ", "\r\n", "\u{feff}", String(repeating: "word ", count: 300), "é", "    "]
    case .telegram:
      [
        "{\"type\":\"message\",", "\"type\":\"service\"", "\"from\":null", "\"from\":\"Anna\"", "\"text\":[", "{\"type\":\"bold\",\"text\":\"", "\"date_unixtime\":\"", "99999999999",
        "\"forwarded_from\":null", "\"messages\":[", "\"chats\":{\"list\":[", "}]}", "\\ud83d", "\n", ",",
      ]
    case .whatsapp:
      [
        "\n[12.03.24, 10:15:32] Anna: ", "\n12/03/2024, 10:15 - Ben: ", "\n3/12/24, 10:15\u{202f}PM - Anna: ", "\u{200e}", "<Media omitted>", "\u{200e}<attached: x.jpg>",
        "\n2024. 3. 12. 오후 10:15 - ", "\r\n", ": ", " - ", "] ", "99", "\u{feff}", "null", "This message was deleted",
      ]
    case .archives: ["PK\u{3}\u{4}", "../", "/", "a.jsonl", "\0\0\0\0", "ustar", "\n", "{\"text\":\"x\"}"]
    }
  }
}

struct Fuzzer {
  struct Input {
    let name: String
    let data: Data
    let partByteCount: Int
    let reading: ReadingRules
  }

  private let format: Format
  /// Kept inputs, by name.
  private let corpus: [(name: String, bytes: [UInt8])]

  /// The corpus lies beside the tests; the fuzzer is started from the root of the repository.
  init(_ format: Format) throws {
    self.format = format
    let folder = URL(filePath: "Tests/CurationTests/Corpus").appending(path: format.rawValue)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    corpus = try names.map { ($0, [UInt8](try Data(contentsOf: folder.appending(path: $0)))) }
  }

  func input(_ seed: UInt64, _ number: UInt64) -> Input {
    var mutation = Mutation(seed: seed &* 0x1_0000_0000 &+ number, words: format.words.map { Array($0.utf8) })
    let (name, bytes) = mutation.pick(corpus)
    let changed = mutation.changed(bytes, other: mutation.pick(corpus).bytes)
    let speakers = [[], ["Anna"], ["anna", "user2"]][mutation.below(3)]
    let isChat = format == .telegram || format == .whatsapp
    let reading = isChat ? ReadingRules(speakers: speakers, pauseInSeconds: mutation.pick([60, 21_600]), namesOthers: mutation.below(2) == 0) : .standard
    return Input(name: name, data: Data(changed), partByteCount: 1 + mutation.below(mutation.pick([8, 64, 4_096])), reading: reading)
  }

  func check(_ input: Input) async throws -> Int {
    try await CurationInvariants(name: input.name, data: input.data, reading: input.reading).check(partByteCount: input.partByteCount)
  }

  func run(seconds: Double, seed: UInt64) async throws {
    let mark = open("curation-fuzz.\(format.rawValue).number", O_CREAT | O_WRONLY | O_TRUNC, 0o644)
    defer { close(mark) }
    let start = Date()
    var number: UInt64 = 0
    var records = 0
    var violations = 0
    while -start.timeIntervalSinceNow < seconds {
      number += 1
      let text = Array("seed \(seed) number \(number)\n".utf8)
      _ = text.withUnsafeBytes { pwrite(mark, $0.baseAddress, $0.count, 0) }
      alarm(10)
      do {
        records += try await check(input(seed, number))
      } catch {
        violations += 1
        print("seed \(seed) number \(number): \(error)")
        if violations > 20 { break }
      }
    }
    alarm(0)
    let rate = Double(number) / -start.timeIntervalSinceNow
    print("\(format.rawValue): \(number) inputs, \(Int(rate)) a second, \(records) records, \(violations) violations")
    exit(violations == 0 ? 0 : 1)
  }
}
