import Testing

extension Tool.Outcome {
  /// Expects a failure with this code, whose last words are this error and this hint, and nothing on standard output.
  func expectFailure(_ code: Int32, _ message: String, hint: String? = nil, at place: SourceLocation = #_sourceLocation) {
    #expect(status == code, "\(errors)", sourceLocation: place)
    #expect(output.isEmpty, sourceLocation: place)
    #expect(errors.contains("soulpack: error: " + message), "\(errors)", sourceLocation: place)
    if let hint { #expect(errors.contains("\nhint: " + hint), "\(errors)", sourceLocation: place) }
  }
}
