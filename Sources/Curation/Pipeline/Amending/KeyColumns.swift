internal import Artifacts

/// The keys of all contents, one band at a time: where each content's keys stand is noted, and they are not copied.
struct KeyColumns: Sendable {
  private let assessments: [Assessment]
  private let bands: Int
  /// Of each candidate that has keys: its number, and where they stand; above the number of assessments, among the overrides.
  private var candidates: [UInt32] = []
  private var places: [(assessment: UInt32, key: UInt32)] = []
  private let overrides: [(candidate: UInt32, keys: [UInt32])]

  init(_ records: ComparableRecords, _ overrides: [(candidate: UInt32, keys: [UInt32])], bands: Int) {
    (assessments, self.bands, self.overrides) = (records.records.assessments, bands, overrides)
    var override = 0
    for candidate in 0..<records.count {
      if override < overrides.count, Int(overrides[override].candidate) == candidate {
        if !overrides[override].keys.isEmpty { append(candidate, (UInt32(assessments.count), UInt32(override))) }
        override += 1
        continue
      }
      let place = records.keysPlace(of: candidate)
      if place.key != .max { append(candidate, (UInt32(place.assessment), place.key)) }
    }
  }

  private mutating func append(_ candidate: Int, _ place: (assessment: UInt32, key: UInt32)) {
    candidates.append(UInt32(candidate))
    places.append(place)
  }

  var count: Int { candidates.count }

  /// The keys of a band in their order, each above the number that `numbers` has for its candidate.
  func sorted(inBand band: Int, _ numbers: [UInt32]) -> [UInt64] {
    var pairs: [UInt64] = []
    pairs.reserveCapacity(count)
    for (candidate, place) in zip(candidates, places) {
      let isOwn = Int(place.assessment) < assessments.count
      let key = isOwn ? assessments[Int(place.assessment)].keys[Int(place.key) * bands + band] : overrides[Int(place.key)].keys[band]
      pairs.append(UInt64(key) << 32 | UInt64(numbers[Int(candidate)]))
    }
    var scratch: [UInt64] = []
    RadixSort.sort(&pairs, byBits: 32..<64, scratch: &scratch)
    return pairs
  }
}
