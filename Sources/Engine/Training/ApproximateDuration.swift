internal import Foundation

/// A length of time as an estimate says it: no more digits than there is knowledge in it.
package struct ApproximateDuration: Hashable, Sendable, CustomStringConvertible {
  private let seconds: Double

  package init(_ duration: Duration) { seconds = duration / .seconds(1) }

  package var description: String {
    switch seconds {
    case ..<1.5: "a second"
    case ..<90: "\(Int(seconds.rounded())) s"
    case ..<5400: "\(Int((seconds / 60).rounded())) min"
    case ..<129_600: String(format: "%.1f h", seconds / 3600)
    default: "\(Int((seconds / 86_400).rounded())) days"
    }
  }
}
