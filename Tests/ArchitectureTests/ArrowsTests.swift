import Foundation
import Testing

@Suite("The arrows between rooms")
struct ArrowsTests {
  @Test("every import of every source file is one that its room may have")
  func imports() throws {
    for file in try SourceFile.all() {
      let allowed = try #require(arrows[file.room], "the room \(file.room) is not in the table")
      let strangers = file.imports.subtracting(allowed).subtracting(systemModules)
      #expect(strangers.isEmpty, "\(file.path) imports \(strangers.sorted()), which \(file.room) may not")
    }
  }

  @Test("an import against the direction is found")
  func direction() {
    let file = SourceFile(room: "Planning", path: "x.swift", text: "package import Artifacts\n@preconcurrency internal import struct Store.Key\n")
    #expect(file.imports == ["Artifacts", "Store"])
    #expect(file.imports.subtracting(arrows["Planning", default: []]).subtracting(systemModules) == ["Store"])
  }

  @Test("the arrows run one way")
  func acyclic() {
    var settled: Set<String> = []
    while let next = arrows.first(where: { room in
      !settled.contains(room.key) && room.value.allSatisfy { arrows[$0] == nil || settled.contains($0) }
    }) {
      settled.insert(next.key)
    }
    #expect(settled == Set(arrows.keys), "these rooms import each other: \(Set(arrows.keys).subtracting(settled).sorted())")
  }

  @Test("the table is the one that the manifest declares")
  func manifest() throws {
    let text = try String(contentsOf: SourceFile.root.appending(path: "Package.swift"), encoding: .utf8)
    for (room, allowed) in arrows where room != "soulpack" {
      let pattern = try Regex(#"room\("\#(room)"(?:, \[([^\]]*)\])?\)"#)
      let match = try #require(text.firstMatch(of: pattern), "\(room) is not in Package.swift")
      let names = (match.output[1].substring ?? "").split(separator: ",").map { $0.filter { $0.isLetter || $0.isNumber } }
      let declared = Set(names.map { ["grdb": "GRDB", "sqlite": "GRDBSQLite", "yams": "Yams"][$0] ?? $0 })
      #expect(declared == allowed, "\(room): Package.swift and the table differ")
    }
  }

  @Test("pure rooms name no clock, no disk and no randomness")
  func purity() throws {
    for file in try SourceFile.all() where pureRooms.contains(file.room) {
      for name in impureNames { #expect(!file.text.contains(name), "\(file.path) names \(name)") }
    }
  }
}

/// One Swift file of Sources, with the modules it imports.
struct SourceFile {
  let room: String
  let path: String
  let text: String

  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static func all() throws -> [SourceFile] {
    let sources = root.appending(path: "Sources")
    let paths = try FileManager.default.subpathsOfDirectory(atPath: sources.path).filter { $0.hasSuffix(".swift") }.sorted()
    return try paths.map { path in
      let text = try String(contentsOf: sources.appending(path: path), encoding: .utf8)
      return SourceFile(room: String(path.prefix { $0 != "/" }), path: path, text: text)
    }
  }

  /// `import X`, with any attribute and access level before it, and any kind of declaration after it.
  var imports: Set<String> {
    let pattern = /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)/
    return Set(text.split(separator: "\n").compactMap { $0.firstMatch(of: pattern).map { String($0.output.1) } })
  }
}
