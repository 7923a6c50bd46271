package import Artifacts

/// How many files differ between two versions of a folder.
package struct VersionChanges: Hashable, Sendable {
  package private(set) var new = 0
  package private(set) var changed = 0
  package private(set) var gone = 0

  package init() {}

  init(new: Int, changed: Int, gone: Int) { (self.new, self.changed, self.gone) = (new, changed, gone) }

  /// One pass over both: each is sorted by the bytes of paths.
  package init(from old: Snapshot, to now: Snapshot) {
    var left = old.entries.makeIterator()
    var first = left.next()
    for entry in now.entries {
      while let known = first, known.path.precedesByBytes(entry.path) {
        gone += 1
        first = left.next()
      }
      guard let known = first, known.path.utf8.elementsEqual(entry.path.utf8) else {
        new += 1
        continue
      }
      if known.digest != entry.digest { changed += 1 }
      first = left.next()
    }
    while first != nil {
      gone += 1
      first = left.next()
    }
  }

  package var isEmpty: Bool { new == 0 && changed == 0 && gone == 0 }
}
