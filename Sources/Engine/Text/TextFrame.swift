/// The tokens that a post-processor puts before and after a whole text, such as Llama 3's `<|begin_of_text|>`.
///
/// Only running text gets them: a conversation is framed by its template.
package struct TextFrame: Hashable, Sendable {
  package struct Token: Hashable, Sendable {
    package let id: Int32
    package let content: String
  }

  package var prefix: [Token] = []
  package var suffix: [Token] = []

  package var isEmpty: Bool { prefix.isEmpty && suffix.isEmpty }
}
