package import Artifacts
internal import Hashing

/// The Soul's contract, `soul.json` (schema `soulpack.soul/2`): what it is made of, where that came from, what it may do and for whom.
///
/// It holds no time, host or key, and no path but one that the recipe names: two people who build the same Soul write the same bytes.
package struct SoulManifest: Hashable, Sendable {
  package static let schema = "soulpack.soul/2"

  package var name: String
  /// Semantic Versioning 2.0.0.
  package var version: String
  package var intent: String
  package var description: String
  /// An SPDX expression.
  package var license: String
  /// Where to complain or ask, if there is such a place.
  package var contact: String?
  /// What it is known not to do well, a sentence each.
  package var limits: [String]
  package var permissions: Permissions
  /// At least one.
  package var components: [Component]
  package var datasets: [Dataset]
  /// Whom to credit for what the base was made from, in the words that licences ask for: those of a parent Soul.
  package var credits: [String]
  package var training: Training
  package var selection: Selection?
  /// Every training of the recipe, by number.
  package var candidates: [Candidate]
  /// What the recipe asked for before sealing; all of them are met.
  package var gates: [Gate]
  /// Nil where its maker did not say.
  package var contributions: Contributions?
  /// The digest of the normalised recipe.
  package var recipe: Digest
  /// What the lock held when it was built.
  package var pins: [NamedDigest]

  package init(
    name: String, version: String, intent: String, description: String, license: String, contact: String? = nil, limits: [String] = [],
    permissions: Permissions, components: [Component], datasets: [Dataset], credits: [String] = [], training: Training, selection: Selection?,
    candidates: [Candidate] = [], gates: [Gate] = [], contributions: Contributions? = nil, recipe: Digest, pins: [NamedDigest] = []
  ) {
    self.name = name
    self.version = version
    self.intent = intent
    self.description = description
    self.license = license
    self.contact = contact
    self.limits = limits
    self.permissions = permissions
    self.components = components
    self.datasets = datasets
    self.credits = credits
    self.training = training
    self.selection = selection
    self.candidates = candidates
    self.gates = gates
    self.contributions = contributions
    self.recipe = recipe
    self.pins = pins
  }
}

extension SoulManifest {
  package struct NamedDigest: Hashable, Sendable {
    package let name: String
    package let digest: Digest

    package init(name: String, digest: Digest) {
      self.name = name
      self.digest = digest
    }
  }

  package struct Permissions: Hashable, Sendable {
    /// `public`, or did:keys.
    package var runAllow: [String]
    package var derive: Bool
    package var promptLogging: String
    /// How long an answer to "may I?" stays fresh; nil where none is asked.
    package var leaseSeconds: Int64?

    package init(runAllow: [String], derive: Bool, promptLogging: String = "none", leaseSeconds: Int64? = nil) {
      self.runAllow = runAllow
      self.derive = derive
      self.promptLogging = promptLogging
      self.leaseSeconds = leaseSeconds
    }
  }

  /// A part of the Soul with files of its own.
  package struct Component: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
      case adapter, model
    }

    package var kind: Kind
    /// Sorted by path.
    package let files: [Snapshot.Entry]
    /// What an adapter goes on top of: its name, and the digest of the listing of its files. A model may have grown out of one.
    package var base: NamedDigest?

    package init(kind: Kind, files: [Snapshot.Entry], base: NamedDigest?) {
      self.kind = kind
      self.files = Snapshot(entries: files).entries
      self.base = base
    }

    /// The digest of the canonical listing (`soulpack.snapshot/1`) of the files: the name by which a selection knows this candidate.
    package var listingDigest: Digest { Digest(hashing: Snapshot(entries: files).canonical) }
  }

  /// A dataset as the archive may tell of it: roots and counts, no listing.
  package struct Dataset: Hashable, Sendable {
    package struct Roots: Hashable, Sendable {
      package var all: Digest
      package var train: Digest
      package var validation: Digest
      package var holdout: Digest

      package init(all: Digest, train: Digest, validation: Digest, holdout: Digest) {
        self.all = all
        self.train = train
        self.validation = validation
        self.holdout = holdout
      }
    }

    package var name: String
    package var license: String
    /// How many records that were kept are under which terms, SPDX expressions.
    package var terms: [String: Int64]
    /// Whom to credit, in the words that the licence asks for.
    package var attribution: String?
    /// Who gave it: a did:key or a name.
    package var contributor: String?
    package var roots: Roots
    /// How many records met which fate in curation, such as `kept` or `duplicate`.
    package var counts: [String: Int64]

    package init(
      name: String, license: String, terms: [String: Int64] = [:], attribution: String? = nil, contributor: String?, roots: Roots, counts: [String: Int64]
    ) {
      self.name = name
      self.license = license
      self.terms = terms
      self.attribution = attribution
      self.contributor = contributor
      self.roots = roots
      self.counts = counts
    }
  }

  package struct Training: Hashable, Sendable {
    /// What the claim "trained so" is worth.
    package enum Label: String, Hashable, Sendable, CaseIterable {
      case reproducible, attested, opaque
    }

    /// Whether the data that a re-run needs is at hand.
    package enum DataAccess: String, Hashable, Sendable, CaseIterable {
      case included
      case onRequest = "on request"
    }

    package var method: String
    /// The normalised parameters, an object; their names are the recipe's.
    package var parameters: JSONValue
    /// The digest of the run's commitments, where it left any.
    package var trace: Digest?
    package var label: Label
    package var data: DataAccess
    package var numericsVersion: Int64

    package init(method: String, parameters: JSONValue, trace: Digest?, label: Label, data: DataAccess, numericsVersion: Int64) {
      self.method = method
      self.parameters = parameters
      self.trace = trace
      self.label = label
      self.data = data
      self.numericsVersion = numericsVersion
    }
  }
}
