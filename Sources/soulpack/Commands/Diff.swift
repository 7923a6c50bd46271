internal import ArgumentParser
internal import Artifacts
internal import Explaining
internal import Foundation
internal import Packaging
internal import Store

/// `soulpack diff OLD NEW`: what changed between two Souls. Reads; believes no signature, `verify` does that.
struct Diff: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what changed between two Souls: records, parameters, losses, terms.",
    discussion: """
      A Soul is a .soul file, NAME@VERSION, or the first digits of a Soul digest that this project's store has sealed. The records themselves
      are compared where the store holds them. No text of a record is ever shown. docs/compare.md has the rules.
      """)

  @Argument(help: "The older Soul.") var old: String
  @Argument(help: "The newer one.") var new: String
  @OptionGroup var common: CommonArguments

  func run() throws {
    let store = try ReadableStore.openIfThere(common)
    let comparison = try SoulReference.withScratch { scratch in
      try SoulComparison(
        try SoulReference(text: old, common: common).open(store, scratch: scratch),
        try SoulReference(text: new, common: common).open(store, scratch: scratch), store: store)
    }
    common.terminal.show(DiffReport(comparison: comparison))
  }
}
