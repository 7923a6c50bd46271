/// The stages in the order in which they run, in runs that need one record at a time, parted by the one that needs all of them.
struct Route: Sendable {
  /// The run before deduplication and the one after it; one alone where there is no deduplication.
  let legs: [[any RecordStage]]
  let deduplication: DeduplicationRule?
  /// For the ledger and for `why`: reading first, then every stage.
  let names: [StageName]

  /// The structure rule runs right after `normalize`, which may empty a turn, or first where there is no `normalize`.
  init(_ parameters: CurationParameters) {
    var legs: [[any RecordStage]] = [[]]
    var names: [StageName] = [.read]
    var deduplication: DeduplicationRule?
    func run(_ stage: any RecordStage) {
      legs[legs.count - 1].append(stage)
      names.append(stage.name)
    }
    legs[0].append(TermsStage(parameters.terms))
    if parameters.terms != nil { names.append(.terms) }
    if !parameters.stages.contains(where: { $0.name == .normalize }) { run(StructureStage()) }
    for stage in parameters.stages {
      switch stage {
      case .normalize(let repairsMojibake):
        run(NormalizeStage(repairsMojibake: repairsMojibake))
        run(StructureStage())
      case .quality(let profile): run(QualityStage(profile))
      case .deduplicate(let rule):
        legs.append([])
        names.append(.deduplicate)
        deduplication = rule
      case .pii(let action, let kinds): run(PersonalDataStage(action: action, kinds: kinds))
      case .length(let least, let most): run(LengthStage(minimumInCharacters: least, maximumInCharacters: most))
      }
    }
    (self.legs, self.names, self.deduplication) = (legs, names, deduplication)
  }
}
