internal import ArgumentParser

@main
struct Soulpack: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "soulpack", abstract: "make, for Souls")
}
