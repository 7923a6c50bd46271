import Substrates
import Testing

@Suite("When a training saves its state")
struct CheckpointPaceTests {
  @Test("not before five seconds, and not before fifty times what the last save took, from its end", arguments: [(0.01, 5.0), (0.1, 5), (0.2, 10), (3, 150)])
  func waits(cost: Double, wait: Double) {
    let start = ContinuousClock.now
    var pace = CheckpointPace(from: start)
    #expect(!pace.isDue(at: start + .seconds(5)) && pace.isDue(at: start + .seconds(5.001)))
    let (began, ended) = (start + .seconds(6), start + .seconds(6 + cost))
    pace.saved(from: began, to: ended)
    #expect(!pace.isDue(at: ended + .seconds(wait - 0.001)) && pace.isDue(at: ended + .seconds(wait + 0.001)))
  }
}
