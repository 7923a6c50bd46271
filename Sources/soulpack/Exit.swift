/// How soulpack ends: the codes that scripts may rely on.
enum Exit: Int32 {
  case done = 0
  case failed = 1
  /// The command line, or the recipe.
  case usage = 2
  /// `soul.lock` differs and `--locked` was given, or a step's semantics changed.
  case lockDiffers = 3
  /// The Soul missed what its recipe asks of it.
  case gateMissed = 4
  case budget = 5
  /// A signature, a digest or the archive's form is not right.
  case verification = 6
  /// What it is made of was taken back by whoever gave it.
  case withdrawn = 7
  /// The trust policy, or the user, does not permit it.
  case notPermitted = 8
  /// 128 + SIGINT, as shells have it.
  case interrupted = 130
}
