/// How much an archive may be, against bombs: files of kilobytes that unpack to more than a machine has.
package struct ArchiveLimits: Hashable, Sendable {
  /// Members of every kind, folders and links included.
  package let members: Int
  package let bytesPerMember: Int
  /// Everything that is unpacked from one archive, also to get past a member that nobody reads.
  package let totalBytes: Int
  /// Unpacked bytes for each byte of the archive. Text packs to a tenth, lines of one template to a hundredth; a deflated run of zeros
  /// reaches 1,030.
  package let ratio: Int
  /// Below this many unpacked bytes the ratio is not asked for: a small archive of much the same records harms nobody.
  package let bytesBeforeRatio: Int
  /// In UTF-8.
  package let nameBytes: Int

  package static let standard = ArchiveLimits()

  package init(
    members: Int = 100_000, bytesPerMember: Int = 1 << 30, totalBytes: Int = 16 << 30, ratio: Int = 250, bytesBeforeRatio: Int = 16 << 20,
    nameBytes: Int = 1_024
  ) {
    self.members = members
    self.bytesPerMember = bytesPerMember
    self.totalBytes = totalBytes
    self.ratio = ratio
    self.bytesBeforeRatio = bytesBeforeRatio
    self.nameBytes = nameBytes
  }
}
