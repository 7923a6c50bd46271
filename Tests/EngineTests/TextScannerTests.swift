import Engine
import Testing

@Suite("Pre-tokenizers")
struct TextScannerTests {
  @Test("text is cut where the judge cuts it", arguments: TextVectors.preTokenizers.indices)
  func cutsLikeJudge(_ index: Int) {
    for expected in TextVectors.pieces[index] {
      let text = Array(expected.joined().utf8)
      var pieces: [String] = []
      TextVectors.preTokenizers[index].preTokenizer.forEachPiece(of: text) { pieces.append(String(decoding: text[$0], as: UTF8.self)) }
      // As bytes, since Swift's strings are equal when canonically equivalent.
      #expect(pieces.map { Array($0.utf8) } == expected.map { Array($0.utf8) })
    }
  }

  @Test("the pinned classes are those of every scalar that Unicode 16.0 had, by the standard library's own tables")
  func classesAgreeWithStandardLibrary() {
    var differences: [UInt32] = []
    for value in UInt32(0)..<0x110000 {
      guard let scalar = Unicode.Scalar(value) else { continue }
      if UnicodeClasses.kind(of: value) != expectedKind(scalar.properties) { differences.append(value) }
    }
    #expect(differences == [])
  }

  private func expectedKind(_ properties: Unicode.Scalar.Properties) -> CharacterKind {
    guard let age = properties.age, age <= (16, 0) else { return .other }
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return .letter
    case .decimalNumber, .letterNumber, .otherNumber: return .number
    default: return properties.isWhitespace ? .whiteSpace : .other
    }
  }
}
