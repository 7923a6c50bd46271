/// The version of a smoke build: a pre-release (Semantic Versioning 2.0.0, item 9) with the identifier `smoke`, which comes before the version that it is a
/// trial of. It is in the manifest, so that nobody needs the build's history to know.
package enum SmokeVersion {
  private static let identifier = "smoke"

  /// `1.0.0-smoke` for `1.0.0`, `1.0.0-beta.2.smoke+7` for `1.0.0-beta.2+7`; itself where it is one already.
  package static func of(_ version: String) -> String {
    guard !isOne(version) else { return version }
    let parts = version.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
    let marked = parts[0] + (parts[0].contains("-") ? "." : "-") + identifier
    return ([marked] + parts.dropFirst().map(String.init)).joined(separator: "+")
  }

  package static func isOne(_ version: String) -> Bool {
    let core = version.prefix { $0 != "+" }
    guard let dash = core.firstIndex(of: "-") else { return false }
    return core[core.index(after: dash)...].split(separator: ".").contains(Substring(identifier))
  }
}

extension SoulManifest {
  /// Made by a build that trained for a few steps only. Such a Soul is never published by soulpack.
  package var isSmoke: Bool { SmokeVersion.isOne(version) }
}
