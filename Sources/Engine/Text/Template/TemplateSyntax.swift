/// A template as it was read: statements and expressions, each with its place.
struct TemplateStatement: Sendable {
  indirect enum Kind: Sendable {
    case data([UInt8])
    case output(TemplateExpression)
    case choice([(condition: TemplateExpression, body: [TemplateStatement])], otherwise: [TemplateStatement])
    case loop(TemplateLoop)
    case assignment(TemplateTarget, TemplateExpression)
    /// `{% set x %}…{% endset %}`: what the body writes is the value.
    case capture(TemplateTarget, [TemplateStatement])
    /// `{% generation %}…{% endgeneration %}`, which `transformers` adds to Jinja: what it writes is what a model is to say.
    case generation([TemplateStatement])
    case breakLoop, continueLoop
    case macro(TemplateMacro)
  }

  let kind: Kind
  let offset: Int
}

struct TemplateLoop: Sendable {
  let target: TemplateTarget
  let items: TemplateExpression
  let condition: TemplateExpression?
  let body: [TemplateStatement]
  let otherwise: [TemplateStatement]
}

/// What is assigned to.
enum TemplateTarget: Sendable {
  case name(String)
  case names([String])
  /// `ns.name`, where `ns` is a namespace.
  case attribute(of: String, String)

  /// The variables that are set.
  var names: [String] {
    switch self {
    case .name(let name): [name]
    case .names(let names): names
    case .attribute: []
    }
  }
}

struct TemplateExpression: Sendable {
  indirect enum Kind: Sendable {
    case none
    case bool(Bool)
    case integer(Int)
    case text(TemplateText)
    case name(String)
    case list([TemplateExpression])
    case tuple([TemplateExpression])
    case mapping([(key: TemplateExpression, value: TemplateExpression)])
    case attribute(TemplateExpression, String)
    case element(TemplateExpression, TemplateExpression)
    case slice(TemplateExpression, from: TemplateExpression?, to: TemplateExpression?, step: TemplateExpression?)
    case function(String, TemplateArguments)
    case macro(String, TemplateArguments)
    case method(TemplateExpression, String, TemplateArguments)
    case filter(TemplateExpression, TemplateFilter, TemplateArguments)
    case test(TemplateExpression, TemplateTest, TemplateArguments)
    case not(TemplateExpression)
    case negative(TemplateExpression)
    case arithmetic(TemplateExpression, TemplateOperator, TemplateExpression)
    case joined([TemplateExpression])
    case comparison(TemplateExpression, [(TemplateComparison, TemplateExpression)])
    case and(TemplateExpression, TemplateExpression)
    case or(TemplateExpression, TemplateExpression)
    case choice(TemplateExpression, condition: TemplateExpression, otherwise: TemplateExpression?)
  }

  let kind: Kind
  let offset: Int
}

struct TemplateArguments: Sendable {
  var values: [TemplateExpression] = []
  var named: [(name: String, value: TemplateExpression)] = []
}

enum TemplateOperator: String, Sendable {
  case plus = "+"
  case minus = "-"
  case times = "*"
  case wholeQuotient = "//"
  case remainder = "%"
}

enum TemplateComparison: String, Sendable {
  case equal = "=="
  case unequal = "!="
  case less = "<"
  case atMost = "<="
  case greater = ">"
  case atLeast = ">="
  case isIn = "in"
  case isNotIn = "not in"
}

// What is not in one of these lists is refused when the template is read, also in a branch that is never taken.

enum TemplateFilter: String, Sendable, CaseIterable {
  case trim, length, count, upper, lower, capitalize, join, replace, `default`, d, first, last, list, string, tojson, items
  case select, reject, selectattr, rejectattr, map, dictsort, safe
}

enum TemplateTest: String, Sendable, CaseIterable {
  case defined, undefined, none, string, mapping, sequence, iterable, number, integer, float, boolean
  case isTrue = "true"
  case isFalse = "false"
  case eq, equalto
  case equalSign = "=="
  case ne
  case unequalSign = "!="
  case isIn = "in"
  case odd, even, divisibleby, lt, lessthan, le, gt, greaterthan, ge
}

enum TemplateMethod: String, Sendable, CaseIterable {
  case strip, lstrip, rstrip, split, startswith, endswith, replace, upper, lower, capitalize, join, find, removeprefix, removesuffix
  case get, items, keys, values
}

enum TemplateFunction: String, Sendable, CaseIterable {
  case namespace, range
  case raise = "raise_exception"
  /// Read, because templates ask whether it is there; it never is, since a clock would make other tokens every day.
  case now = "strftime_now"
}
