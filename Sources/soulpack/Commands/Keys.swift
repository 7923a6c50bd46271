internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Identities
internal import Signing

/// `soulpack keys`: the identities with which this user signs.
struct Keys: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Make and list signing keys.", subcommands: [New.self, List.self])

  struct New: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make a new Ed25519 key. An existing one is never overwritten.")

    @Argument(help: "The key's name.") var name: String
    @Flag(help: "Keep the key in the clear: for machines without a person.") var noPassphrase = false
    @OptionGroup var common: CommonArguments

    func run() throws {
      let store = KeyStore(folder: UserFolders().keys)
      let key: PublicKey
      if noPassphrase {
        key = try store.create(name: name, passphrase: nil)
      } else {
        key = try store.create(name: name, passphrase: SecretBytes(copying: try Passphrase.choose()))
      }
      common.terminal.show(KeyReport(name: name, key: key.description, isProtected: !noPassphrase))
      common.terminal.remark("kept in \(store.folder.path); the secret part never leaves it, so keep a copy safe")
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the keys, without asking for a passphrase.")

    @OptionGroup var common: CommonArguments

    func run() throws {
      common.terminal.show(KeysReport(listings: try KeyStore(folder: UserFolders().keys).list()))
    }
  }
}

struct KeyReport: Report {
  let name: String
  let key: String
  let isProtected: Bool

  let schema = "soulpack.key-made/1"
  var members: [String: JSONValue] { ["name": .string(name), "key": .string(key), "protected": .bool(isProtected)] }
  var lines: [String] { ["\(name)  \(key)"] }
}

struct KeysReport: Report {
  let listings: [KeyListing]
  let schema = "soulpack.keys/1"

  var members: [String: JSONValue] {
    [
      "keys": .array(
        listings.map { listing in
          switch listing {
          case .key(let file): ["name": .string(file.name), "key": .string(file.publicKey.description), "protected": .bool(file.isProtected)]
          case .unreadable(let name, let error): ["name": .string(name), "error": .string(error.message)]
          }
        })
    ]
  }

  var lines: [String] {
    guard !listings.isEmpty else { return ["no keys yet: soulpack keys new NAME"] }
    var table = Table()
    for listing in listings {
      switch listing {
      case .key(let file): table.add(file.name, file.publicKey.description, file.isProtected ? "" : "no passphrase")
      case .unreadable(let name, let error): table.add(name, error.message)
      }
    }
    return table.lines
  }
}
