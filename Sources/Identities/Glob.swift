/// A pattern over names: `*` stands for any run of characters, `?` for one, everything else for itself.
struct Glob: Hashable, Sendable {
  let pattern: String

  /// Compares bytes, going back to the last `*` only: at most pattern × name steps, whatever the pattern.
  func matches(_ name: String) -> Bool {
    let (pattern, name) = (Array(pattern.utf8), Array(name.utf8))
    var (position, index) = (0, 0)
    var retry: (position: Int, index: Int)?
    while index < name.count {
      if position < pattern.count, pattern[position] == UInt8(ascii: "*") {
        position += 1
        retry = (position, index)
      } else if position < pattern.count, pattern[position] == UInt8(ascii: "?") || pattern[position] == name[index] {
        position += 1
        index += 1
      } else if let (afterStar, matched) = retry {
        position = afterStar
        index = matched + 1
        retry = (afterStar, index)
      } else {
        return false
      }
    }
    return pattern[position...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}
