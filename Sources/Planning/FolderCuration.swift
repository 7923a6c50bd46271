internal import Artifacts
package import Recipes

extension Planner {
  /// The curation of a folder or file that no recipe speaks of: what it would be in a recipe that says nothing but where it is. `path` is a
  /// source's.
  package static func curation(
    named name: String, of path: String, reading: ReadingSettings = ReadingSettings(), consent: Consent = .unbroken
  ) -> Action {
    var parameters = Dataset.standard.curationParameters.object ?? [:]
    if reading != ReadingSettings() { parameters["reading"] = reading.parameters }
    return Action(
      id: ActionID("\(ActionKind.curate.rawValue).\(name)"), kind: .curate, parameters: .object(parameters),
      inputs: consent.inputs.merging(["source": .source(Source(kind: .fileOrFolder, path: path))]) { _, own in own })
  }
}

extension Action {
  /// This curation with the named stages alone, in its own order and with its own settings; a stage that it does not have comes after them, as
  /// it is where a recipe says no more than its name. Without names, it stays as it is.
  package func running(only names: [String]) -> Action {
    guard !names.isEmpty, kind == .curate, var members = parameters.object else { return self }
    let own = (members["stages"]?.array ?? []).filter { names.contains(where: $0.isStage) }
    let added = (Dataset.everyStage.curationParameters["stages"]?.array ?? []).filter { stage in
      names.contains(where: stage.isStage) && !own.contains { $0.object?.keys == stage.object?.keys }
    }
    members["stages"] = .array(own + added)
    return Action(id: id, kind: kind, parameters: .object(members), inputs: inputs)
  }
}

extension Action {
  /// This curation, kept clear of the text of evaluation files, by the stage's defaults. Before anything is merged: a record that is dropped for it
  /// must not be the keeper of one that is clean. `paths` are sources'.
  package func decontaminating(against paths: [String]) -> Action {
    guard !paths.isEmpty, kind == .curate, var members = parameters.object else { return self }
    let settings = Decontamination(against: Set(paths).sorted())
    var stages = members["stages"]?.array ?? []
    stages.insert(settings.parameters, at: stages.firstIndex { $0.isStage("deduplicate") } ?? stages.count)
    members["stages"] = .array(stages)
    return Action(id: id, kind: kind, parameters: .object(members), inputs: inputs.merging(settings.inputs) { own, _ in own })
  }

  /// Whether the curation has a stage of this name, which `running(only:)` cannot give to every one.
  package func hasStage(_ name: String) -> Bool { (parameters["stages"]?.array ?? []).contains { $0.isStage(name) } }
}

extension JSONValue {
  fileprivate func isStage(_ name: String) -> Bool { self[name] != nil }
}
