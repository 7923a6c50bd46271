package import Artifacts
internal import Foundation
internal import Hashing

/// How a dataset is parted: the parameters of the `split` action.
package struct SplitParameters: Hashable, Sendable {
  /// Shares in parts per million of all conversations.
  package let validationPPM: Int
  package let holdoutPPM: Int
  /// Another salt gives another split.
  package let salt: String

  package static let millionPPM = 1_000_000

  package init(validationPPM: Int, holdoutPPM: Int, salt: String) {
    self.validationPPM = validationPPM
    self.holdoutPPM = holdoutPPM
    self.salt = salt
  }

  /// Reads `{"by":"conversation","holdout-ppm":100000,"salt":"…","validation-ppm":100000}`.
  package init(_ value: JSONValue) throws(ParameterError) {
    var reader = try ParameterReader(value, at: "")
    _ = try reader.word("by", ["conversation"], default: "conversation")
    validationPPM = try reader.integer("validation-ppm", in: 0...Self.millionPPM)
    holdoutPPM = try reader.integer("holdout-ppm", in: 0...Self.millionPPM)
    guard let salt = reader.take("salt")?.string else { throw reader.error("salt", "must be a string") }
    self.salt = salt
    guard validationPPM + holdoutPPM <= Self.millionPPM else { throw reader.error("validation-ppm", "and holdout-ppm are more than the whole") }
    try reader.finish()
  }
}

/// A dataset in three parts. A conversation is on one side as a whole, and which side depends on its key and the parameters alone: records
/// that come or go move no other.
package struct Split: Sendable {
  package let train: CuratedDataset
  package let validation: CuratedDataset
  package let holdout: CuratedDataset
  /// Of the dataset that was parted.
  package let all: CuratedDataset
  package let conversations: [Partition: Int]

  package init(_ dataset: CuratedDataset, _ parameters: SplitParameters) throws(SplitError) {
    guard dataset.count > 0 else { throw .emptyDataset }
    var placements: [Digest: Int] = [:]
    let sides = dataset.rows.map { row in
      let digest = Split.digest(of: row, salt: parameters.salt)
      let position = Split.positionPPM(of: digest)
      placements[digest] = position
      return Split.side(at: position, parameters)
    }
    let positions = Array(placements.values)
    for part in [Partition.holdout, .train] where !sides.contains(part) {
      throw .emptyPart(part, Shortfall(positions, parameters, part))
    }
    func part(_ side: Partition) -> CuratedDataset { dataset.filtered(at: { sides[$0] == side }) }
    (all, train, validation, holdout) = (dataset, part(.train), part(.validation), part(.holdout))
    conversations = Dictionary(positions.map { (Split.side(at: $0, parameters), 1) }, uniquingKeysWith: +)
  }

  package subscript(partition: Partition) -> CuratedDataset {
    switch partition {
    case .train: train
    case .validation: validation
    case .holdout: holdout
    }
  }

  /// Counts and Merkle roots: what a manifest says of a dataset.
  package var summary: JSONValue {
    func facts(_ dataset: CuratedDataset, _ conversations: Int) -> JSONValue {
      ["records": .integer(Int64(dataset.count)), "conversations": .integer(Int64(conversations)), "root": .digest(dataset.root)]
    }
    var members: [String: JSONValue] = [
      "schema": "soulpack.split/1", "all": facts(all, conversations.values.reduce(0, +)),
    ]
    for side in Partition.allCases { members[side.rawValue] = facts(self[side], conversations[side] ?? 0) }
    return .object(members)
  }

  // MARK: - The formula

  /// HMAC-SHA-256 under the salt. The line before the key keeps a conversation that is called like an id apart from that record.
  static func digest(of row: CuratedDataset.Row, salt: String) -> Digest {
    let key = row.conversation.map { "conversation\n" + $0 } ?? "record\n" + row.id.description
    return Digest(authenticating: Data(("soulpack.split/1\n" + key).utf8), key: Data(salt.utf8))
  }

  /// ⌊h · 10⁶ / 2⁶⁴⌋, where h is the first eight bytes, most significant first.
  static func positionPPM(of digest: Digest) -> Int {
    let hash = digest.bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Int(hash.multipliedFullWidth(by: UInt64(SplitParameters.millionPPM)).high)
  }

  /// The holdout lies first, so that a change of the validation share takes nothing from it and brings nothing to it.
  static func side(at positionPPM: Int, _ parameters: SplitParameters) -> Partition {
    if positionPPM < parameters.holdoutPPM { return .holdout }
    return positionPPM < parameters.holdoutPPM + parameters.validationPPM ? .validation : .train
  }
}

/// A part that got nothing, and the share that would have been enough.
package struct Shortfall: Hashable, Sendable {
  package let conversations: Int
  package let sharePPM: Int
  /// The least holdout share that puts a conversation into the holdout; or the most that holdout and validation may take together so that
  /// one is left for training. Nil where there is none.
  package let sufficientPPM: Int?

  init(_ positions: [Int], _ parameters: SplitParameters, _ part: Partition) {
    conversations = positions.count
    if part == .holdout {
      sharePPM = parameters.holdoutPPM
      sufficientPPM = positions.min().map { $0 + 1 }
    } else {
      sharePPM = SplitParameters.millionPPM - parameters.holdoutPPM - parameters.validationPPM
      sufficientPPM = positions.max()
    }
  }
}

package enum SplitError: ExplainedError, Hashable {
  case emptyDataset
  case emptyPart(Partition, Shortfall)

  package var message: String {
    switch self {
    case .emptyDataset: "there is nothing to split: the dataset is empty"
    case .emptyPart(let part, let facts):
      "the \(part.rawValue) part is empty: none of \(facts.conversations) conversation\(facts.conversations == 1 ? "" : "s")"
        + " falls into a share of \(percent(facts.sharePPM))"
    }
  }

  package var hint: String? {
    guard case .emptyPart(let part, let facts) = self, let sufficient = facts.sufficientPPM else { return nil }
    guard facts.conversations > 1 else { return "a dataset of one conversation cannot be parted; add another, or key the records by conversation" }
    switch part {
    case .holdout: return "with this salt, a holdout of at least \(percent(sufficient)) holds one"
    default: return "with this salt, holdout and validation of at most \(percent(sufficient)) together leave one"
    }
  }

  /// Parts per million as a percentage, with no more digits than it has.
  private func percent(_ ppm: Int) -> String {
    let fraction = String(ppm % 10_000 + 10_000).dropFirst()
    let digits = fraction.reversed().drop { $0 == "0" }.reversed()
    return "\(ppm / 10_000)\(digits.isEmpty ? "" : "." + String(digits))%"
  }
}
