/// The stages in the order in which they run, in runs that need one record at a time, parted by those that need all of them.
struct Route: Sendable {
  /// One run for each stretch before, between and after the deduplications; there is at most one of these.
  let legs: [[any RecordStage]]
  /// For the ledger and for `why`: reading first, then every stage.
  let names: [StageName]

  /// The structure rule runs right after `normalize`, which may empty a turn, or first where there is no `normalize`.
  init(_ parameters: CurationParameters) {
    var legs: [[any RecordStage]] = [[]]
    var names: [StageName] = [.read]
    func run(_ stage: any RecordStage) {
      legs[legs.count - 1].append(stage)
      names.append(stage.name)
    }
    if !parameters.stages.contains(.normalize) { run(StructureStage()) }
    for stage in parameters.stages {
      switch stage {
      case .normalize:
        run(NormalizeStage())
        run(StructureStage())
      case .length(let least, let most):
        run(LengthStage(minimumInCharacters: least, maximumInCharacters: most))
      case .deduplicate:
        legs.append([])
        names.append(.deduplicate)
      }
    }
    self.legs = legs
    self.names = names
  }
}
