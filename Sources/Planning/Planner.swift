internal import Licensing
package import Recipes

/// Turns a recipe into a plan. Pure: the same recipes give the same plan, whatever the disk holds.
package enum Planner {
  /// Gives the recipe at a path relative to the root. Throws what the caller likes; the planner adds the place that asked for it.
  package typealias Loader = (String) throws -> Recipe

  /// The actions for `recipe` and, before them under `base/`, those of the recipe that makes its base. That recipe's gates are for its own
  /// Soul, and do not stand here.
  ///
  /// `consent`: datasets whose contributor retracted them are left out; where that leaves nothing to train on there is no plan.
  package static func plan(_ recipe: Recipe, consent: Consent = .unbroken, loader: Loader) throws -> Plan {
    let chain = try chain(from: recipe, loader: loader)
    for recipe in chain { try requireData(of: recipe, consent) }
    var actions: [Action] = []
    var base: InputReference?
    for (depth, recipe) in chain.enumerated().reversed().dropLast() {
      let part = RecipeActions(recipe: recipe, prefix: String(repeating: "base/", count: depth), base: base, consent: consent)
      actions += part.upToSelection
      base = .output(part.selection.id, "winner")
    }
    let own = RecipeActions(recipe: recipe, prefix: "", base: base, consent: consent)
    let seal = own.seal(bases: chain.dropFirst().map(\.normalised), origin: chain.last?.base ?? recipe.base)
    let gate = own.gate.map { [$0] } ?? []
    return Plan(
      actions: actions + own.upToSelection + gate + [seal],
      goals: [.curate: own.curations.map(\.id), .train: [gate.first?.id ?? own.selection.id], .build: [seal.id]])
  }

  private static func requireData(of recipe: Recipe, _ consent: Consent) throws(RetractedData) {
    for target in recipe.targets {
      guard let dataset = recipe.dataset(target.dataset), !consent.allows(dataset) else { continue }
      throw RetractedData(recipe: recipe.path, dataset: dataset.name, contributor: dataset.contributor ?? "")
    }
  }

  /// The recipe, the recipe of its base, the recipe of that one's base, and so on.
  private static func chain(from recipe: Recipe, loader: Loader) throws -> [Recipe] {
    var chain = [recipe]
    var paths = [recipe.path]
    var current = recipe
    while case .recipe(let path, let place) = current.base {
      guard !paths.contains(path) else { throw PlanError(.cycle(paths + [path]), at: place) }
      paths.append(path)
      current = try load(path, at: place, loader)
      if let soul = current.use.soul, case .failure(let refusal) = recipe.use.choose(among: soul), let first = refusal.violations.first {
        throw PlanError(.baseForbidsUse(path, first), at: place)
      }
      // What says nothing is asked for where its own recipe is.
      for terms in current.statedTerms where terms.subject == .texts {
        if let first = terms.violations(of: recipe.use, recipe.licenses)?.first { throw PlanError(.baseForbidsUse(path, first), at: place) }
      }
      guard current.targets.allSatisfy({ $0.method == .full }) else { throw PlanError(.baseIsAnAdapter(path), at: place) }
      chain.append(current)
    }
    return chain
  }

  private static func load(_ path: String, at place: Place, _ loader: Loader) throws -> Recipe {
    do {
      return try loader(path)
    } catch let error as InvalidRecipe {
      throw error  // It names the place in the base recipe, which is where it must be mended.
    } catch {
      throw PlanError(.unreadableBase(path, reason: error), at: place)
    }
  }
}
