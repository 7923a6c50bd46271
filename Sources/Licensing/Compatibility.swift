/// Under which other licences a work may be passed on that a licence wants under the same terms.
extension License {
  /// Its own, and those that its text or its steward names. The name without `WITH` and `+` counts.
  func isSatisfied(by other: License) -> Bool {
    plainName == other.plainName || Self.successors[plainName]?.contains(other.plainName) == true
  }

  private var plainName: String {
    let name = name.firstRange(of: " WITH ").map { String(self.name[..<$0.lowerBound]) } ?? self.name
    return name.hasSuffix("+") ? String(name.dropLast()) : name
  }

  /// Sources: Creative Commons, "Compatible Licenses" (BY-SA 4.0 goes to FAL 1.3 and, one way, to GPLv3) and section 4(b) of versions 2.0 to
  /// 3.0 (a later version); the GNU licences' "or any later version", LGPL-2.1 section 3 and LGPL-3.0, which adds to GPL-3.0; MPL-2.0 section
  /// 3.3 with 1.12; the appendix of EUPL-1.2; section 4.4(a) of ODbL-1.0 names only itself and later versions.
  private static let successors: [String: Set<String>] = [
    "CC-BY-SA-2.0": ["CC-BY-SA-2.5", "CC-BY-SA-3.0", "CC-BY-SA-4.0"], "CC-BY-SA-2.5": ["CC-BY-SA-3.0", "CC-BY-SA-4.0"],
    "CC-BY-SA-3.0": ["CC-BY-SA-4.0"], "CC-BY-SA-4.0": ["GPL-3.0-only", "GPL-3.0-or-later", "LAL-1.3"], "LAL-1.3": ["CC-BY-SA-4.0"],
    "CC-BY-NC-SA-2.0": ["CC-BY-NC-SA-2.5", "CC-BY-NC-SA-3.0", "CC-BY-NC-SA-4.0"], "CC-BY-NC-SA-2.5": ["CC-BY-NC-SA-3.0", "CC-BY-NC-SA-4.0"],
    "CC-BY-NC-SA-3.0": ["CC-BY-NC-SA-4.0"],
    "AGPL-3.0-or-later": ["AGPL-3.0-only"],
    "GFDL-1.2-or-later": ["GFDL-1.2-only", "GFDL-1.3-only", "GFDL-1.3-or-later"], "GFDL-1.3-or-later": ["GFDL-1.3-only"],
    "GPL-2.0-or-later": ["GPL-2.0-only", "GPL-3.0-only", "GPL-3.0-or-later"], "GPL-3.0-or-later": ["GPL-3.0-only"],
    "LGPL-2.1-only": ["GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later"],
    "LGPL-2.1-or-later": ["LGPL-2.1-only", "LGPL-3.0-only", "LGPL-3.0-or-later", "GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later"],
    "LGPL-3.0-only": ["GPL-3.0-only"], "LGPL-3.0-or-later": ["LGPL-3.0-only", "GPL-3.0-only", "GPL-3.0-or-later"],
    "MPL-2.0": [
      "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later", "LGPL-2.1-or-later", "LGPL-3.0-only", "LGPL-3.0-or-later", "AGPL-3.0-only", "AGPL-3.0-or-later",
    ],
    "EUPL-1.2": [
      "GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later", "AGPL-3.0-only", "AGPL-3.0-or-later", "OSL-3.0", "EPL-2.0", "MPL-2.0",
      "LGPL-2.1-only", "LGPL-2.1-or-later", "LGPL-3.0-only", "LGPL-3.0-or-later", "CC-BY-SA-3.0",
    ],
  ]
}
