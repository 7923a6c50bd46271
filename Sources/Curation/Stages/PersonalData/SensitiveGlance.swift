/// One look at every byte of a text, which finds the places where an address of a machine, an account or a key could stand, and says whether there
/// could be an e-mail address or a number. Most texts hold nothing, and are let go after it.
struct SensitiveGlance {
  private(set) var found: [PersonalDatum] = []
  private(set) var mayHoldOthers = false

  private enum Stop: UInt8 {
    case none, digit, at, dot, colon, hyphen, joint
  }

  private static let stops: [UInt8] = {
    var stops = [UInt8](repeating: Stop.none.rawValue, count: 256)
    for digit in UInt8(ascii: "0")...UInt8(ascii: "9") { stops[Int(digit)] = Stop.digit.rawValue }
    stops[Int(UInt8(ascii: "@"))] = Stop.at.rawValue
    stops[Int(UInt8(ascii: "."))] = Stop.dot.rawValue
    stops[Int(UInt8(ascii: ":"))] = Stop.colon.rawValue
    stops[Int(UInt8(ascii: "-"))] = Stop.hyphen.rawValue
    // AKIA, ASIA, AIza, eyJ, and the underscore of many.
    for joint in "KSzJ_".utf8 { stops[Int(joint)] = Stop.joint.rawValue }
    return stops
  }()

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    var digits = 0
    var tokenFloor = 0
    var hasAt = false
    SensitiveGlance.stops.withUnsafeBufferPointer { stops in
      var index = 0
      while index < bytes.count {
        let stop = stops[Int(bytes[index])]
        if stop == Stop.none.rawValue {
          index += 1
          continue
        }
        if stop == Stop.digit.rawValue { digits += 1 }
        if stop == Stop.at.rawValue { hasAt = true }
        if let datum = SensitiveGlance.datum(bytes, at: index, stop, &tokenFloor), found.last.map({ $0.range.upperBound <= datum.range.lowerBound }) ?? true {
          found.append(datum)
          index = max(index + 1, datum.range.upperBound)
        } else {
          index += 1
        }
      }
    }
    mayHoldOthers = hasAt || digits >= PhoneRules.fewestDigits
  }

  @inline(__always)
  private static func datum(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int, _ stop: UInt8, _ tokenFloor: inout Int) -> PersonalDatum? {
    guard index > 0 || stop == Stop.hyphen.rawValue else { return nil }
    let before = index > 0 ? bytes[index - 1] : UInt8(ascii: " ")
    let range: Range<Int>?
    switch stop {
    case Stop.dot.rawValue:
      guard before.isDigit, index + 1 < bytes.count, bytes[index + 1].isDigit else { return nil }
      return AddressRules.ipv4(bytes, firstDot: index).map { PersonalDatum(kind: .ip, range: $0) }
    case Stop.colon.rawValue:
      guard before.isHexadecimal else { return nil }
      return AddressRules.ipv6(bytes, firstColon: index).map { PersonalDatum(kind: .ip, range: $0) }
    case Stop.digit.rawValue:
      guard before.isASCIICapital else { return nil }
      return AccountRules.iban(bytes, firstDigit: index).map { PersonalDatum(kind: .iban, range: $0) }
    case Stop.hyphen.rawValue:
      range =
        index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "-")
        ? SecretRules.privateKey(bytes, at: index) : before.isWordly ? SecretRules.token(bytes, at: index) : nil
    case Stop.joint.rawValue:
      range = bytes[index] == UInt8(ascii: "J") ? SecretRules.webToken(bytes, at: index, noneBefore: &tokenFloor) : before.isWordly ? SecretRules.token(bytes, at: index) : nil
    default: return nil
    }
    return range.map { PersonalDatum(kind: .secret, range: $0) }
  }
}
