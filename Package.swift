// swift-tools-version: 6.2
import PackageDescription

// Every target of ours: Swift 6 mode, warnings are errors, imports private unless said otherwise.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [], resources: [Resource]? = nil) -> Target {
  .testTarget(name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: strict)
}

let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "soulpack",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "soulpack", targets: ["soulpack"])],
  // Exact, so that every clone builds with the same; a newer one is a change like any other.
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
  ],
  targets: [
    // C and C++: system libraries behind thin shims; CKernels is our own mathematics.
    .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
    .target(
      name: "CSimdjson", cxxSettings: [.treatAllWarnings(as: .error)],
      linkerSettings: [.linkedLibrary("simdjson")]),
    .target(
      name: "CCLD2", cxxSettings: [.treatAllWarnings(as: .error)],
      linkerSettings: [.linkedLibrary("cld2")]),
    .target(name: "CKernels", cSettings: [.treatAllWarnings(as: .error)]),
    .target(name: "CDisk", cSettings: [.treatAllWarnings(as: .error)]),
    .target(name: "CSHA256", cSettings: [.treatAllWarnings(as: .error)]),

    // Nouns at the bottom; one library, one owner.
    room("Artifacts"),
    room("Normalizing"),
    room("Licensing", ["Artifacts"]),
    room("Hashing", ["Artifacts", "CCrypto", "CSHA256"]),
    room("Archiving", ["CArchive"]),
    room("Signing", ["Artifacts", "Hashing", "CSodium"]),

    // Rooms.
    room("Fetching", ["Artifacts", "Hashing", "CCurl"]),
    room("Store", ["Artifacts", "Hashing", "CDisk", grdb, sqlite]),
    room("Recipes", ["Artifacts", "Licensing", yams]),
    room("Planning", ["Artifacts", "Licensing", "Recipes"]),
    room("Running", ["Artifacts", "Hashing", "Planning", "Store"]),
    room("Curation", ["Artifacts", "Archiving", "Hashing", "Licensing", "Normalizing", "CSimdjson", "CCLD2"]),
    room("Engine", ["Artifacts", "Hashing", "Normalizing", "CKernels"]),
    room("Substrates", ["Artifacts", "Hashing", "Engine"]),
    room("Judging", ["Artifacts", "Hashing", "Signing"]),
    room("Identities", ["Artifacts", "Signing"]),
    room("Packaging", ["Artifacts", "Hashing", "Archiving", "Signing"]),
    room("Explaining", ["Artifacts", "Hashing", "Curation", "Packaging", "Planning", "Store"]),

    // One file for each kind of action, and the thin face.
    room("Steps", ["Artifacts", "Hashing", "Running", "Planning", "Store", "Curation", "Engine", "Substrates", "Judging", "Packaging"]),
    .executableTarget(
      name: "soulpack",
      dependencies: [
        "Artifacts", "Hashing", "Store", "Recipes", "Planning", "Running", "Curation", "Engine", "Fetching", "Judging", "Identities",
        "Packaging", "Signing", "Explaining", "Steps", arguments,
      ],
      swiftSettings: strict),

    // Measures; nothing depends on it.
    .executableTarget(
      name: "engine-bench", dependencies: ["Artifacts", "Hashing", "Engine"], path: "bench/engine", swiftSettings: strict),
    .executableTarget(
      name: "tokenizer-bench", dependencies: ["Artifacts", "Hashing", "Engine"], path: "bench/tokenizer", exclude: ["run.py"],
      swiftSettings: strict),
    .executableTarget(
      name: "curation-bench", dependencies: ["Artifacts", "Hashing", "Curation"], path: "bench/curation",
      exclude: ["corpus.py", "peers", "personal.py", "run.py", "score.py", "words.py"],
      swiftSettings: strict),

    // Fuzzes the readers; the invariants are the tests' too.
    .target(name: "FuzzInvariants", dependencies: ["Artifacts", "Hashing", "Curation"], path: "fuzz/invariants", swiftSettings: strict),
    .executableTarget(name: "curation-fuzz", dependencies: ["Curation", "FuzzInvariants"], path: "fuzz/harness", swiftSettings: strict),

    tests("ArchitectureTests", ["Engine", "Planning"]),
    tests("ArtifactsTests", ["Artifacts", "Hashing"]),
    tests("StoreTests", ["Artifacts", "Hashing", "Store"]),
    tests("LicensingTests", ["Artifacts", "Licensing"]),
    tests("RecipesTests", ["Artifacts", "Hashing", "Licensing", "Recipes", "Planning"]),
    tests("FetchingTests", ["Artifacts", "Hashing", "Fetching"], exclude: ["hub.py"]),
    tests("RunningTests", ["Artifacts", "Hashing", "Planning", "Running", "Store"]),
    tests("CurationTests", ["Artifacts", "Archiving", "CArchive", "FuzzInvariants", "Hashing", "Licensing", "Curation"], exclude: ["Corpus"]),
    tests("EngineTests", ["Artifacts", "Hashing", "Engine", "Normalizing", "CKernels"], exclude: ["Fixtures", "Text"]),
    tests("SubstratesTests", ["Artifacts", "Hashing", "Engine", "Substrates"], resources: [.copy("trainer.py")]),
    tests("StepsTests", ["Artifacts", "Hashing", "Curation", "Engine", "Planning", "Running", "Steps", "Store"]),
    tests("ExplainingTests", ["Artifacts", "Hashing", "Curation", "Explaining"]),
    tests("SealTests", ["Artifacts", "Hashing", "Archiving", "Signing", "Judging", "Identities", "Packaging"]),
    tests("CommandTests", ["Artifacts", "Hashing", "Packaging", "Signing"]),
  ]
)
