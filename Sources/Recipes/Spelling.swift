/// Finds the word that somebody probably meant.
enum Spelling {
  /// The known word that is fewest edits away, if it is near enough to be a slip; the first in alphabetical order where two are as near.
  static func nearest(to word: String, among known: [String]) -> String? {
    let limit = max(1, word.count / 3)
    let candidates = known.sorted().map { ($0, distance(Array(word.lowercased()), Array($0.lowercased()))) }
    guard let best = candidates.min(by: { $0.1 < $1.1 }), best.1 <= limit, best.1 < word.count else { return nil }
    return best.0
  }

  /// Insertions, deletions, substitutions and swaps of neighbours, each letter edited at most once (optimal string alignment).
  static func distance(_ left: [Character], _ right: [Character]) -> Int {
    var beforePrevious: [Int] = []
    var previous = Array(0...right.count)
    for row in left.indices {
      var current = [row + 1]
      for column in right.indices {
        let substitution = previous[column] + (left[row] == right[column] ? 0 : 1)
        var cost = min(substitution, previous[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
          cost = min(cost, beforePrevious[column - 1] + 1)
        }
        current.append(cost)
      }
      (beforePrevious, previous) = (previous, current)
    }
    return previous[right.count]
  }
}
