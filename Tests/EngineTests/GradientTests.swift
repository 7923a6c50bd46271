import Engine
import Foundation
import Testing

/// The derivative of the whole model's loss along a direction, by finite differences, against the gradient: for each tensor along its own
/// gradient, which finds a wrong length, and along a direction of alternating signs, which finds a wrong turn.
@Suite("Gradients of the whole model")
struct GradientTests {
  static let directions = ["gradient", "alternating"]

  @Test("every tensor of a model, tied and untied", arguments: [true, false], directions)
  func everything(tied: Bool, direction: String) throws {
    let base = try SmallTraining.base(tied: tied)
    let gradients = try Self.step(base: base, start: nil, method: .full).gradients
    #expect(gradients.count == base.tensors.count)
    for gradient in gradients {
      let along = Self.direction(direction, gradient)
      let slope = try Self.slope(base.tensors, gradient.name, along) { tensors in
        try Self.step(base: ModelFolder(configuration: base.configuration, tensors: tensors), start: nil, method: .full).loss
      }
      Self.expectEqual(slope, Self.dot(gradient.values, along), gradient.name)
    }
  }

  @Test("every tensor of the other kinds of model, their biases and norms of heads among them", arguments: SmallTraining.Kind.allCases, directions)
  func kinds(kind: SmallTraining.Kind, direction: String) throws {
    let base = try kind.base()
    let gradients = try Self.step(base: base, start: nil, method: .full).gradients
    #expect(gradients.map(\.name) == base.tensors.map(\.name))
    for gradient in gradients {
      let along = Self.direction(direction, gradient)
      let slope = try Self.slope(base.tensors, gradient.name, along) { tensors in
        try Self.step(base: ModelFolder(configuration: base.configuration, tensors: tensors), start: nil, method: .full).loss
      }
      Self.expectEqual(slope, Self.dot(gradient.values, along), gradient.name)
    }
  }

  /// The same inputs are left out for the same seed and step, so that the loss has a derivative.
  @Test("every A and B of an adapter that is rank-stabilised and drops inputs", arguments: SmallTraining.Kind.allCases, directions)
  func dropping(kind: SmallTraining.Kind, direction: String) throws {
    let base = try kind.base()
    let start = try Self.startedAdapter(on: base.configuration, isRankStabilized: true)
    let method = TrainingParameters.Method.lora(rank: 2, alpha: 4, targets: TrainingParameters.allLinear, isRankStabilized: true, dropout: 0.3)
    let gradients = try Self.step(base: base, start: start, method: method).gradients
    for gradient in gradients {
      let along = Self.direction(direction, gradient)
      let slope = try Self.slope(start.tensors, gradient.name, along) { tensors in
        try Self.step(base: base, start: AdapterFolder(configuration: start.configuration, tensors: tensors), method: method).loss
      }
      Self.expectEqual(slope, Self.dot(gradient.values, along), gradient.name)
    }
  }

  @Test("every A and B of an adapter", arguments: directions)
  func adapter(direction: String) throws {
    let base = try SmallTraining.base()
    let start = try Self.startedAdapter(on: base.configuration)
    let gradients = try Self.step(base: base, start: start, method: SmallTraining.lora).gradients
    #expect(gradients.count == 2 * 7 * 2)
    for gradient in gradients {
      let along = Self.direction(direction, gradient)
      let slope = try Self.slope(start.tensors, gradient.name, along) { tensors in
        let moved = try AdapterFolder(configuration: start.configuration, tensors: tensors)
        return try Self.step(base: base, start: moved, method: SmallTraining.lora).loss
      }
      Self.expectEqual(slope, Self.dot(gradient.values, along), gradient.name)
    }
  }

  @Test("targets that are not adapted get no tensors, and the others' gradients stay right")
  func fewerTargets() throws {
    let base = try SmallTraining.base()
    let method = TrainingParameters.Method.lora(rank: 3, alpha: 3, targets: [.value, .up])
    let gradients = try Self.step(base: base, start: nil, method: method).gradients
    #expect(gradients.map(\.name).allSatisfy { $0.contains("v_proj") || $0.contains("up_proj") })
    #expect(gradients.count == 2 * 2 * 2)
    let b = try #require(gradients.first { $0.name.hasSuffix("layers.0.self_attn.v_proj.lora_B.weight") })
    #expect(b.values.contains { $0 != 0 })
  }

  /// An adapter whose B is not zero: at the usual start A has no gradient.
  static func startedAdapter(on configuration: ModelConfiguration, isRankStabilized: Bool = false) throws -> AdapterFolder {
    let shape = AdapterConfiguration(rank: 2, alpha: 4, targets: Projection.allCases, isRankStabilized: isRankStabilized)
    let fresh = try AdapterFolder.fresh(shape, on: configuration, seed: 8)
    let tensors = fresh.tensors.map { tensor in
      guard tensor.name.contains("lora_B") else { return tensor }
      return Tensor(name: tensor.name, shape: tensor.shape, values: tensor.values.indices.map { Float(($0 * 7 + 3) % 11 - 5) / 20 })
    }
    return try AdapterFolder(configuration: fresh.configuration, tensors: tensors)
  }

  static func step(base: ModelFolder, start: AdapterFolder?, method: TrainingParameters.Method) throws -> (loss: Double, gradients: [Tensor]) {
    var parameters = SmallTraining.parameters(method, length: .steps(1))
    parameters.examplesPerBatch = 8
    let trainer = try Trainer(base: base, examples: SmallTraining.examples, parameters: parameters, start: start, threads: 1)
    let report = try trainer.step()
    return (report.lossNatsPerToken, trainer.gradientTensors)
  }

  /// A unit vector.
  static func direction(_ kind: String, _ gradient: Tensor) -> [Float] {
    let values = kind == "gradient" ? gradient.values : gradient.values.indices.map { $0 % 3 == 0 ? Float(1) : Float(-1) * Float($0 % 2) }
    let length = Self.dot(values, values).squareRoot()
    return values.map { Float(Double($0) / length) }
  }

  /// (loss(x + ε·d) − loss(x − ε·d)) / 2ε, refined once by Richardson's rule, so that curvature does not pass for an error.
  static func slope(_ tensors: [Tensor], _ name: String, _ direction: [Float], loss: ([Tensor]) throws -> Double) throws -> Double {
    func central(_ epsilon: Float) throws -> Double {
      func moved(_ sign: Float) throws -> Double {
        try loss(
          tensors.map { tensor in
            guard tensor.name == name else { return tensor }
            return Tensor(name: name, shape: tensor.shape, values: zip(tensor.values, direction).map { $0 + sign * epsilon * $1 })
          })
      }
      return (try moved(1) - moved(-1)) / Double(2 * epsilon)
    }
    return (4 * (try central(0.02)) - (try central(0.04))) / 3
  }

  static func dot(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }

  /// Losses of float32 terms, divided by 0.04, leave errors near 10⁻⁵.
  static func expectEqual(_ measured: Double, _ computed: Double, _ name: String) {
    #expect(abs(measured - computed) <= 1e-4 + 2e-3 * abs(computed), "\(name): measured \(measured), computed \(computed)")
  }
}
