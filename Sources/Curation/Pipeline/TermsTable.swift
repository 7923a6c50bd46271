/// The terms that records state, each once: a million records have a handful of them, so that a record holds a number.
struct TermsTable: Sendable {
  /// Of a record whose dataset's own terms hold.
  static let datasetsOwn: UInt32 = 0

  /// By their numbers, from 1.
  private(set) var expressions: [String] = []
  private var numbers: [String: UInt32] = [:]

  /// Nil is the dataset's own.
  mutating func number(of expression: String?) -> UInt32 {
    guard let expression else { return Self.datasetsOwn }
    if let known = numbers[expression] { return known }
    expressions.append(expression)
    let number = UInt32(expressions.count)
    numbers[expression] = number
    return number
  }

  subscript(number: UInt32) -> String? { number == Self.datasetsOwn ? nil : expressions[Int(number) - 1] }
}
