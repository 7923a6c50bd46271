internal import Artifacts

/// Fills in the defaults that depend on other keys (`Field.Presence.depends`).
enum RecipeCompletion {
  static func complete(_ recipe: Setting) -> Setting {
    recipe.mapping("base") { $0.mapping("new", withKeyValueHeads) }
      .mapping("train") { targets in
        targets.members.reduce(targets) { $0.mapping($1.key, withAdapter) }
      }
  }

  private static func withKeyValueHeads(_ model: Setting) -> Setting {
    guard model["kv-heads"] == nil, let heads = model["heads"] else { return model }
    return model.adding("kv-heads", heads)
  }

  private static func withAdapter(_ target: Setting) -> Setting {
    guard target["method"]?.text == "sft", target["lora"] == nil else { return target }
    var check = SchemaCheck()
    guard let lora = check.check(DocumentNode([:], at: target.place), .record(RecipeSchema.lora), key: "lora") else { return target }
    return target.adding("lora", lora)
  }
}

extension Setting {
  /// With the member of that key changed, if it is there.
  fileprivate func mapping(_ key: String, _ change: (Setting) -> Setting) -> Setting {
    var members = members
    guard let index = members.firstIndex(where: { $0.key == key }) else { return self }
    members[index].setting = change(members[index].setting)
    return Setting(place: place, value: .members(members))
  }

  fileprivate func adding(_ key: String, _ setting: Setting) -> Setting {
    Setting(place: place, value: .members(members + [Member(key: key, keyPlace: place, setting: setting)]))
  }
}
