import Engine
import Planning
import Testing

@Suite("Semantics")
struct SemanticsTests {
  /// Which semantics of `train` and `score` stand for which version of the engine. A new engine version is a new line here, and a higher
  /// number in `ActionKind.semantics`: else a store would give the old engine's results for the new one's.
  static let ofEngine: [String: Int64] = ["1.1": 1]

  @Test("a change of what the engine computes is a change of the steps that use it", arguments: [ActionKind.train, .score])
  func engine(kind: ActionKind) {
    #expect(Self.ofEngine[EngineSemantics.version] == kind.semantics)
  }
}
