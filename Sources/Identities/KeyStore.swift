internal import Artifacts
package import Foundation
package import Signing

/// The identity keys of one user: a folder with a file `NAME.key` for each, readable by the owner alone.
package struct KeyStore: Sendable {
  package let folder: URL

  package init(folder: URL) {
    self.folder = folder
  }

  /// Makes a new key. Without a passphrase the seed lies in the clear, and the file says so. A name that is taken is an error: keys are never
  /// overwritten.
  package func create(
    name: String, passphrase: borrowing SecretBytes?, cost: WrappedSecret.Cost = .standard
  ) throws(KeyError) -> PublicKey {
    let key = SigningKey.generate()
    try add(name: name, key: key, passphrase: passphrase, cost: cost)
    return key.publicKey
  }

  /// Keeps a key that was made elsewhere.
  package func add(
    name: String, key: borrowing SigningKey, passphrase: borrowing SecretBytes?, cost: WrappedSecret.Cost = .standard
  ) throws(KeyError) {
    guard KeyFile.isName(name) else { throw .badName(name) }
    let url = url(of: name)
    try makeFolder()
    let file: KeyFile
    do throws(WrappingError) {
      file = try KeyFile(name: name, key: key, passphrase: passphrase, cost: cost)
    } catch {
      throw KeyError(error, path: url.path)
    }
    try PrivateFile.create(url, name: name, contents: Data(file.document.pretty.utf8))
  }

  /// The private key of that name.
  package func load(name: String, passphrase: borrowing SecretBytes?) throws(KeyError) -> SigningKey {
    guard KeyFile.isName(name) else { throw .badName(name) }
    let file = try Self.read(url(of: name))
    guard file.name == name else { throw .malformed(path: url(of: name).path, problem: "the file is of a key named \"\(file.name)\"") }
    return try file.unlock(passphrase: passphrase, path: url(of: name).path)
  }

  /// What a key file says without a passphrase. For files outside a store too, such as the one that `SOULPACK_KEY_FILE` names.
  package static func read(_ url: URL) throws(KeyError) -> KeyFile {
    let bytes = try PrivateFile.read(url, name: url.deletingPathExtension().lastPathComponent)
    do {
      return try KeyFile(document: try JSONValue(parsing: bytes), path: "")
    } catch let error as DocumentError {
      throw .malformed(path: url.path, problem: error.message)
    } catch {
      throw .malformed(path: url.path, problem: "not a key file, or cut short")
    }
  }

  /// The private key in a file outside a store.
  package static func load(_ url: URL, passphrase: borrowing SecretBytes?) throws(KeyError) -> SigningKey {
    try read(url).unlock(passphrase: passphrase, path: url.path)
  }

  private func url(of name: String) -> URL { folder.appendingPathComponent(name + ".key", isDirectory: false) }

  private func makeFolder() throws(KeyError) {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw .inputOutput(path: folder.path, reason: "the folder cannot be made")
    }
  }
}

// MARK: - Listing

/// A key as a list shows it; a file that cannot be read does not hide the others.
package enum KeyListing: Sendable {
  case key(KeyFile)
  case unreadable(name: String, KeyError)

  package var name: String {
    switch self {
    case .key(let file): file.name
    case .unreadable(let name, _): name
    }
  }
}

extension KeyStore {
  /// All keys, by name. A folder that does not exist holds none.
  package func list() throws(KeyError) -> [KeyListing] {
    guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
    let files: [String]
    do {
      files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    } catch {
      throw .inputOutput(path: folder.path, reason: "the folder cannot be listed")
    }
    let names = files.filter { $0.hasSuffix(".key") }.map { String($0.dropLast(4)) }.filter(KeyFile.isName)
    return names.sorted().map { name in
      do throws(KeyError) {
        return .key(try Self.read(url(of: name)))
      } catch {
        return .unreadable(name: name, error)
      }
    }
  }
}
