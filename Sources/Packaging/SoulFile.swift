internal import Artifacts
package import Foundation

/// A file to be packed: its path in the unpacked Soul, what it is, and where its bytes are.
///
/// The files of a PEFT adapter belong at the root (`adapter_model.safetensors`, `adapter_config.json`): PEFT can then load the unpacked folder.
package struct SoulFile: Sendable {
  package enum Content: Sendable {
    case data(Data)
    case file(URL)
  }

  package let path: String
  package let role: FileRole
  package let content: Content

  package init(path: String, role: FileRole, content: Content) {
    self.path = path
    self.role = role
    self.content = content
  }
}

extension SoulFile {
  /// The manifest and the card, which the archive makes itself.
  package static let manifestPath = "soul.json"
  package static let cardPath = "README.md"

  /// What a file of a component is: weights are safetensors, and the rest says how to read them.
  package static func role(inComponent path: String) -> FileRole { path.hasSuffix(".safetensors") ? .weight : .configuration }

  /// The normalised recipe, and those of its bases: the one document that is a program.
  package static let recipePath = "recipe.json"
  /// What it came from, by digests.
  package static let lineagePath = "lineage.json"
  /// How the winner was trained, step by step.
  package static let trainingPath = "training.json"

  /// A path that every file system keeps as it is: relative, contained, from a small alphabet, no part beginning with `-`; nor with `.`, since `.git/config`
  /// and others like it are carried out by programs that merely come by.
  static func isPath(_ path: String) -> Bool {
    guard (1...255).contains(path.utf8.count), path.utf8.allSatisfy(isPathByte) else { return false }
    return path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
      !part.isEmpty && !part.hasPrefix(".") && !part.hasPrefix("-")
    }
  }

  private static func isPathByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: "._+@=/-".utf8.contains(byte)
    }
  }

  /// Paths that could not be unpacked together: two alike but for case, or one that is a folder of another.
  static func collision(among paths: [String]) -> String? {
    var files: Set<String> = []
    for path in paths where !files.insert(path.lowercased()).inserted { return path }
    return paths.first { path in
      var parts = path.lowercased().split(separator: "/").dropLast()
      while !parts.isEmpty {
        if files.contains(parts.joined(separator: "/")) { return true }
        parts = parts.dropLast()
      }
      return false
    }
  }
}
