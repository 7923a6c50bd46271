/// Base58 in Bitcoin's alphabet, which multibase names `z`: the digits of a did:key.
enum Base58 {
  private static let alphabet = Array("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8)

  /// The number that the bytes spell, in base 58; each leading zero byte is one leading `1`.
  static func encode(_ bytes: [UInt8]) -> String {
    let zeros = bytes.prefix { $0 == 0 }.count
    let digits = convert(bytes, from: 256, to: 58)
    return String(decoding: ([UInt8](repeating: 0, count: zeros) + digits).map { alphabet[Int($0)] }, as: UTF8.self)
  }

  /// Nil where a character is not of the alphabet. Every text that decodes is the only spelling of its bytes.
  static func decode(_ text: some StringProtocol) -> [UInt8]? {
    var digits: [UInt8] = []
    for character in text.utf8 {
      guard let digit = alphabet.firstIndex(of: character) else { return nil }
      digits.append(UInt8(digit))
    }
    let zeros = digits.prefix { $0 == 0 }.count
    return [UInt8](repeating: 0, count: zeros) + convert(digits, from: 58, to: 256)
  }

  /// The same number in another base, most significant digit first, without leading zeros. Quadratic: for keys, not for files.
  private static func convert(_ digits: [UInt8], from source: Int, to target: Int) -> [UInt8] {
    var result: [UInt8] = []  // Least significant first.
    for digit in digits {
      var carry = Int(digit)
      for index in result.indices {
        carry += Int(result[index]) * source
        result[index] = UInt8(carry % target)
        carry /= target
      }
      while carry > 0 {
        result.append(UInt8(carry % target))
        carry /= target
      }
    }
    return result.reversed()
  }
}
