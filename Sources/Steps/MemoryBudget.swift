package import Artifacts
internal import Substrates

extension ExplainedError {
  /// Whether a training was refused since the recipe's `budget.memory`, and not the machine, has too little for it. For the face, which knows steps and
  /// no substrates.
  package var isOfMemoryBudget: Bool { (self as? NotEnoughMemory).map { !$0.isOfMachine } ?? false }
}
