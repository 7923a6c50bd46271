internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Packaging

/// `soulpack inspect FILE`: what an archive says of itself. Believes nobody; `verify` does that.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Show what a Soul archive holds and claims.")

  @Argument(help: "A .soul file.") var file: String
  @OptionGroup var common: CommonArguments

  func run() throws {
    common.terminal.show(InspectReport(archive: try SoulArchive.open(URL(filePath: file, relativeTo: common.folder))))
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
      facts.add("  dataset", "\(dataset.name): \(Quantity.count(dataset.counts["kept"] ?? 0)) records, \(dataset.license), root \(dataset.roots.all.short)")
    }
    facts.add("  training", "\(manifest.training.method), \(manifest.training.label.rawValue), data \(manifest.training.data.rawValue)")
    for limit in manifest.limits { facts.add("  limit", limit) }
    var files = Table()
    for file in archive.files { files.add("  " + file.path, Quantity.bytes(file.byteCount), file.digest.short) }
    let signed = archive.referrers.isEmpty ? "unsigned" : "\(archive.referrers.count) attestation, to be checked by `soulpack verify`"
    return ["\(manifest.name) \(manifest.version)"] + facts.lines + [""] + files.lines + ["", signed]
  }
}
