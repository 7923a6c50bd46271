internal import Foundation
internal import Store

extension ReadableStore {
  /// Nil where there is none yet: who only asks makes none.
  static func openIfThere(at folder: URL) throws -> ReadableStore? {
    do {
      return try open(at: folder)
    } catch StoreError.absent {
      return nil
    }
  }

  /// The store of the project where a command was given. Nil far from any project, too.
  static func openIfThere(_ common: CommonArguments) throws -> ReadableStore? {
    try openIfThere(at: Project.storeFolder(in: Project.rootFolder(common)))
  }
}
