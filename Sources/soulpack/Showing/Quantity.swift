internal import Foundation

/// Numbers as a person reads them. Only ever shown: no digest depends on these spellings.
enum Quantity {
  /// `1,234,567`
  static func count(_ value: some BinaryInteger) -> String {
    let digits = String(value.magnitude)
    var groups: [Substring] = []
    var rest = digits[...]
    while rest.count > 3 {
      groups.insert(rest.suffix(3), at: 0)
      rest = rest.dropLast(3)
    }
    return (value < 0 ? "-" : "") + ([rest] + groups).joined(separator: ",")
  }

  /// `1 file`, `1,234 files`
  static func counted(_ value: Int, _ noun: String) -> String { "\(count(value)) \(noun)\(value == 1 ? "" : "s")" }

  /// `41 B`, `3.2 MB`: powers of ten, as disks are sold.
  static func bytes(_ value: Int64) -> String {
    if value < 1000 { return "\(value) B" }
    var scaled = Double(value)
    for unit in ["kB", "MB", "GB", "TB"] {
      scaled /= 1000
      if scaled < 999.95 { return String(format: "%.1f ", scaled) + unit }
    }
    return String(format: "%.1f PB", scaled / 1000)
  }

  /// `0.4 s`, `12.3 s`, `4 min 05 s`, `2 h 03 min`
  static func duration(seconds: Double) -> String {
    if seconds < 60 { return String(format: "%.1f s", seconds) }
    // Of a foreign program's numbers anything may come.
    guard seconds < 3.6e9 else { return "over a million h" }
    let whole = Int(seconds.rounded())
    if whole < 3600 { return String(format: "%d min %02d s", whole / 60, whole % 60) }
    return String(format: "%d h %02d min", whole / 3600, whole % 3600 / 60)
  }

  /// A loss, in nats a token, to the four places that a reader can compare.
  static func loss(_ natsPerToken: Double) -> String { String(format: "%.4f", natsPerToken) }

  /// What is said of a Soul with the version of a smoke build.
  static let smoke = "a trial of a few steps: not a Soul to use"

  static func percent(_ fraction: Double) -> String { String(format: "%.1f %%", fraction * 100) }

  /// Rounded down, as a build tells what a gate measured: a value below a round bound never reads as if it were on it.
  static func percent(down partsPerMillion: Int64) -> String { String(format: "%.1f %%", (Double(partsPerMillion) / 1000).rounded(.down) / 10) }
}
