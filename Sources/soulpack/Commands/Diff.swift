internal import ArgumentParser
internal import Artifacts
internal import Explaining
internal import Foundation
internal import Packaging
internal import Store

/// `soulpack diff OLD NEW`: what changed between two Souls, or two datasets. Reads; believes no signature, `verify` does that.
struct Diff: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what changed between two Souls or two datasets.",
    discussion: """
      \(SoulReference.forms) The records themselves \
      are compared where the store holds them. A dataset is the first digits of a digest that `soulpack curate` printed. Of Souls it says which \
      records, parameters, losses and terms differ, of datasets which records. No text of a record is ever shown. docs/compare.md has the rules.
      """)

  @Argument(help: "The older Soul or dataset.") var old: String
  @Argument(help: "The newer one.") var new: String
  @OptionGroup var common: CommonArguments

  func run() throws {
    let store = try ReadableStore.openIfThere(common)
    do {
      let comparison = try SoulReference.withScratch { scratch in
        try SoulComparison(
          try SoulReference(text: old, common: common).open(store, scratch: scratch),
          try SoulReference(text: new, common: common).open(store, scratch: scratch), store: store)
      }
      common.terminal.show(DiffReport(comparison: comparison))
    } catch let error as SoulNotFound {
      guard let store, let report = try compareDatasets(store) else { throw error }
      common.terminal.show(report)
    }
  }

  /// Nil where one of them is no dataset.
  private func compareDatasets(_ store: ReadableStore) throws -> DatasetDiffReport? {
    guard let old = try KnownDataset.find(old, in: store), let new = try KnownDataset.find(new, in: store) else { return nil }
    return DatasetDiffReport(old: old, new: new, records: try RecordComparison(old: old.records, new: new.records))
  }
}
