internal import Artifacts
internal import Foundation
internal import Judging
internal import Planning
internal import Running
internal import Store

/// What a seal left: the archive as an object, the Soul's digest, and how the winner was chosen.
struct SealedSoul {
  let archive: Digest
  let digest: Digest
  let selection: JSONValue
  private let decision: Decision

  init(_ result: BuildSession.Result) throws {
    guard let archive = result.report.output("archive", of: "seal"), let summary = result.report.output("summary", of: "seal") else {
      throw MissingInput(action: "seal", input: "archive")
    }
    self.archive = archive
    let document = try JSONValue(parsingCanonical: try result.store.objects.get(summary))
    guard let digest = document["digest"]?.digest, let selection = document["selection"] else {
      throw MissingInput(action: "seal", input: "summary")
    }
    self.digest = digest
    self.selection = selection
    decision = try Decision(document: selection)
  }

  /// `5.1234 → 4.3210 nats/token (-15.7 %) over 3,210 tokens, self-measured`
  var losses: String {
    guard let winner = decision.scores.first(where: { $0.candidate == decision.best }) else { return "" }
    let before = decision.incumbent.lossNatsPerToken
    let after = winner.lossNatsPerToken
    let change = String(format: "%+.1f %%", (after / before - 1) * 100)
    return "\(Quantity.loss(before)) → \(Quantity.loss(after)) nats/token (\(change)) over \(Quantity.count(winner.tokens)) tokens, \(decision.label.rawValue)"
  }
}
