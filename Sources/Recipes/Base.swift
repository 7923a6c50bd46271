package import Artifacts

/// The model that training starts from.
package enum Base: Hashable, Sendable {
  /// A folder in Hugging Face's format.
  case path(String)
  /// A model of the Hugging Face hub.
  case hub(HubReference)
  /// What another recipe makes, relative to the root; the place is for errors.
  case recipe(String, Place)
  /// The archive of a whole model.
  case soul(String)
  case new(NewModel)
}

/// A compact model of the llama family, to be trained from nothing.
package struct NewModel: Hashable, Sendable {
  package let architecture: String
  package let hidden: Int64
  package let layers: Int64
  package let heads: Int64
  package let keyValueHeads: Int64
  package let intermediate: Int64
  /// The most positions, in tokens.
  package let context: Int64
  package let ropeTheta: DecimalNumber
  /// Number of tokens of the byte-level BPE tokenizer that is trained on the train split.
  package let vocabulary: Int64
}
