package import Artifacts
package import Foundation
package import Packaging

extension SoulArchive {
  /// `recipe.json`, which soulpack's own archives hold; nil where it is not there or is another maker's.
  package func recipe() throws -> JSONValue? {
    try contents(of: SoulFile.recipePath).flatMap { JSONValue(recordedRecipes: $0) }
  }

  /// The most tokens of an example when the winner was chosen: all candidates are measured in the longest context of any target. Nil where the
  /// archive names none.
  package func selectionContextLength() throws -> Int? {
    let targets = try recipe()?["recipe"]?["train"]?.object?.values.compactMap { $0["context"]?.integer } ?? []
    return (targets.max() ?? manifest.training.parameters["context"]?.integer).flatMap { Int(exactly: $0) }
  }
}

extension JSONValue {
  /// A recipe with those of its bases (`soulpack.recipes/1`); nil where the bytes are something else: a stranger's file may hold anything.
  package init?(recordedRecipes bytes: Data) {
    guard let document = try? JSONValue(parsing: bytes), document["schema"]?.string == "soulpack.recipes/1" else { return nil }
    self = document
  }
}
