internal import ArgumentParser
internal import Artifacts
internal import Curation
internal import Foundation
internal import Recipes

/// `soulpack init`: looks at a folder and proposes a recipe for it. Overwrites nothing and asks nothing.
struct Init: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look at a folder of texts and propose a recipe for it.",
    discussion: """
      The recipe is written to soul.yaml, or to recipes/NAME.yaml where there are recipes already, and printed; nothing is overwritten.

      Without --base, the only model folder in models/ that the engine can read is the base; without one, or with --base none, the recipe trains \
      a compact model from nothing.
      """)

  @Argument(help: "The folder of texts; a file or an archive too. Without it: where you are, unless that is the project's own folder.") var folder: String = "."
  @Option(help: ArgumentHelp("What the Soul is called; else after the folder.", valueName: "name")) var name: String?
  @Option(help: ArgumentHelp("A model folder, a model of the hub (hf://owner/name@revision), a recipe whose model is built first, or none.", valueName: "path")) var base: String?
  @Flag(name: .customLong("print"), help: "Print the recipe; write nothing.") var isOnlyPrinted = false
  @OptionGroup var reading: ReadingArguments
  @OptionGroup var common: CommonArguments

  func validate() throws {
    guard let name, !RecipeProposal.isName(name) else { return }
    throw ValidationError("--name takes lower-case letters, digits and hyphens, at most 64; found \"\(name)\"")
  }

  func run() async throws {
    let folder = try FolderToCurate(folder, common, reading: reading.settings)
    guard folder.rootFolder.path(below: folder.place) == nil else { throw ProjectIsNoData(folder) }
    let name = name ?? folder.name
    let place = try RecipePlace(name: name, in: folder.rootFolder, mayExist: isOnlyPrinted)
    let base = try ProposedBase(base, in: folder.rootFolder, from: common.folder)
    let sight = try await FolderSight(folder, salt: name)
    let proposal = RecipeProposal(name: name, from: folder.path, sight: sight.sight, base: base.base, schema: place.schemaFromRecipe, reading: reading.settings)
    try proposal.requireOrder(path: place.path)
    let written = isOnlyPrinted ? [] : try place.write(proposal.text)
    show(InitReport(proposal: proposal, sight: sight, place: place, written: written, notes: base.notes + GitNotes.of(folder.rootFolder)))
  }

  /// The recipe is the result; what was seen and what comes next is talk.
  private func show(_ report: InitReport) {
    let terminal = common.terminal
    guard !terminal.isJSON else { return terminal.show(report) }
    for line in report.sight.lines + [""] { terminal.say(line.harmless) }
    terminal.print(String(report.proposal.text.dropLast()))
    for line in [""] + report.next { terminal.say(line.harmless) }
  }
}

struct InitReport: Report {
  let proposal: RecipeProposal
  let sight: FolderSight
  let place: RecipePlace
  /// Relative to the root.
  let written: [String]
  let notes: [String]

  let schema = "soulpack.init/1"

  var members: [String: JSONValue] {
    [
      "recipe": .string(place.path), "text": .string(proposal.text), "written": .array(written.map { .string($0) }),
      "overview": sight.overview.canonical, "notes": .array(notes.map { .string($0) }),
    ]
  }

  var lines: [String] { sight.lines + [proposal.text] + next }

  var next: [String] {
    var table = Table()
    if !written.isEmpty {
      table.add("  \(place.path.asShellWord)", "answer the questions in it, and say what the Soul is for")
      table.add("  soulpack check \(place.path.asShellWord)", "says what is wrong, and what is still to answer")
      table.add("  soulpack curate \(place.path.asShellWord)", "shows what becomes of the records")
      table.add("  soulpack build \(place.path.asShellWord)", "trains, chooses and packs")
    }
    return (written.isEmpty ? ["nothing was written"] : ["wrote " + written.joined(separator: " and ")]) + table.lines + notes
  }
}

struct ProjectIsNoData: ExplainedError {
  private let folder: FolderToCurate

  init(_ folder: FolderToCurate) { self.folder = folder }

  var message: String { "\"\(folder.place.path)\" holds the project itself: what a build writes there would be data" }

  var hint: String? {
    let manager = FileManager.default
    let names = (try? manager.contentsOfDirectory(atPath: folder.rootFolder.path)) ?? []  // Only to be helpful.
    let folders = names.sorted().filter { name in
      var isFolder: ObjCBool = false
      let exists = manager.fileExists(atPath: folder.rootFolder.appending(path: name).path, isDirectory: &isFolder)
      return exists && isFolder.boolValue && !name.hasPrefix(".") && !["recipes", "out", "models"].contains(name)
    }
    guard !folders.isEmpty else { return "put the texts into a folder of their own, and name it" }
    return "name the folder of texts: \(folders.prefix(8).map { "soulpack init \($0.asShellWord)" }.joined(separator: ", or "))"
  }
}

/// A recipe cannot say what was asked of it.
struct CannotPropose: ExplainedError {
  let reason: RecipeError

  var message: String { "no recipe can say this: \(reason.message)" }
  var hint: String? { reason.hint ?? "rename what is called so" }
}

extension RecipeProposal {
  /// Reads the text back, as every command will.
  func requireOrder(path: String) throws {
    do {
      _ = try Recipe(parsing: Data(text.utf8), path: path)
    } catch {
      throw CannotPropose(reason: error.errors[0])
    }
  }
}
