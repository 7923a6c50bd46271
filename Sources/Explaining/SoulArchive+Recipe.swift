package import Artifacts
package import Packaging

extension SoulArchive {
  /// `recipe.json`, which soulpack's own archives hold; nil where it is not there or is another maker's.
  package func recipe() throws -> JSONValue? {
    guard let bytes = try contents(of: "recipe.json"), let document = try? JSONValue(parsing: bytes),  // A stranger's file may hold anything.
      document["schema"]?.string == "soulpack.recipes/1"
    else { return nil }
    return document
  }

  /// The most tokens of an example when the winner was chosen: all candidates are measured in the longest context of any target. Nil where the
  /// archive names none.
  package func selectionContextLength() throws -> Int? {
    let targets = try recipe()?["recipe"]?["train"]?.object?.values.compactMap { $0["context"]?.integer } ?? []
    return (targets.max() ?? manifest.training.parameters["context"]?.integer).flatMap { Int(exactly: $0) }
  }
}
