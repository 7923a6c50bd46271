package import Artifacts
package import Engine
internal import Foundation

/// Why what a program did is not taken. Names that it chose are quoted and cut; nothing else that it said is repeated.
package struct JobFailure: ExplainedError, Hashable {
  package enum Problem: Hashable, Sendable {
    // The job.
    case methodNotOffered
    // The run.
    case notFound(ProgramNotFound)
    case ended(CommandEnd)
    case silent(Duration)
    case tooMuchOutput(byteLimit: UInt64)
    case longLine(line: Int, byteLimit: Int)
    case notAnEvent(line: Int)
    case spokeAfterEnd(line: Int)
    case noAnswer
    case otherJob(Digest)
    case divergedAfterPlan(step: Int64, planned: Int64)
    // The files. Paths are under the output folder.
    case outsideOutput
    case missing(String)
    case link(String)
    case notAFile(String)
    case tooManyFiles(limit: Int)
    case tooLarge(String, byteLimit: Int)
    // The adapter.
    case adapter(ModelError)
    case otherBase(String?)
    case otherAdapter(String, found: String, promised: String)
  }

  package let problem: Problem

  init(_ problem: Problem) { self.problem = problem }

  package var message: String {
    switch problem {
    case .methodNotOffered: "a command trains adapters on a base, and this target trains a whole model"
    case .notFound(let error): error.message
    case .ended(.exit(let status)): "the command ended with status \(status)"
    case .ended(.signal(let number)): "the command was ended by signal \(number)"
    case .silent(let limit): "the command wrote no event for \(words(limit)), and was ended"
    case .tooMuchOutput(let limit): "the command wrote more than \(limit) bytes to its standard output, and was ended"
    case .longLine(let line, let limit): "line \(line) of the command's standard output is longer than \(limit) bytes"
    case .notAnEvent(let line): "line \(line) of the command's standard output is no event"
    case .spokeAfterEnd(let line): "line \(line) of the command's standard output follows its last event"
    case .noAnswer: "the command ended without an event \"done\" or \"diverged\""
    case .otherJob(let digest): "the command answered job \(digest.short), which is not the one it was given"
    case .divergedAfterPlan(let step, let planned): "the command says that it diverged after \(step) sound steps, and the plan has \(planned)"
    case .outsideOutput: "the command names an adapter outside its output folder"
    case .missing(let path): path.isEmpty ? "the command removed its output folder" : "the command did not write \(quoted(path))"
    case .link(let path): path.isEmpty ? "the command's output folder has become a link" : "the command wrote \(quoted(path)) as a link"
    case .notAFile(let path): "the command's \(quoted(path)) is neither a file nor a folder"
    case .tooManyFiles(let limit): "the command wrote more than \(limit) files"
    case .tooLarge(let path, let limit): "the command's \(quoted(path)) has more than the \(limit) bytes that the promised adapter can have"
    case .adapter(let error): "the command's adapter: \(error.message)"
    case .otherBase(let name?): "the command's adapter names the base \(quoted(name))"
    case .otherBase(nil): "the command's adapter names no base"
    case .otherAdapter(let field, let found, let promised): "the command's adapter has \(field) \(found), and the recipe asks for \(promised)"
    }
  }

  package var hint: String? {
    switch problem {
    case .methodNotOffered: "use \"method: sft\" with a base, or \"substrate: embedded\""
    case .notFound(let error): error.hint
    case .ended: "its last lines stand above (with --json they are not shown: they may hold record text)"
    case .silent: "let the program write a \"progress\" or \"note\" event from time to time, and see that it flushes its output"
    case .tooMuchOutput, .longLine, .notAnEvent, .spokeAfterEnd:
      "standard output is for events alone, one JSON object a line (docs/substrates.md); other talk belongs on standard error"
    case .noAnswer: "the last line must be {\"event\":\"done\",…} or {\"event\":\"diverged\",…} (docs/substrates.md)"
    case .otherJob: "the \"done\" event repeats \"job\" of the document on standard input; an answer kept from another run does not do"
    case .divergedAfterPlan: "\"step\" of the event \"diverged\" counts the sound steps of \"plan\" of the job"
    case .outsideOutput, .missing: "\"adapter\" of the \"done\" event is a folder under \"output\" of the job, with adapter_config.json and adapter_model.safetensors"
    case .link, .notAFile, .tooManyFiles: "write plain files and folders into the output folder"
    case .tooLarge: "write the adapter's tensors alone, as float32, bfloat16 or float16"
    case .adapter(.badTensors(_, let error)) where error.isNotFinite: "a training whose numbers ran away ends with the event \"diverged\""
    case .adapter: "the adapter must have the tensors, names and shapes of the one in \"start\" of the job"
    case .otherBase: "\"base_model_name_or_path\" must be \"path\" or \"digest\" of the job's base"
    case .otherAdapter: "train the adapter that \"lora\" of the job's parameters describes"
    }
  }

  /// In the same words on every machine.
  private func words(_ time: Duration) -> String {
    let milliseconds = Int64((time / .milliseconds(1)).rounded())
    guard milliseconds % 1000 == 0 else { return "\(milliseconds) milliseconds" }
    return milliseconds == 1000 ? "1 second" : "\(milliseconds / 1000) seconds"
  }

  private func quoted(_ name: String) -> String { "\"" + name.prefix(120) + "\"" }
}

extension TensorFileError {
  fileprivate var isNotFinite: Bool {
    if case .notFinite = reason { true } else { false }
  }
}
