/// The stages in the order in which they run, in runs that need one record at a time, parted by the one that needs all of them.
struct Route: Sendable {
  /// The run before deduplication and the one after it; one alone where there is no deduplication.
  let legs: [[any RecordStage]]
  let deduplication: DeduplicationRule?
  /// For the ledger and for `why`: reading first, then every stage.
  let names: [StageName]

  /// The structure rule runs right after `normalize`, which may empty a turn, or first where there is no `normalize`.
  init(_ parameters: CurationParameters, evaluations: EvaluationIndex? = nil) {
    var legs: [[any RecordStage]] = [[]]
    var names: [StageName] = [.read]
    var deduplication: DeduplicationRule?
    func run(_ stage: any RecordStage) {
      legs[legs.count - 1].append(stage)
      names.append(stage.name)
    }
    legs[0].append(TermsStage(parameters.terms))
    if parameters.terms != nil { names.append(.terms) }
    // Before records are compared: what was retracted must be nobody's keeper.
    var retraction = parameters.retractions.map { RetractionStage(.retract, $0) }
    func takeOutRetracted() {
      if let stage = retraction { run(stage) }
      retraction = nil
    }
    if !parameters.stages.contains(where: { $0.name == .normalize }) {
      run(StructureStage())
      takeOutRetracted()
    }
    for stage in parameters.stages {
      switch stage {
      case .normalize(let repairsMojibake):
        run(NormalizeStage(repairsMojibake: repairsMojibake))
        run(StructureStage())
        takeOutRetracted()
      case .language(let rule): run(LanguageStage(rule: rule))
      case .quality(let profile): run(QualityStage(profile))
      case .deduplicate(let rule):
        takeOutRetracted()
        legs.append([])
        names.append(.deduplicate)
        deduplication = rule
      case .decontaminate(let rule): run(DecontaminationStage(rule: rule, evaluations: evaluations))
      case .pii(let actions): run(PersonalDataStage(actions))
      case .length(let least, let most): run(LengthStage(minimumInCharacters: least, maximumInCharacters: most))
      }
    }
    // Behind the stages that change what a record says.
    if let retractions = parameters.retractions, parameters.changesRecords { run(RetractionStage(.retractResult, retractions)) }
    (self.legs, self.names, self.deduplication) = (legs, names, deduplication)
  }
}
