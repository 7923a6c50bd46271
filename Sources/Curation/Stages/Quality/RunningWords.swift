/// The words of a text as the Gopher rules see them: what stands between white space.
struct RunningWords {
  /// Of each word, without what is no letter, digit or mark at its ends; 0 for a word of nothing else.
  private(set) var lengths: [Int] = []
  /// Words that hold a letter.
  private(set) var alphabetic = 0
  /// The words in small letters, without what stands around them.
  private(set) var small: Set<String> = []
  /// Of all words, as they stand.
  private(set) var characters = 0

  private var hashes: [UInt64] = []
  private var whole: [Int] = []

  init(_ text: String) {
    for word in text.unicodeScalars.split(whereSeparator: \.properties.isWhitespace) { add(word) }
  }

  private mutating func add(_ word: Substring.UnicodeScalarView) {
    let bare = word.drop { !$0.isWordly }.reversed().drop { !$0.isWordly }
    lengths.append(bare.count)
    if word.contains(where: \.properties.isAlphabetic) { alphabetic += 1 }
    if bare.count <= 4 { small.insert(String(String.UnicodeScalarView(bare.reversed())).lowercased()) }
    hashes.append(word.reduce(0) { Words.mixed($0 ^ UInt64($1.value)) })
    whole.append(word.count)
    characters += word.count
  }

  /// Characters in all occurrences of the n-gram that occurs most often; 0 where none occurs twice. Of several, the one of most characters.
  func charactersInTopGram(of count: Int) -> Int {
    var grams: [UInt64: (occurrences: Int, characters: Int)] = [:]
    forEachGram(of: count) { gram, range in
      grams[gram, default: (0, whole[range].reduce(0, +))].occurrences += 1
    }
    let top = grams.values.max { ($0.occurrences, $0.characters) < ($1.occurrences, $1.characters) }
    guard let top, top.occurrences > 1 else { return 0 }
    // Occurrences may overlap; the text is not longer than it is.
    return min(top.occurrences * top.characters, characters)
  }

  /// Characters in words of an n-gram that stood there before, each counted once.
  func charactersInRepeatedGrams(of count: Int) -> Int {
    var seen: Set<UInt64> = []
    var covered = 0
    var end = 0
    forEachGram(of: count) { gram, range in
      guard !seen.insert(gram).inserted else { return }
      covered += whole[max(range.lowerBound, end)..<range.upperBound].reduce(0, +)
      end = range.upperBound
    }
    return covered
  }

  private func forEachGram(of count: Int, _ body: (UInt64, Range<Int>) -> Void) {
    guard hashes.count >= count else { return }
    for start in 0...(hashes.count - count) {
      let range = start..<(start + count)
      body(hashes[range].reduce(0) { Words.mixed($0 ^ $1) }, range)
    }
  }
}

extension Unicode.Scalar {
  /// A letter, a digit or a mark.
  fileprivate var isWordly: Bool {
    switch CharacterTable.shared[value].kind {
    case .letter, .mark: true
    case .alone: properties.isAlphabetic
    case .separator, .ignored: false
    }
  }
}
