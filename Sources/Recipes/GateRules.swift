/// What must hold for the gates.
extension RecipeRules {
  mutating func checkGates() {
    let canaries = (recipe["gates"]?.list ?? []).compactMap { $0["canaries"] }
    if canaries.count > 1 { contradiction("\"canaries\" is given twice", hint: "keep one of the two", at: canaries[1].place) }
    for gate in canaries { check(canaries: gate) }
  }

  private mutating func check(canaries gate: Setting) {
    if let file = gate["file"], let scheme = remoteScheme(file.text ?? "") {
      note(.notInThisVersion(scheme, instead: "fetch the file and name it"), at: file.place)
    }
    if let records = gate["records"], records.integer == 0, gate["file"] == nil {
      contradiction("\"canaries\" with no \"records\" and no \"file\" looks for nothing", hint: "remove the gate", at: records.place)
    }
    if let bits = gate["exposure"], let exposure = bits.integer, let alternatives = gate["alternatives"]?.integer, 1 << exposure > alternatives + 1 {
      let hint = "with \(exposure) bits, at least \((1 << exposure) - 1) alternatives"
      contradiction("\(alternatives) alternatives never come to an exposure of \(exposure) bits", hint: hint, at: bits.place)
    }
  }
}
