/// Where something in a recipe stands, for a person who has to find it.
package enum Place: Hashable, Sendable {
  /// Line and column from 1; columns count Unicode scalars, as YAML's own marks do.
  case position(file: String, line: Int, column: Int)
  /// The file as a whole.
  case file(String)
  /// An override on the command line: `train.x.epochs=1`.
  case override(String)
}

extension Place: CustomStringConvertible {
  package var description: String {
    switch self {
    case .position(let file, let line, let column): "\(file):\(line):\(column)"
    case .file(let file): file
    case .override(let text): "--set \(text)"
    }
  }
}

extension Place: Comparable {
  /// The order in which a reader meets them: overrides last.
  package static func < (left: Place, right: Place) -> Bool { left.order < right.order }

  private var order: (Int, String, Int, Int) {
    switch self {
    case .file(let file): (0, file, 0, 0)
    case .position(let file, let line, let column): (0, file, line, column)
    case .override(let text): (1, text, 0, 0)
    }
  }
}
