internal import Artifacts

/// What is wrong with a licence expression.
package enum LicenseError: ExplainedError, Hashable {
  case tooLong(limit: Int)
  case unexpected(String)
  case incomplete
  case nestedTooDeeply
  case tooManyChoices
  /// `NOASSERTION` and `NONE`, which say that nobody knows, or that there is no permission (SPDX 2.3, section 7.15).
  case nothingKnown(String)
  /// No licence that soulpack knows or the recipe declares.
  case unknown(String)

  package var message: String {
    switch self {
    case .tooLong(let limit): "a licence expression of more than \(limit) bytes"
    case .unexpected(let word): "unexpected \"\(word)\" in a licence expression"
    case .incomplete: "a licence expression that is not complete"
    case .nestedTooDeeply: "a licence expression with more than \(ExpressionParser.deepestNesting) parentheses within each other"
    case .tooManyChoices: "a licence expression with more than \(LicenseExpression.mostChoices) choices"
    case .nothingKnown(let word): "\"\(word)\" is no licence: what is not known is not allowed"
    case .unknown(let name): "unknown licence \"\(name)\""
    }
  }

  package var hint: String? {
    switch self {
    case .unknown: "write it as SPDX does, such as CC-BY-4.0; or say under \"licenses\" what it allows"
    case .tooLong, .tooManyChoices, .nestedTooDeeply: "name the licence that you chose"
    case .unexpected, .incomplete: "for example MIT, or \"CC-BY-4.0 AND LicenseRef-letters\""
    case .nothingKnown: "ask whoever gave the texts"
    }
  }
}
