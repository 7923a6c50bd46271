package import Artifacts
internal import Archiving
internal import Foundation
internal import Signing

/// Why an archive was not written, opened, or unpacked.
package struct ArchiveError: ExplainedError, Hashable {
  package enum Problem: Hashable, Sendable {
    /// The tar is not in its one form; the words are Archiving's.
    case tar(String)
    /// A member that has no place in an archive.
    case unexpectedMember(String)
    /// Members out of the prescribed order.
    case order(member: String)
    /// Bytes that are not what their digest says.
    case wrongDigest(String)
    case wrongSize(Digest)
    case missingBlob(Digest)
    /// A blob that nothing names.
    case extraBlob(Digest)
    /// `index.json`, a manifest, or another document of the archive does not say what it should.
    case document(String)
    case unknownMediaType(String)
    case badPath(String)
    /// Two parts of what is to be packed, or was, contradict each other.
    case inconsistent(String)
    /// A folder that is none.
    case notUnpacked
    /// A file changed between two readings of it.
    case sourceChanged(String)
    /// A folder where an archive was to be.
    case notAFile
    /// What the system says of a file, by its error's number.
    case inputOutput(path: String, code: Int32)
  }

  package let path: String
  package let problem: Problem

  init(_ url: URL, _ problem: Problem) {
    path = url.path
    self.problem = problem
  }

  /// True where the archive's bytes are at fault (the face exits with 6), false where the outside world is.
  package var isVerificationFailure: Bool {
    switch problem {
    case .inputOutput, .notAFile, .notUnpacked: false
    default: true
    }
  }

  package var message: String {
    switch problem {
    case .tar(let text): text
    case .unexpectedMember(let name): "\(path): unexpected member \"\(name)\""
    case .order(let member): "\(path): \"\(member)\" is out of order"
    case .wrongDigest(let name): "\(path): \"\(name)\" does not have the digest it is named by"
    case .wrongSize(let digest): "\(path): blob \(digest.short) does not have the size that its descriptor says"
    case .missingBlob(let digest): "\(path): blob \(digest.short) is missing"
    case .extraBlob(let digest): "\(path): nothing names blob \(digest.short)"
    case .document(let text): "\(path): \(text)"
    case .unknownMediaType(let type): "\(path): unknown media type \"\(type)\""
    case .badPath(let name): "\(path): path \"\(name)\" is not allowed in an archive"
    case .inconsistent(let text): "\(path): \(text)"
    case .notUnpacked: "\(path): no Soul was unpacked here: it has no soul.json"
    case .sourceChanged(let name): "\(path): \"\(name)\" changed while it was read"
    case .notAFile: "\(path): not a file"
    case .inputOutput(let path, let code): "\(path): \(String(cString: strerror(code)).lowercased())"
    }
  }

  package var hint: String? {
    switch problem {
    case .badPath: "use relative paths of letters, digits and \"._+@=/-\", at most 255 bytes, no part of which begins with \".\" or \"-\""
    case .notUnpacked: "give a .soul file, or a folder that `soulpack unpack` wrote"
    case .notAFile: "give the .soul file: a folder that it was unpacked to holds no signatures, and `soulpack inspect` tells what it is"
    case .inputOutput(_, ENOSPC): "free some space"
    default: nil
    }
  }
}

/// Where every error of the rooms below becomes one of this room's.
func explaining<Value>(_ url: URL, _ body: () throws -> Value) throws(ArchiveError) -> Value {
  do {
    return try body()
  } catch let error as ArchiveError {
    throw error
  } catch let error as ArchiveError.Problem {
    throw ArchiveError(url, error)
  } catch let error as TarError {
    switch error.problem {
    case .inputOutput(let code): throw ArchiveError(url, .inputOutput(path: error.path, code: code))
    case .notAFile: throw ArchiveError(URL(filePath: error.path), .notAFile)
    default: throw ArchiveError(url, .tar(error.message))
    }
  } catch let error as any ExplainedError {
    throw ArchiveError(url, .document(error.message))
  } catch let error as JSONSyntaxError {
    throw ArchiveError(url, .document(error.reason))
  } catch {
    let path = (error as NSError).userInfo[NSFilePathErrorKey] as? String
    throw ArchiveError(url, .inputOutput(path: path ?? url.path, code: NewFolder.code(error)))
  }
}

extension ArchiveError.Problem: Error {}
