package import Foundation
internal import Artifacts

/// Reads and writes Hugging Face's `tokenizer.json`, as far as it is byte-level BPE. What it does not know it refuses by name.
package enum TokenizerFile {
  package static func read(_ bytes: Data) throws(TokenizerError) -> Tokenizer {
    let document: TokenizerDocument
    do {
      document = try JSONDecoder().decode(TokenizerDocument.self, from: bytes)
    } catch let error as TokenizerError {
      throw error
    } catch {
      throw .malformed(place: "tokenizer.json", reason: "not a tokenizer's JSON document")
    }
    return try document.tokenizer()
  }
}

/// The members of the file. The vocabulary and the merges have types of their own, since they are large; the rest is small.
struct TokenizerDocument: Decodable {
  struct Model: Decodable {
    var vocabulary: [String: Int32] = [:]
    var merges: [[String]] = []
    var options: [String: JSONValue] = [:]

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: MemberName.self)
      for key in container.allKeys {
        switch key.stringValue {
        case "vocab": vocabulary = try container.decode([String: Int32].self, forKey: key)
        case "merges": merges = try Self.merges(in: container, key)
        default: options[key.stringValue] = try container.decode(JSONValue.self, forKey: key)
        }
      }
    }

    /// Pairs, as newer versions write them, or `left right`, as older ones did.
    private static func merges(in container: KeyedDecodingContainer<MemberName>, _ key: MemberName) throws -> [[String]] {
      do {
        return try container.decode([String].self, forKey: key).map { rule in
          rule.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        }
      } catch DecodingError.typeMismatch {
        return try container.decode([[String]].self, forKey: key)
      }
    }
  }

  let model: Model
  var members: [String: JSONValue] = [:]

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: MemberName.self)
    let modelKey = MemberName(stringValue: "model")
    guard container.contains(modelKey) else { throw TokenizerError.malformed(place: "model", reason: "missing") }
    guard try container.superDecoder(forKey: modelKey).container(keyedBy: MemberName.self).isByteLevelCandidate() else {
      throw TokenizerError.unsupported(place: "model.type", value: "a model other than BPE")
    }
    model = try container.decode(Model.self, forKey: modelKey)
    for key in container.allKeys where key.stringValue != "model" {
      members[key.stringValue] = try container.decode(JSONValue.self, forKey: key)
    }
  }
}

struct MemberName: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

extension KeyedDecodingContainer<MemberName> {
  /// Other models spell their vocabulary otherwise, so their kind is asked before it is read. Old files name no kind.
  fileprivate func isByteLevelCandidate() throws -> Bool {
    let kind = try decodeIfPresent(String.self, forKey: MemberName(stringValue: "type"))
    return kind == nil || kind == "BPE"
  }
}
