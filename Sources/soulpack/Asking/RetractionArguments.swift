internal import ArgumentParser
internal import Curation

/// How a record is found that is to go, and why it goes.
struct RetractionArguments: ParsableArguments {
  @Option(help: ArgumentHelp("A word that says why: lower-case letters, digits and hyphens.", valueName: "word"))
  var reason: String = Retractions.standardReason
  @Option(help: "The recipe whose curation knows FILE:LINE.") var recipe: String?

  func validate() throws {
    guard Retractions.isReason(reason) else {
      throw ValidationError("--reason is a word of at most 32 lower-case letters, digits and hyphens: the file must name nobody")
    }
  }
}
