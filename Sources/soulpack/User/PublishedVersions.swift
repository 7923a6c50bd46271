internal import Artifacts
internal import Foundation
internal import Recipes

/// Which content this user has published under which name and version.
struct PublishedVersions {
  private var notebook: Notebook

  init() throws { notebook = try Notebook(UserFolders().publishedVersions) }

  private func name(_ project: Project) -> String { "\(project.recipe.soul)@\(project.recipe.version)" }

  func refuseOther(_ digest: Digest, of project: Project) throws {
    guard let known = notebook.entries[name(project)]?.digest, known != digest else { return }
    throw AlreadyPublished(name: name(project), known: known, found: digest)
  }

  mutating func note(_ digest: Digest, of project: Project) throws { try notebook.note(name(project), .digest(digest)) }
}

struct AlreadyPublished: ExplainedError {
  let name: String
  let known: Digest
  let found: Digest

  var message: String { "\(name) was published before as \(known.short), and this is \(found.short)" }
  var hint: String? { "raise \"version\" in the recipe; or, where that was another Soul of yours with this name, take another \"soul\"" }
}
