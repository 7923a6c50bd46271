internal import Artifacts
internal import Foundation
internal import GRDB

/// What the database knows of one object.
struct ObjectRow: Sendable {
  enum Place: Hashable, Sendable {
    /// In the database: small ones that came alone.
    case inline
    /// A file of its own under objects/, as stores had it before packs.
    case loose
    case packed(pack: Int64, offset: Int64)
    /// In chunks, which another object lists.
    case chunked(list: Digest)
  }

  let digest: Digest
  let byteCount: Int64
  let place: Place
  /// False for what is only a part of another object.
  let isNamed: Bool

  /// Whether it is named or a part.
  static func find(any digest: Digest, in database: Database) throws -> ObjectRow? {
    let statement = try database.cachedStatement(sql: "SELECT byte_count, form, pack, place, list, is_named FROM object WHERE digest = ?")
    guard let row = try Row.fetchOne(statement, arguments: [digest.blob]) else { return nil }
    let place = try Place(form: row["form"], pack: row["pack"], offset: row["place"], list: (row["list"] as Data?).map { try Digest(column: $0) })
    return ObjectRow(digest: digest, byteCount: row["byte_count"], place: place, isNamed: row["is_named"])
  }

  static func find(_ digest: Digest, in database: Database) throws -> ObjectRow? {
    try find(any: digest, in: database).flatMap { $0.isNamed ? $0 : nil }
  }

  /// Many at once, named or parts, in the order asked.
  static func find(any digests: some Sequence<Digest>, in database: Database) throws -> [ObjectRow?] {
    let statement = try RawStatement("SELECT byte_count, form, pack, place, list, is_named FROM object WHERE digest = ?1", in: database)
    return try digests.map { digest in
      statement.bind(digest, at: 1)
      defer { statement.reset() }
      guard try statement.step() else { return nil }
      let place = try Place(
        form: statement.integer(1), pack: statement.integer(2), offset: statement.integer(3), list: try statement.digest(4))
      return ObjectRow(digest: digest, byteCount: statement.integer(0), place: place, isNamed: statement.integer(5) != 0)
    }
  }

  static func inlineBytes(of digest: Digest, in database: Database) throws -> Data? {
    let statement = try database.cachedStatement(sql: "SELECT bytes FROM inline_object WHERE digest = ?")
    return try Row.fetchOne(statement, arguments: [digest.blob])?["bytes"]
  }
}

extension ObjectRow.Place {
  fileprivate init(form: Int64, pack: Int64, offset: Int64, list: Digest?) throws {
    switch (form, list) {
    case (0, nil): self = .inline
    case (1, nil): self = .loose
    case (2, nil): self = .packed(pack: pack, offset: offset)
    case (3, let list?): self = .chunked(list: list)
    default: throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a row does not say where its object is")
    }
  }

  /// As the columns have it: form, pack, place.
  var columns: (form: Int64, pack: Int64, offset: Int64) {
    switch self {
    case .inline: (0, 0, 0)
    case .loose: (1, 0, 0)
    case .packed(let pack, let offset): (2, pack, offset)
    case .chunked: (3, 0, 0)
    }
  }
}
