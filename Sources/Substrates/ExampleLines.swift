internal import Artifacts
internal import Engine
package import Foundation

extension EncodedDataset {
  /// A line for each example, under the names that Hugging Face's trainers take: `{"input_ids":[…],"labels":[…]}`, where −100 is a token that is
  /// read and not learnt. The shift by one is the reader's.
  package var jsonLines: Data {
    var lines = Data()
    for example in examples {
      let labels = zip(example.tokens, example.supervised).enumerated().map { $0 > 0 && $1.1 ? $1.0 : -100 }
      lines += Data((#"{"input_ids":\#(list(example.tokens)),"labels":\#(list(labels))}"# + "\n").utf8)
    }
    return lines
  }
}

extension TrainingPlan {
  /// A line for each step: `{"examples":[…],"learning-rate":…}`.
  var jsonLines: Data {
    var lines = Data()
    for step in steps {
      let rate = JSONValue.number(step.learningRate).canonicalText
      lines += Data((#"{"examples":\#(list(step.examples)),"learning-rate":\#(rate)}"# + "\n").utf8)
    }
    return lines
  }
}

private func list(_ numbers: [some BinaryInteger]) -> String { "[" + numbers.map { "\($0)" }.joined(separator: ",") + "]" }
