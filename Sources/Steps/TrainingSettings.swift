internal import Artifacts
internal import Engine
internal import Planning

/// Who trains, and with which parameters: read from a train action's.
struct TrainingSettings {
  enum Trainer {
    case embedded
    /// The command line, with `{input.NAME}` for the path of the action's input `program.NAME`.
    case command([String])
  }

  /// The shape of a model that is made anew.
  struct NewModel {
    let hidden, layers, heads, keyValueHeads, intermediate, context: Int
    let ropeTheta: Double

    /// Around the tokenizer that was trained for it.
    func configuration(_ format: ChatFormat) -> ModelConfiguration {
      ModelConfiguration(
        vocabularySize: format.tokenizer.vocabularySize, hiddenSize: hidden, intermediateSize: intermediate, layerCount: layers,
        headCount: heads, keyValueHeadCount: keyValueHeads, ropeTheta: ropeTheta, maximumPositionCount: context,
        beginToken: format.endOfText, endTokens: format.stopTokens)
    }
  }

  let trainer: Trainer
  let training: TrainingParameters
  let contextLength: Int
  /// Nil where there is a base.
  let newModel: NewModel?

  init(_ action: Action) throws {
    let parameters = ParameterReader(action)
    guard let optimizer = parameters.member("optimizer") else { throw UnreadableParameter(action: action.id, place: "optimizer") }
    let betas = try optimizer.decimals("betas")
    guard betas.count == 2 else { throw UnreadableParameter(action: action.id, place: "optimizer.betas") }
    guard let schedule = TrainingParameters.Schedule(rawValue: try optimizer.string("schedule")) else {
      throw UnreadableParameter(action: action.id, place: "optimizer.schedule")
    }
    trainer = try TrainingSettings.trainer(parameters)
    contextLength = try parameters.count("context")
    training = TrainingParameters(
      method: try TrainingSettings.method(parameters, action),
      length: action.isSmoke ? .steps(Plan.smokeStepLimit) : .epochs(try parameters.count("epochs")),
      learningRate: try optimizer.decimal("learning-rate"), schedule: schedule, warmupFraction: try optimizer.decimal("warmup"),
      beta1: betas[0], beta2: betas[1], epsilon: try optimizer.decimal("epsilon"), weightDecay: try optimizer.decimal("weight-decay"),
      clip: try optimizer.decimal("clip"), examplesPerBatch: try parameters.count("batch"), maximumTokens: contextLength,
      seed: UInt64(bitPattern: try parameters.integer("seed")), validation: try parameters.member("validation").map { try TrainingSettings.validation($0, action) })
    newModel = try parameters.member("model").map(TrainingSettings.newModel)
  }

  private static func trainer(_ parameters: ParameterReader) throws -> Trainer {
    guard let substrate = parameters.member("substrate"), substrate.member("command") != nil else { return .embedded }
    return .command(try substrate.array("command").compactMap(\.string))
  }

  private static func method(_ parameters: ParameterReader, _ action: Action) throws -> TrainingParameters.Method {
    guard try parameters.string("method") == "sft" else { return .full }
    guard let lora = parameters.member("lora") else { throw UnreadableParameter(action: action.id, place: "lora") }
    return .lora(
      rank: try lora.count("rank"), alpha: try lora.decimal("alpha"), targets: try targets(lora, action),
      isRankStabilized: try lora.member("rank-stabilized") != nil && lora.flag("rank-stabilized"),
      dropout: try lora.member("dropout") == nil ? 0 : lora.decimal("dropout"))
  }

  private static func validation(_ validation: ParameterReader, _ action: Action) throws -> ValidationSettings {
    let isByEpoch = try validation.document("every") == "epoch"
    let stopping = try validation.member("stopping").map { stopping in
      ValidationSettings.Stopping(patience: try stopping.count("patience"), minimumChange: try stopping.decimal("minimum-change"))
    }
    return ValidationSettings(interval: isByEpoch ? .epoch : .steps(try validation.count("every")), stopping: stopping)
  }

  private static func targets(_ lora: ParameterReader, _ action: Action) throws -> Set<Projection> {
    if try lora.document("targets") == "all-linear" { return TrainingParameters.allLinear }
    let names = try lora.array("targets")
    let targets = names.compactMap(\.string).compactMap(Projection.init(rawValue:))
    guard targets.count == names.count else { throw UnreadableParameter(action: action.id, place: "lora.targets") }
    return Set(targets)
  }

  private static func newModel(_ model: ParameterReader) throws -> NewModel {
    NewModel(
      hidden: try model.count("hidden"), layers: try model.count("layers"), heads: try model.count("heads"),
      keyValueHeads: try model.count("kv-heads"), intermediate: try model.count("intermediate"), context: try model.count("context"),
      ropeTheta: try model.decimal("rope-theta"))
  }
}
