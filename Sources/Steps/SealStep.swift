internal import Artifacts
internal import Foundation
internal import Packaging
internal import Planning
internal import Running
internal import Store

/// The winner, its manifest and its lineage become one archive, unsigned: a function of the inputs alone.
struct SealStep: Step {
  func run(_ context: StepContext) async throws -> [String: Digest] {
    let contents = try SoulContents(context)
    let file = context.workFolder.appending(path: "sealed.soul")
    let digest = try SoulArchive.write(try contents.manifest(), files: try contents.files(), to: file)
    let archive = try SoulArchive.open(file)  // Verify before commit: what is sealed opens again, strictly.
    guard archive.digest == digest else { throw SealMismatch(action: context.action.id) }
    let summary = contents.summary(soul: digest)
    return [
      "archive": try context.store.objects.put(fileAt: file),
      "summary": try context.store.objects.put(summary.canonical),
    ]
  }
}

struct SealMismatch: ExplainedError {
  let action: ActionID

  var message: String { "\(action): the archive that was written is not the one that was meant" }
  var hint: String? { "the disk may be failing; build again, and look at the system's log" }
}

/// The file that the recipe names under `contributions` is not about this Soul.
struct UnusableContributions: ExplainedError {
  let problem: String
  /// What measures those of this Soul.
  let command: String?

  var message: String { "the recipe's contributions \(problem)" }
  var hint: String? {
    "measure again: soulpack attribute RECIPE \(command.map { "\($0) " } ?? "")--leave-out FILES --to FILE; or take \"contributions\" out of the recipe"
  }
}
