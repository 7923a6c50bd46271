/// Which room may import which: the table of docs/architecture.md, as data.
///
/// The compiler lets a target import whatever happens to be built, so this is what holds the direction. A system module (Foundation and
/// the like) is free to all but the pure rooms, which may have no clock, no disk and no randomness beyond what `pure` allows.
let arrows: [String: Set<String>] = [
  "Artifacts": [],
  "Normalizing": [],
  "Licensing": ["Artifacts"],
  "Hashing": ["Artifacts", "CCrypto", "CSHA256"],
  "Archiving": ["CArchive"],
  "Signing": ["Artifacts", "Hashing", "CSodium"],
  "Store": ["Artifacts", "Hashing", "CDisk", "GRDB", "GRDBSQLite"],
  "Fetching": ["Artifacts", "Hashing", "CCurl"],
  "Recipes": ["Artifacts", "Licensing", "Yams"],
  "Planning": ["Artifacts", "Licensing", "Recipes"],
  "Running": ["Artifacts", "Hashing", "Planning", "Store"],
  "Curation": ["Artifacts", "Archiving", "Hashing", "Licensing", "Normalizing", "CSimdjson", "CCLD2"],
  "Engine": ["Artifacts", "Hashing", "Normalizing", "CKernels"],
  "Substrates": ["Artifacts", "Hashing", "Engine"],
  "Judging": ["Artifacts", "Hashing", "Signing"],
  "Identities": ["Artifacts", "Signing"],
  "Packaging": ["Artifacts", "Hashing", "Archiving", "Signing"],
  "Explaining": ["Artifacts", "Hashing", "Curation", "Packaging", "Planning", "Store"],
  "Steps": ["Artifacts", "Hashing", "Running", "Planning", "Store", "Curation", "Engine", "Substrates", "Judging", "Packaging"],
  "soulpack": [
    "Artifacts", "Hashing", "Store", "Recipes", "Planning", "Running", "Curation", "Engine", "Fetching", "Judging", "Identities", "Packaging",
    "Signing", "Explaining", "Steps", "ArgumentParser",
  ],
]

/// Modules that come with the toolchain and the system.
let systemModules: Set<String> = ["Foundation", "Glibc", "Darwin", "Musl", "Dispatch", "Synchronization", "Swift"]

/// Rooms whose results are functions of their arguments. Foundation is there for `Data` and text; the names in `impureNames` are not.
let pureRooms: Set<String> = ["Artifacts", "Licensing", "Normalizing", "Planning", "Recipes", "Judging"]

/// What a pure room must not name: the clock, the disk, the environment, randomness.
let impureNames = ["Date(", "Date.now", "FileManager", "ProcessInfo", "SystemRandomNumberGenerator", ".random(", "Process(", "fopen(", "open("]
