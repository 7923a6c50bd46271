internal import Artifacts
internal import Foundation

/// The README.md of a Soul: a model card that people and the Hugging Face hub read, made from the manifest alone.
struct ModelCard {
  let manifest: SoulManifest

  var text: String {
    [frontMatter, heading, losses, limits, permissions, datasets, contributions, credits, use].filter { !$0.isEmpty }.joined(separator: "\n")
  }

  private var adapterBase: String? { manifest.components.first { $0.kind == .adapter }?.base?.name }

  private var frontMatter: String {
    var lines = ["---"]
    if let base = adapterBase.map({ HubReference($0)?.model ?? $0 }) {
      lines += ["base_model: \(quoted(base))", "base_model_relation: adapter", "library_name: peft"]
    }
    // The hub's identifiers of licences are SPDX's in lower case.
    lines += ["license: \(quoted(manifest.license.lowercased()))", "tags:", "- soulpack"]
    if adapterBase != nil { lines.append("- lora") }
    return (lines + ["---", ""]).joined(separator: "\n")
  }

  private var heading: String {
    """
    # \(manifest.name) \(manifest.version)

    \(manifest.description)

    **Intent.** \(manifest.intent)

    """
  }

  private var losses: String {
    guard let selection = manifest.selection else { return "" }
    let rows = ([selection.incumbent] + selection.scores).map { score in
      let mark = score.candidate == selection.winner ? " (this Soul)" : score.candidate == selection.incumbent.candidate ? " (incumbent)" : ""
      return "| `\(score.candidate.short)`\(mark) | \(parameters(of: score.candidate)) | \(score.lossText) | \(score.tokens) |"
    }
    return """
      ## Loss on the holdout

      Measured by whoever built it (`\(selection.label)`), as a mean negative log-likelihood; the exact integers are in `soul.json`.

      | candidate | tried | nats per token | tokens |
      |---|---|---|---|
      \(rows.joined(separator: "\n"))

      \(diverged)\(gates)
      """
  }

  private func parameters(of files: Digest) -> String {
    guard let members = manifest.candidates.first(where: { $0.files == files })?.parameters.object else { return "" }
    return members.keys.sorted().map { "\($0) \(members[$0]?.string ?? members[$0]?.canonicalText ?? "")" }.joined(separator: ", ")
  }

  private var diverged: String {
    let numbers = manifest.candidates.compactMap { if case .diverged = $0.outcome { "\($0.number)" } else { nil } }
    guard !numbers.isEmpty else { return "" }
    return "Diverged, and out of the choice: candidate \(numbers.joined(separator: ", ")).\n\n"
  }

  private var gates: String {
    manifest.gates.map { gate in
      switch gate {
      case .holdoutLoss(let gate): words(gate)
      case .canaries(let gate): words(gate)
      }
    }.joined()
  }

  private func words(_ gate: SoulManifest.Canaries) -> String {
    var lines = "Listened to before sealing: of \(gate.records) training records it said \(gate.verbatim) by heart (\(gate.tokens) tokens in a row; \(gate.allowed) allowed)."
    if gate.canaries > 0 { lines += " Of \(gate.canaries) planted secrets it gave away none." }
    return lines + "\n\n"
  }

  private func words(_ gate: SoulManifest.HoldoutLoss) -> String {
    let base = gate.below == "base" ? "the base's" : "that of guessing blindly"
    return "Asked before sealing: a loss below \(base) by \(percent(gate.askedPPM)). Measured: \(percent(gate.measuredPPM)) "
      + "(95 % interval \(percent(gate.intervalPPM.lowerBound)) to \(percent(gate.intervalPPM.upperBound))).\n\n"
  }

  /// From integers, so that the card is the same bytes everywhere.
  private func percent(_ partsPerMillion: Int64) -> String {
    let fraction = String(10_000 + partsPerMillion.magnitude % 10_000).dropFirst()
    return (partsPerMillion < 0 ? "-" : "") + "\(partsPerMillion.magnitude / 10_000).\(fraction) %"
  }

  private var limits: String { section("Known limits", manifest.limits) }

  private var permissions: String {
    let permissions = manifest.permissions
    var lines = [
      "run: \(permissions.runAllow.isEmpty ? "nobody" : permissions.runAllow.joined(separator: ", "))",
      "derive: \(permissions.derive ? "yes" : "no")", "logging of prompts: \(permissions.promptLogging)", "licence: \(manifest.license)",
    ]
    if let contact = manifest.contact { lines.append("contact: \(contact)") }
    return section("Permissions", lines)
  }

  private var datasets: String {
    section(
      "Datasets",
      manifest.datasets.map { dataset in
        let counts = dataset.counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        let contributor = dataset.contributor.map { ", from \($0)" } ?? ""
        return "\(dataset.name) (\(dataset.license)\(contributor)): \(counts); root `\(dataset.roots.all)`" + terms(of: dataset)
      })
  }

  /// What holds for which records, and whom to credit.
  private func terms(of dataset: SoulManifest.Dataset) -> String {
    var lines = dataset.terms.sorted { $0.key < $1.key }.map { "terms: \($0.key), \($0.value) \($0.value == 1 ? "record" : "records")" }
    if let attribution = dataset.attribution { lines.append("credit: \(attribution)") }
    return lines.map { "\n  - \($0)" }.joined()
  }

  private var contributions: String {
    guard let contributions = manifest.contributions else { return "" }
    let groups = contributions.groups.map { group in
      "`\(group.files)`: \(group.records) of \(contributions.records) training records, share \(percent(contributions.sharePPM(of: group)))"
    }
    return section("Contributions, by training again without each (\(SoulManifest.Contributions.method))", groups)
  }

  private var credits: String { section("Credits of the base", manifest.credits) }

  private var use: String {
    """
    ## Use

    `soulpack verify` checks the archive this file came in. Training is labelled `\(manifest.training.label.rawValue)` \
    (data: \(manifest.training.data.rawValue)), with version \(manifest.training.numericsVersion) of the numeric contract; the normalised \
    recipe has digest `\(manifest.recipe)`.

    """
  }

  private func section(_ title: String, _ items: [String]) -> String {
    guard !items.isEmpty else { return "" }
    return "## \(title)\n\n" + items.map { "- \($0)\n" }.joined()
  }

  /// A YAML double-quoted scalar; JSON's form is one (YAML 1.2.2, section 1.2).
  private func quoted(_ text: String) -> String { JSONValue.string(text).canonicalText }
}
