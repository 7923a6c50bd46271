import Artifacts
import Engine
import Foundation
import Substrates
import Synchronization
import Testing

/// One after the other: fifty at a time, with the stores of the other suites, hold more than a thousand files open, and with as many Foundation's
/// `Process.run` reads beyond the listing of /proc/self/fd and crashes (Swift 6.3; swift-corelibs-foundation pull request 5472).
@Suite("A command that trains", .serialized)
struct CommandSubstrateTests {
  struct Fault: CustomTestStringConvertible, Sendable {
    let what: String
    let message: String
    let hint: String

    var testDescription: String { what }
  }

  @Test("each way to break the contract has its own words, with the next step",
    arguments: [
      Fault(what: "exit", message: "the command ended with status 7", hint: "its last lines stand above"),
      Fault(what: "signal", message: "the command was ended by signal 9", hint: "its last lines stand above"),
      Fault(what: "garbage", message: "line 1 of the command's standard output is no event", hint: "standard output is for events alone"),
      Fault(what: "binary", message: "line 1 of the command's standard output is no event", hint: "standard output is for events alone"),
      Fault(what: "unknown-event", message: "line 1 of the command's standard output is no event", hint: "standard output is for events alone"),
      Fault(what: "nan-loss", message: "line 1 of the command's standard output is no event", hint: "standard output is for events alone"),
      Fault(what: "half-line", message: "of the command's standard output is no event", hint: "standard output is for events alone"),
      Fault(what: "long-line", message: "line 1 of the command's standard output is longer than 65536 bytes", hint: "standard output is for events alone"),
      Fault(what: "speaks-on", message: "of the command's standard output follows its last event", hint: "standard output is for events alone"),
      Fault(what: "no-answer", message: #"the command ended without an event "done" or "diverged""#, hint: "the last line must be"),
      Fault(what: "diverged-late", message: "the command says that it diverged after 1000000 sound steps, and the plan has ", hint: #""step" of the event"#),
      Fault(what: "other-job", message: "the command answered job 000000000000, which is not the one it was given", hint: #"the "done" event repeats "job""#),
      Fault(what: "no-files", message: #"the command did not write "adapter/adapter_"#, hint: #""adapter" of the "done" event is a folder"#),
      Fault(what: "outside", message: "the command names an adapter outside its output folder", hint: #""adapter" of the "done" event is a folder"#),
      Fault(what: "absolute", message: "the command names an adapter outside its output folder", hint: #""adapter" of the "done" event is a folder"#),
      Fault(what: "link", message: #"the command wrote "adapter/adapter_model.safetensors" as a link"#, hint: "write plain files"),
      Fault(what: "link-folder", message: "the command's output folder has become a link", hint: "write plain files"),
      Fault(what: "pipe", message: #"the command's "adapter/adapter_model.safetensors" is neither a file nor a folder"#, hint: "write plain files"),
      Fault(what: "large", message: #"the command's "adapter/adapter_model.safetensors" has more than the "#, hint: "write the adapter's tensors alone"),
      Fault(what: "cut", message: "the command's adapter: adapter_model.safetensors: not a sound safetensors file: ", hint: #"the adapter must have the tensors, names and shapes of the one in "start""#),
      Fault(what: "nan", message: "has a NaN or an infinity at element 0", hint: #"a training whose numbers ran away ends with the event "diverged""#),
      Fault(what: "shape", message: "has the shape [24, 2], and the configuration asks for [2, 24]", hint: "the adapter must have the tensors"),
      Fault(what: "missing-tensor", message: #"the command's adapter: tensor "base_model.model."#, hint: "the adapter must have the tensors"),
      Fault(what: "extra-tensor", message: #"the command's adapter: tensor "base_model.model.lm_head.lora_A.weight" does not belong to this model"#, hint: "the adapter must have the tensors"),
      Fault(what: "other-base", message: #"the command's adapter names the base "someone/else""#, hint: #""base_model_name_or_path" must be"#),
      Fault(what: "no-base", message: "the command's adapter names no base", hint: #""base_model_name_or_path" must be"#),
      Fault(what: "rank", message: "the command's adapter has r 1, and the recipe asks for 2", hint: "train the adapter"),
      Fault(what: "alpha", message: "the command's adapter has lora_alpha 99.0, and the recipe asks for 4.0", hint: "train the adapter"),
      Fault(what: "targets", message: "the command's adapter has target_modules q_proj, and the recipe asks for down_proj, q_proj", hint: "train the adapter"),
      Fault(what: "rslora", message: "the command's adapter has use_rslora true, and the recipe asks for false", hint: "train the adapter"),
      Fault(what: "dora", message: #"the command's adapter: adapter_config.json: "use_dora" is true"#, hint: "the adapter must have the tensors"),
    ])
  func refused(fault: Fault) async throws {
    let bench = try Bench()
    let failure = try await failure(of: bench.command(fault.what), bench)
    #expect(failure.message.contains(fault.message), "\(failure.message)")
    #expect(failure.hint?.hasPrefix(fault.hint) == true, "\(failure.hint ?? "no hint")")
  }

  @Test("one that says nothing for too long is ended")
  func silent() async throws {
    let bench = try Bench()
    let failure = try await failure(of: bench.command("silent", limits: .init(silence: .milliseconds(300))), bench)
    #expect(failure.problem == .silent(.milliseconds(300)))
    #expect(failure.message == "the command wrote no event for 300 milliseconds, and was ended")
  }

  @Test("one that does not listen when it is asked to end is ended all the same")
  func deaf() async throws {
    let bench = try Bench()
    let substrate = bench.command("deaf", limits: .init(grace: .milliseconds(200)))
    await #expect(throws: DeadlinePassed(kept: nil)) { _ = try await substrate.train(try SmallJob.job(), at: try bench.workbench(within: .seconds(1))) }
  }

  @Test("children that it leaves behind are ended with it, and its adapter counts")
  func children() async throws {
    let bench = try Bench()
    let place = bench.folder.appending(path: "child")
    let outcome = try await bench.command("children", place.path).train(try SmallJob.job(), at: try bench.workbench())
    guard case .trained = outcome else { Issue.record("it did not train"); return }
    let child = try #require(pid_t(try String(contentsOf: place, encoding: .utf8)))
    let state = try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)  // Gone, or not yet collected by whoever inherited it.
    #expect(state == nil || state?.contains(") Z ") == true, "\(state ?? "")")
  }

  @Test("its last lines on standard error are shown to the person, and are no part of the error")
  func lastWords() async throws {
    let bench = try Bench()
    let failure = try await failure(of: bench.command("exit"), bench)
    #expect(bench.told.withLock { $0.words } == ["out of ink"])
    #expect(!failure.message.contains("ink") && failure.hint?.contains("ink") == false)
  }

  @Test("the base may be named by its digest; what is stored has one spelling")
  func digestBase() async throws {
    let bench = try Bench()
    let named = try await bench.command("digest-base").train(try SmallJob.job(), at: try bench.workbench())
    let plain = try await bench.command("good").train(try SmallJob.job(), at: try bench.workbench())
    guard case .trained(let one) = named, case .trained(let other) = plain else { Issue.record("it did not train"); return }
    #expect(one.files == other.files)
  }

  @Test("the account holds the command, its programs, the parameters and the claim as it was made")
  func account() async throws {
    let bench = try Bench()
    guard case .trained(let candidate) = try await bench.command("good").train(try SmallJob.job(), at: try bench.workbench()) else {
      Issue.record("it did not train")
      return
    }
    let account = candidate.account
    #expect(account["schema"] == "soulpack.command-run/1" && account["label"] == "opaque")
    #expect(account["claim"] == ["lossNatsPerToken": "4.1023"])
    #expect(account["command"] == ["python3", "{input.program}", "good"])
    #expect(account["programs"]?["program"]?.digest != nil && account["job"]?.digest != nil)
    #expect(account["parameters"]?["lora"]?.canonicalText == #"{"alpha":4,"rank":2,"targets":["down_proj","q_proj"]}"#)
  }

  @Test("the job names what decides it, and nothing of this machine: the same job has the same digest in another folder")
  func job() async throws {
    let bench = try Bench()
    var digests: [JSONValue?] = []
    for epochs in [2, 2, 3] {
      guard case .trained(let candidate) = try await bench.command("good").train(try SmallJob.job(epochs: epochs), at: try bench.workbench()) else {
        Issue.record("it did not train")
        return
      }
      digests.append(candidate.account["job"])
    }
    #expect(digests[0] == digests[1] && digests[0] != digests[2])
  }

  @Test("a program that is not there; no word of a command is an option or an assignment of another program",
    arguments: [
      ("no-such-program", #"no program "no-such-program" on PATH"#), ("-i", #"no program "-i" on PATH"#), ("A=b", #"no program "A=b" on PATH"#),
      ("", #"no program "" on PATH"#), ("inputs/none", #""inputs/none" is no program"#), ("/tmp", #""/tmp" is no program"#),
    ])
  func absent(name: String, message: String) async throws {
    let bench = try Bench()
    let substrate = CommandSubstrate(command: [name, "true"], programs: [:], layOut: { _ in }, showWords: { _ in })
    let failure = try await failure(of: substrate, bench)
    #expect(failure.message == message)
    #expect(failure.hint != nil)
  }

  @Test("one that looks for the files of its own output, and puts FIFOs in their place, is heard all the same")
  func replacesEvents() async throws {
    let bench = try Bench()
    let outcome = try await bench.command("replaces-events").train(try SmallJob.job(), at: try bench.workbench(within: .seconds(600)))
    guard case .trained = outcome else { Issue.record("it did not train"); return }
  }

  @Test("one that empties its own output, and says no more, has given no answer")
  func emptiesEvents() async throws {
    let bench = try Bench()
    let failure = try await failure(of: bench.command("empties-events"), bench)
    #expect(failure.problem == .noAnswer)
  }

  @Test("placeholders are filled in one pass, and other braces stay")
  func placeholders() {
    let placeholders = Placeholders(inputs: ["a", "output"], output: "output")
    let cases = [
      "{input.a}": "inputs/a", "{{input.a}}": "{inputs/a}", "--to={output}/{input.output}": "--to=output/inputs/output", "{input.b}": "{input.b}",
      "{input.{output}}": "{input.output}", "{": "{", "}{": "}{", "": "", "${HOME} {output": "${HOME} {output",
    ]
    for (argument, expanded) in cases { #expect(placeholders.expand(argument) == expanded) }
    #expect(Placeholders(inputs: []).expand("{output}") == "{output}")
  }

  private func failure(of substrate: CommandSubstrate, _ bench: Bench) async throws -> JobFailure {
    let failure = await #expect(throws: JobFailure.self) { _ = try await substrate.train(try SmallJob.job(), at: try bench.workbench()) }
    return try #require(failure)
  }
}
