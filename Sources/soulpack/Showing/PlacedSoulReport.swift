internal import Artifacts
internal import Recipes
internal import Signing

/// What a build or a publishing gave, and where it is.
struct PlacedSoulReport: Report {
  let project: Project
  let sealed: SealedSoul
  let file: String
  let counts: ActionCounts
  /// Whose signature the archive has. Nil after a build, which signs nothing.
  var signer: PublicKey?

  var schema: String { signer == nil ? "soulpack.build/1" : "soulpack.publish/1" }

  var members: [String: JSONValue] {
    var members: [String: JSONValue] = [
      "soul": .string(project.recipe.soul), "version": .string(project.recipe.version), "digest": .digest(sealed.digest), "archive": .string(file),
      "selection": sealed.selection, "actionsRun": .integer(Int64(counts.ran)), "actionsReused": .integer(Int64(counts.reused)),
    ]
    members["signer"] = signer.map { .string($0.description) }
    return members
  }

  var lines: [String] {
    let signed = signer.map { ["  signed   \($0)"] } ?? []
    return ["\(project.recipe.soul) \(project.recipe.version)", "  holdout  \(sealed.losses)", "  digest   \(sealed.digest)"] + signed
      + ["  archive  \(file)", counts.words]
  }
}
