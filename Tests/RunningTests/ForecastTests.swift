import Artifacts
import Foundation
import Planning
import Running
import Store
import Testing

@Suite("What a build would do")
struct ForecastTests {
  private let actions = [Action("a"), Action("b", after: "a"), Action("c")]

  private func standings(_ shop: Workshop, _ actions: [Action]) throws -> [Forecast.Standing] {
    try Forecast(actions: actions, sources: [:], store: shop.store.reading).rows.map(\.standing)
  }

  @Test("before a build, the first actions would run and those after them may; after it, all is up to date")
  func standings() async throws {
    let shop = try Workshop()
    #expect(try standings(shop, actions) == [.wouldRun, .mayRun, .wouldRun])
    let report = try await shop.build(actions)
    #expect(try standings(shop, actions) == [.upToDate, .upToDate, .upToDate])
    let forecast = try Forecast(actions: actions, sources: [:], store: shop.store.reading)
    #expect(forecast.isUpToDate && forecast.rows.map(\.key) == report.rows.map(\.key))
  }

  @Test("what hangs on a changed action may run: the change may give the same bytes")
  func changed() async throws {
    let shop = try Workshop()
    _ = try await shop.build(actions)
    #expect(try standings(shop, [Action("a", says: "changed"), Action("b", after: "a"), Action("c")]) == [.wouldRun, .mayRun, .upToDate])
  }

  @Test("it carries nothing out and writes nothing down")
  func pure() async throws {
    let shop = try Workshop()
    _ = try standings(shop, actions)
    #expect(try shop.store.log.entries().isEmpty && shop.store.builds.last(1).isEmpty)
    #expect(try await shop.build(actions).ranCount == 3)
  }
}
