internal import Artifacts
internal import Engine
internal import Foundation
internal import Recipes

/// The base of a proposed recipe: what was asked for, else the only model of the project, else none.
struct ProposedBase {
  let base: RecipeProposal.Base
  /// What the person should know about it.
  let notes: [String]

  init(_ asked: String?, in root: URL, from folder: URL) throws {
    guard let asked else {
      (base, notes) = try ProposedBase.found(in: root)
      return
    }
    guard asked != ProposedBase.noBase else {
      (base, notes) = (.none, [])
      return
    }
    guard !asked.hasPrefix(HubReference.scheme) else {
      guard let model = HubReference(asked) else { throw NoHubModel(text: asked) }
      (base, notes) = (.hub(model), [])
      return
    }
    let place = URL(filePath: CommonArguments.literal(asked), relativeTo: folder).standardizedFileURL
    let path = place.path(below: root) ?? place.path
    notes = []
    if path.hasSuffix(".yaml") || path.hasSuffix(".yml") {
      try RecipeFileProblem.refuse(asked, at: place, spelled: "\(asked): ")
      base = .recipe(path: path)
    } else {
      base = .model(path: path, positions: try ProposedBase.positions(of: place, named: asked))
    }
  }

  /// What `--base` says where a model is there and none is wanted.
  static let noBase = "none"

  private static func found(in root: URL) throws -> (RecipeProposal.Base, [String]) {
    let models = root.appending(path: "models")
    guard FileManager.default.fileExists(atPath: models.path) else { return (.none, []) }
    let names = try FileManager.default.contentsOfDirectory(atPath: models.path).sorted().filter { name in
      FileManager.default.fileExists(atPath: models.appending(path: "\(name)/\(ModelConfiguration.fileName)").path)
    }
    guard names.count == 1, let name = names.first else {
      let paths = names.map { "models/\($0)" }.joined(separator: ", ")
      return (.none, names.isEmpty ? [] : ["there are several models, and none was taken as the base: --base names one of \(paths)"])
    }
    // Nobody asked for it, so that what is wrong with it stops nobody.
    do {
      return (.model(path: "models/\(name)", positions: try positions(of: models.appending(path: name), named: "models/\(name)")), [])
    } catch let error as any ExplainedError {
      return (.none, ["models/\(name) was not taken as the base, for the engine cannot read it: \(error.message)"])
    }
  }

  /// The most positions of a model that the engine can read.
  private static func positions(of model: URL, named name: String) throws -> Int64 {
    let file = model.appending(path: ModelConfiguration.fileName)
    guard FileManager.default.fileExists(atPath: file.path) else { throw NoModel(path: name) }
    return Int64(try ModelConfiguration(parsing: try Data(contentsOf: file)).maximumPositionCount)
  }
}

struct NoModel: ExplainedError {
  let path: String

  var message: String { "\"\(path)\": no model folder: it holds no \(ModelConfiguration.fileName)" }
  var hint: String? { "a base is a folder in Hugging Face's format, or a recipe (.yaml)" }
}

struct NoHubModel: ExplainedError {
  let text: String

  var message: String { "\"\(text)\": no model of the hub" }
  var hint: String? { "say owner, name and revision: hf://owner/name@main" }
}

/// What git should not take in. It is said, not done: the file is the person's.
enum GitNotes {
  static func of(_ root: URL) -> [String] {
    let manager = FileManager.default
    let isTracked = RecipeLocator.ancestors(ofRecipe: root.appending(path: "soul.yaml").path).contains { manager.fileExists(atPath: $0 + "/.git") }
    guard isTracked else { return [] }
    let bytes = manager.contents(atPath: root.appending(path: ".gitignore").path) ?? Data()
    let ignored = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    guard ignored.allSatisfy({ !["out", "out/", "/out", "/out/"].contains($0) }) else { return [] }
    return ["git: add /out/ to .gitignore; the archives are made again from the rest. .soulpack/ ignores itself."]
  }
}
