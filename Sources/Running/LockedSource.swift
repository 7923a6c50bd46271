package import Artifacts
internal import Foundation
package import Planning

/// A source of a recipe and the digest that `soul.lock` pins it to: what `push --data` and `pull --data` carry.
package struct LockedSource: Hashable, Sendable {
  package let source: Source
  package let digest: Digest

  package init(source: Source, digest: Digest) {
    self.source = source
    self.digest = digest
  }

  package var path: String { source.path }

  /// An absolute path is of the system: what lies there was installed, is somebody else's to give away, and is not laid by us.
  package var isOfSystem: Bool { path.hasPrefix("/") }
}

extension Lock {
  /// The pins of a recipe as sources. The lock names paths and the recipe says how each is used, so both must speak of the same.
  package func sources(of recipe: String, in plan: Plan) throws(LockDiffers) -> [LockedSource] {
    guard let pins = recipes[recipe] else { throw LockDiffers(differences: [.notLocked(recipe: recipe)]) }
    var locked: [LockedSource] = []
    var differences: [Difference] = []
    // What is on a hub is fetched there by whoever builds, and a Soul has a file of its own: neither is data of the project.
    for source in plan.sources(for: plan.actions(for: .build)) where !source.isRemote && !source.isOfSoul && !source.isOrigin {
      if let digest = pins.digest(of: source) {
        locked.append(LockedSource(source: source, digest: digest))
      } else {
        differences.append(.source(path: source.path, locked: nil, found: nil))
      }
    }
    guard differences.isEmpty else { throw LockDiffers(differences: differences) }
    return locked
  }
}

/// One source after it was carried.
package struct CarriedSource: Hashable, Sendable {
  package enum Outcome: Hashable, Sendable {
    /// `push`: all of it is in the folder; that many objects, the listing among them, were not there before.
    case pushed(files: Int, byteCount: Int64, newObjects: Int)
    /// `pull`: that many files were laid in place, of a source of that size.
    case laid(files: Int, byteCount: Int64)
    /// `pull`: what is there is what is locked.
    case asLocked
    /// Of the system, and not carried. `isAsLocked` is nil where nobody looked.
    case ofSystem(isAsLocked: Bool?)
  }

  package let source: LockedSource
  package let outcome: Outcome
}
