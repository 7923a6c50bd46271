/// The distinct shingles of a record, in ascending order, those of templates marked.
struct ShingleSet {
  let shingles: [UInt64]

  init(_ shingles: [UInt64], templates: Set<UInt64>) {
    let marked = templates.isEmpty ? shingles : shingles.map { templates.contains($0) ? $0 | Shingle.templateFlag : $0 }
    let sorted = marked.sorted()
    var distinct: [UInt64] = []
    distinct.reserveCapacity(sorted.count)
    for shingle in sorted where distinct.last != shingle { distinct.append(shingle) }
    self.shingles = distinct
  }
}

/// What two records share, counted shingle by shingle.
struct Resemblance {
  /// Jaccard's coefficient as a fraction: |A ∩ B| of |A ∪ B|.
  struct Share {
    var common = 0
    var all = 0

    /// In parts per million, rounded down; that of two empty sets is what the caller takes it for.
    func ppm(ofNothing empty: Int) -> Int { all == 0 ? empty : common * 1_000_000 / all }
  }

  private var user = Share()
  /// The assistant's side, or the running text.
  private var other = Share()
  /// Of both sides, without templates.
  private var evidence = Share()

  init(_ left: ShingleSet, _ right: ShingleSet) {
    let (a, b) = (left.shingles, right.shingles)
    var (i, j) = (0, 0)
    while i < a.count || j < b.count {
      let isLeft = j == b.count || i < a.count && a[i] <= b[j]
      let isRight = i == a.count || j < b.count && b[j] <= a[i]
      count(isLeft ? a[i] : b[j], isCommon: isLeft && isRight)
      if isLeft { i += 1 }
      if isRight { j += 1 }
    }
  }

  private mutating func count(_ shingle: UInt64, isCommon: Bool) {
    let common = isCommon ? 1 : 0
    if shingle & Shingle.userFlag == 0 {
      other.all += 1
      other.common += common
    } else {
      user.all += 1
      user.common += common
    }
    guard shingle & Shingle.templateFlag == 0 else { return }
    evidence.all += 1
    evidence.common += common
  }

  /// The smaller of the resemblance of all shingles and of those that are no template's. Nil where the records are no near duplicates.
  ///
  /// Each side of a conversation must resemble by half the threshold too: a question of its own is a conversation of its own, however long
  /// the answer that it shares with another.
  func similarityPPM(thresholdPPM: Int) -> Int? {
    let whole = Share(common: user.common + other.common, all: user.all + other.all)
    let similarity = min(whole.ppm(ofNothing: 0), evidence.ppm(ofNothing: 0))
    let sides = min(user.ppm(ofNothing: 1_000_000), other.ppm(ofNothing: 1_000_000))
    return similarity >= thresholdPPM && sides * 2 >= thresholdPPM ? similarity : nil
  }
}
