import Foundation
import Testing

/// The program of `oracle/`, built into a folder that goes with it.
final class OracleProgram {
  /// A C compiler whose work is held against the other's.
  enum Compiler: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case clang, gcc

    var testDescription: String { rawValue }

    var path: URL? {
      let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      return folders.map { URL(filePath: String($0)).appending(path: rawValue) }.first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }

    static var first: Compiler? { allCases.first { $0.path != nil } }
  }

  /// A change of one place in the source, as small as a misreading of the page.
  struct Misreading: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let file: String
    let right: String
    let wrong: String

    init(_ description: String, in file: String, _ right: String, _ wrong: String) {
      testDescription = description
      self.file = file
      self.right = right
      self.wrong = wrong
    }
  }

  struct Failure: Error {
    let command: String
    let status: Int32
    let output: String
  }

  private let folder: URL
  private var executable: URL { folder.appending(path: "oracle") }

  private static let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../oracle").standardizedFileURL

  /// Without optimisation: what the source says is what is computed.
  init(_ compiler: URL, misreading: Misreading? = nil) throws {
    folder = URL(filePath: "/tmp/soulpack-oracle-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.sources.path).filter { $0.hasSuffix(".c") || $0.hasSuffix(".h") }
    for name in names {
      var text = try String(contentsOf: Self.sources.appending(path: name), encoding: .utf8)
      if let misreading, misreading.file == name {
        try #require(text.ranges(of: misreading.right).count == 1, "\(misreading.right) is not in \(name) exactly once")
        text = text.replacing(misreading.right, with: misreading.wrong)
      }
      try Data(text.utf8).write(to: folder.appending(path: name))
    }
    let files = names.filter { $0.hasSuffix(".c") }.sorted().map { folder.appending(path: $0).path }
    _ = try run(compiler, ["-std=c11", "-O0", "-ffp-contract=off"] + files + ["-lm", "-o", executable.path])
  }

  deinit {
    do {
      try FileManager.default.removeItem(at: folder)
    } catch {
      print("left behind: \(folder.path): \(error)")
    }
  }

  /// Trains `steps` steps of the job, or as many as it says.
  func answer(_ job: OracleJob, steps: Int) throws -> OracleAnswer {
    let place = folder.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    return try OracleAnswer(try run(executable, [try job.write(into: place, steps: steps).path]))
  }

  /// A checksum for each function, by its name.
  func sweep(stride: UInt32) throws -> [String: UInt64] {
    var sums: [String: UInt64] = [:]
    for line in try run(executable, ["sweep", "\(stride)"]).split(separator: "\n") {
      let words = line.split(separator: " ")
      try #require(words.count == 3 && words[0] == "sweep")
      sums[String(words[1])] = UInt64(words[2], radix: 16)
    }
    return sums
  }

  /// The known answers, in its order.
  func knownAnswers() throws -> [(name: String, answer: UInt64)] {
    try run(executable, ["answers"]).split(separator: "\n").map { line in
      let words = line.split(separator: " ")
      try #require(words.count == 3 && words[0] == "answer")
      return (String(words[1]), try #require(UInt64(words[2], radix: 16)))
    }
  }

  private func run(_ program: URL, _ arguments: [String]) throws -> String {
    let output = folder.appending(path: "output-\(UUID().uuidString)")
    try Data().write(to: output)
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = process.standardOutput
    try process.run()
    process.waitUntilExit()
    let text = try String(contentsOf: output, encoding: .utf8)
    guard process.terminationStatus == 0 else {
      throw Failure(command: program.path, status: process.terminationStatus, output: String(text.prefix(2000)))
    }
    return text
  }
}

/// What the oracle printed: every number in exact hexadecimal.
struct OracleAnswer {
  struct Step: Equatable {
    let loss: UInt64
    let norm: UInt64
    let rate: UInt64
    let clip: Double
  }

  struct Trained {
    let name: String
    var values: [Float] = []
    var firstMoments: [Float] = []
    var secondMoments: [Float] = []
  }

  struct Score: Equatable {
    let scaledLoss: Int64
    let tokenCount: Int
  }

  private(set) var steps: [Step] = []
  private(set) var tensors: [Trained] = []
  private(set) var scores: [Score] = []

  init(_ text: String) throws {
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      switch words[0] {
      case "step":
        try #require(words.count == 10)
        steps.append(
          Step(
            loss: try number(words[3]).bitPattern, norm: try number(words[5]).bitPattern, rate: try number(words[7]).bitPattern,
            clip: try number(words[9])))
      case "tensor": tensors.append(Trained(name: String(words[1])))
      case "score": scores.append(Score(scaledLoss: try #require(Int64(words[2])), tokenCount: try #require(Int(words[3]))))
      default:
        try #require(words.count == 3 && !tensors.isEmpty)
        tensors[tensors.count - 1].values.append(Float(try number(words[0])))
        tensors[tensors.count - 1].firstMoments.append(Float(try number(words[1])))
        tensors[tensors.count - 1].secondMoments.append(Float(try number(words[2])))
      }
    }
  }

  private func number(_ word: Substring) throws -> Double { try #require(Double(word), "\(word) is not a number") }
}
