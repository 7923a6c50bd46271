/// What a person is told, and what they can do.
extension Violation {
  package var message: String {
    switch (clause, reason) {
    case (.noTraining, _): "\(place) does not allow learning from the texts"
    case (.noCommercialUse, .soulLicense(let soul)): "\(place) allows no commercial use, which the Soul's licence \(soul) would give to others"
    case (.noCommercialUse, .use): "\(place) allows no commercial use"
    case (.weightsStay, _): "\(place) does not allow passing on what was made from the texts"
    case (.textsStay, _): "\(place) does not allow passing on the texts as curation changes them"
    case (_, .soulLicense(let soul)): "\(place) wants what is made from the texts under the same terms, and \(soul) is not among those that it accepts"
    case (_, .use): "\(place) asks for \(clause.rawValue)"
    }
  }

  package var hint: String? {
    switch (clause, reason) {
    case (.noTraining, _): "leave the texts out, or ask for a consent with the scope \"train\""
    case (.noCommercialUse, .soulLicense): "give the Soul a licence that keeps to it, such as CC-BY-NC-4.0"
    case (.noCommercialUse, .use): "if nobody earns with it, say so: \"use: { commercial: false }\"; else leave the texts out"
    case (.weightsStay, _): "keep the weights to yourself, \"use: { redistribute: none }\"; or leave the texts out" + (judgement ?? "")
    case (.textsStay, _): "pass on the weights alone: \"use: { redistribute: weights }\""
    case (.weightsUnderSameTerms, _): "license the Soul under \(license.name)" + (judgement ?? "; or leave the texts out")
    case (.textsUnderSameTerms, _): "license the Soul under \(license.name); or pass on the weights alone: \"use: { redistribute: weights }\""
    case (.attribution, _): nil
    }
  }

  /// Of a model whose licence this is. Whether weights adapt texts is no question there.
  package var hintOnModels: String? {
    switch (clause, reason) {
    case (.noTraining, _): "ask its maker, or take another base"
    case (.noCommercialUse, .soulLicense), (.textsStay, _), (.attribution, _): hint
    case (.noCommercialUse, .use): "if nobody earns with it, say so: \"use: { commercial: false }\"; else take another base"
    case (.weightsStay, _): "keep the weights to yourself, \"use: { redistribute: none }\"; or take another base"
    case (.weightsUnderSameTerms, _), (.textsUnderSameTerms, _): "license the Soul under \(license.name); or take another base"
    }
  }

  private var place: String { license.citation(of: clause) }

  /// The way out where the licence does not speak of models. It is the owner's to judge, not ours.
  private var judgement: String? {
    license.isSilentOnModels ? "; or, if in your judgement weights are no adaptation of texts, \"use: { weights-are-adaptations: false }\"" : nil
  }
}
