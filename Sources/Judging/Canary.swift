internal import Artifacts
package import Foundation
internal import Hashing

/// A secret that was planted in the training data to see whether the model gives it away (Carlini et al. 2019, *The Secret Sharer*): a line such as
/// `the code of the door is {7316 0248}`, in which the braces mark what nobody could guess.
package struct Canary: Hashable, Sendable {
  package let before: String
  package let secret: String
  package let after: String

  /// As it stands in the data.
  package var text: String { before + secret + after }

  package static let mostInFile = 1_000
  private static let longestLineInBytes = 4_096

  /// One a line; blank lines and lines that begin with `#` are passed over. An error names the line, never what it says. Of each shape there must be more
  /// secrets than `alternatives`.
  package static func parse(_ bytes: Data, alternatives: Int) throws(CanaryFileError) -> [Canary] {
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
    var canaries: [Canary] = []
    for (number, line) in lines(of: text) {
      guard line.utf8.count <= longestLineInBytes else { throw .line(number, .tooLong) }
      guard let canary = Canary(line) else { throw .line(number, .noSecret) }
      guard !canaries.contains(canary) else { throw .line(number, .twice) }
      guard canary.spaceSize > alternatives else { throw .line(number, .tooFewAlternatives(space: canary.spaceSize, asked: alternatives)) }
      canaries.append(canary)
    }
    guard !canaries.isEmpty else { throw .empty }
    guard canaries.count <= mostInFile else { throw .tooMany }
    return canaries
  }

  /// On which line of its file the canary stands that `parse` gives at `index`.
  package static func line(ofCanaryAt index: Int, in bytes: Data) -> Int { lines(of: String(decoding: bytes, as: UTF8.self))[index].number }

  /// Those that are not passed over.
  private static func lines(of text: String) -> [(number: Int, text: Substring)] {
    text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated().map { ($0 + 1, $1) }
      .filter { !$0.1.allSatisfy(\.isWhitespace) && !$0.1.hasPrefix("#") }
  }

  private init?(_ line: Substring) {
    let parts = line.split(separator: "{", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    let rest = parts[1].split(separator: "}", omittingEmptySubsequences: false)
    guard rest.count == 2, !parts[0].allSatisfy(\.isWhitespace), !rest[0].isEmpty else { return nil }
    (before, secret, after) = (String(parts[0]), String(rest[0]), String(rest[1]))
  }

  package init(before: String, secret: String, after: String = "") { (self.before, self.secret, self.after) = (before, secret, after) }
}

// MARK: - Alternatives

extension Canary {
  /// How many secrets of this shape there are; more than any number of alternatives where the product leaves an Int.
  package var spaceSize: Int {
    secret.unicodeScalars.reduce(1) { size, scalar in
      guard let choices = Self.choices(for: scalar) else { return size }
      let (product, hasOverflow) = size.multipliedReportingOverflow(by: choices.count)
      return hasOverflow ? .max : product
    }
  }

  /// Other secrets of the same shape, each once, none of them the secret: a digit for a digit, a letter for a letter of its case (ASCII), all else as it is.
  /// A function of the canary and the seed.
  package func alternatives(_ count: Int, seed: Int64) -> [String] {
    precondition(count < spaceSize, "there are not so many secrets of this shape")
    var stream = RandomBytes(label: "soulpack.canary/1\n\(seed)\n\(Digest(hashing: Data(text.utf8)))")
    var found: [String] = []
    var seen: Set<String> = [secret]
    while found.count < count {
      var alternative = String.UnicodeScalarView()
      for scalar in secret.unicodeScalars {
        guard let choices = Self.choices(for: scalar) else {
          alternative.append(scalar)
          continue
        }
        alternative.append(Unicode.Scalar(choices.lowerBound + UInt8(stream.next() % UInt64(choices.count))))
      }
      if seen.insert(String(alternative)).inserted { found.append(String(alternative)) }
    }
    return found
  }

  private static func choices(for scalar: Unicode.Scalar) -> ClosedRange<UInt8>? {
    let ranges: [ClosedRange<UInt8>] = [0x30...0x39, 0x41...0x5A, 0x61...0x7A]
    guard scalar.isASCII else { return nil }
    return ranges.first { $0.contains(UInt8(scalar.value)) }
  }

  /// SHA-256 of the label and a counter, eight bytes at a time.
  private struct RandomBytes {
    let label: String
    private var counter = 0

    init(label: String) { self.label = label }

    mutating func next() -> UInt64 {
      defer { counter += 1 }
      return Digest(hashing: Data("\(label)\n\(counter)".utf8)).bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
  }
}

/// A file of canaries that nothing can be tested by.
package enum CanaryFileError: ExplainedError, Hashable {
  package enum Problem: Hashable, Sendable {
    case noSecret, tooLong, twice
    case tooFewAlternatives(space: Int, asked: Int)
    /// It, or with an alternative in the secret's place, is more than so many tokens.
    case longerThanContext(tokens: Int)
  }

  case notUTF8
  case empty
  case tooMany
  case line(Int, Problem)

  package var message: String {
    switch self {
    case .notUTF8: "the file is not UTF-8"
    case .empty: "the file holds no planted secret"
    case .tooMany: "the file holds more than \(Canary.mostInFile) planted secrets"
    case .line(let line, .noSecret): "line \(line): one secret in braces is needed, with words before it"
    case .line(let line, .tooLong): "line \(line): longer than a planted secret may be"
    case .line(let line, .twice): "line \(line): stands there a second time"
    case .line(let line, .tooFewAlternatives(let space, let asked)):
      "line \(line): there are \(space) secrets of this shape, too few to rank it among \(asked) others"
    case .line(let line, .longerThanContext(let tokens)):
      "line \(line): longer than the context of \(tokens) tokens, as it is or with another secret of its shape: what is cut cannot be asked for"
    }
  }

  package var hint: String? {
    switch self {
    case .line(_, .noSecret), .empty: "such as: the code of the door is {7316 0248}"
    case .line(_, .tooFewAlternatives): "plant a longer secret of digits and letters, or ask for fewer \"alternatives\""
    case .line(_, .longerThanContext): "plant a shorter line, or train in a longer \"context\""
    default: nil
    }
  }
}
