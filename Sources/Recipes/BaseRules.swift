internal import Artifacts

/// What must hold for the base of a recipe.
extension RecipeRules {
  mutating func checkBase() {
    guard let base = recipe["base"] else { return }
    if let path = base["path"], let text = path.text {
      if text.hasPrefix(HubReference.scheme) {
        contradiction("\"path\" is a folder, and \"\(HubReference.scheme)\" names a model of the hub", hint: "base: hf://owner/name@revision", at: path.place)
      } else if let scheme = remoteScheme(text) {
        note(.notInThisVersion(scheme, instead: "fetch the model and name its folder"), at: path.place)
      } else if text.hasSuffix(".soul") {
        contradiction("\"path\" is a folder, and \"\(text)\" is a Soul", hint: "base: { soul: \(text) }", at: path.place)
      }
    }
    if let model = base["new"] { check(newModel: model) }
  }

  private mutating func check(newModel model: Setting) {
    if let hidden = model["hidden"]?.integer, let heads = model["heads"]?.integer {
      if !hidden.isMultiple(of: 2 * heads) {
        let text = "\"hidden\" \(hidden) does not give \(heads) heads of equal, even width"
        contradiction(text, hint: "a multiple of \(2 * heads)", at: model["hidden"]?.place)
      }
      if let shared = model["kv-heads"]?.integer, !heads.isMultiple(of: shared) {
        contradiction("\"kv-heads\" \(shared) does not divide \"heads\" \(heads)", at: model["kv-heads"]?.place)
      }
    }
  }
}
