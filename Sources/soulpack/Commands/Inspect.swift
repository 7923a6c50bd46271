internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Packaging
internal import Store

/// `soulpack inspect FILE`: what an archive says of itself. Believes nobody; `verify` does that.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Show what a Soul archive holds and claims.")

  @Argument(help: ArgumentHelp(stringLiteral: SoulReference.forms)) var soul: String
  @OptionGroup var common: CommonArguments

  func run() throws {
    try SoulReference.withScratch { scratch in
      let store = try ReadableStore.openIfThere(common)
      common.terminal.show(InspectReport(archive: try SoulReference(text: soul, common: common).open(store, scratch: scratch)))
    }
  }
}

struct InspectReport: Report {
  let archive: SoulArchive

  let schema = "soulpack.inspect/1"
  var members: [String: JSONValue] { (Inspection(archive).document.object ?? [:]).merging(["smoke": .bool(archive.manifest.isSmoke)]) { _, smoke in smoke } }

  var lines: [String] {
    let manifest = archive.manifest
    var facts = Table()
    facts.add("  digest", "\(archive.digest)")
    if manifest.isSmoke { facts.add("  smoke", Quantity.smoke) }
    facts.add("  intent", manifest.intent)
    facts.add("  license", manifest.license)
    for component in manifest.components {
      facts.add("  " + component.kind.rawValue, component.base.map { "on \($0.name), files \($0.digest.short)" } ?? "a whole model")
    }
    for dataset in manifest.datasets {
      let contributor = dataset.contributor.map { " from \($0)" } ?? ""
      facts.add("  dataset", "\(dataset.name): \(Quantity.count(dataset.counts["kept"] ?? 0)) records\(contributor), \(dataset.license), root \(dataset.roots.all.short)")
      for (terms, records) in dataset.terms.sorted(by: { $0.key < $1.key }) where terms != dataset.license {
        facts.add("  terms", "\(terms): \(Quantity.counted(Int(records), "record")) of \(dataset.name)")
      }
      if let credit = dataset.attribution { facts.add("  credit", credit) }
    }
    for group in manifest.contributions?.groups ?? [] {
      let share = Quantity.percent(Double(manifest.contributions?.sharePPM(of: group) ?? 0) / 1e6)
      facts.add("  contributed", "\(group.files): \(Quantity.counted(Int(group.records), "record")), share \(share) (\(SoulManifest.Contributions.method))")
    }
    for credit in manifest.credits { facts.add("  credit", "\(credit) (of the base)") }
    facts.add("  training", "\(manifest.training.method), \(manifest.training.label.rawValue), data \(manifest.training.data.rawValue)")
    for gate in manifest.gates { facts.add("  gate", gate.words) }
    for limit in manifest.limits { facts.add("  limit", limit) }
    var files = Table()
    for file in archive.files { files.add("  " + file.path, Quantity.bytes(file.byteCount), file.digest.short) }
    return ["\(manifest.name) \(manifest.version)"] + facts.lines + [""] + choice + files.lines + [""] + referrers
  }

  /// What was tried, and what it came to. Empty where there was no choice.
  private var choice: [String] {
    guard let selection = archive.manifest.selection else { return [] }
    var table = Table()
    table.add("  candidate", "tried", "nats/token", "files")
    table.add("  before", "", selection.incumbent.lossText, selection.incumbent.candidate.short)
    for candidate in archive.manifest.candidates {
      let mark = candidate.files == selection.winner ? "*" : ""
      let loss = selection.scores.first { $0.candidate == candidate.files }?.lossText ?? "diverged"
      table.add("  \(candidate.number)\(mark)", candidate.words, loss + (candidate.claim?.words ?? ""), candidate.files?.short ?? "none")
    }
    return table.lines + [""]
  }

  private var referrers: [String] {
    let names = archive.referrers.map { $0.envelope == nil ? "certificate of the selection" : "attestation" }
    guard !names.isEmpty else { return ["unsigned"] }
    let counts = Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +)
    return counts.keys.sorted().map { "\(counts[$0] ?? 0) \($0), to be checked by `soulpack verify`" }
  }
}

extension SoulManifest.Candidate {
  fileprivate var words: String {
    let members = parameters.object ?? [:]
    return ([target] + members.keys.sorted().map { "\($0) \(members[$0]?.string ?? members[$0]?.canonicalText ?? "")" }).joined(separator: ", ")
  }
}

extension SoulManifest.Candidate.Claim {
  /// ` (claimed 4.1023: refuted)`
  fileprivate var words: String { " (claimed \(lossNatsPerToken): \(verdict.rawValue))" }
}

extension SoulManifest.Gate {
  fileprivate var words: String {
    switch self {
    case .holdoutLoss(let gate): gate.words
    case .canaries(let gate): gate.words
    }
  }
}

extension SoulManifest.HoldoutLoss {
  fileprivate var words: String {
    let interval = "\(Quantity.percent(down: intervalPPM.lowerBound)) … \(Quantity.percent(down: intervalPPM.upperBound))"
    return "holdout-loss \(Quantity.percent(down: measuredPPM)) below \(below) (95 % interval \(interval)), \(Quantity.percent(down: askedPPM)) asked"
  }
}

extension SoulManifest.Canaries {
  fileprivate var words: String {
    let secrets = canaries == 0 ? "" : "; \(said) of \(canaries) planted secrets said, \(exposed) exposed"
    return "canaries: \(verbatim) of \(records) training records said by heart (\(tokens) tokens), \(allowed) allowed" + secrets
  }
}
