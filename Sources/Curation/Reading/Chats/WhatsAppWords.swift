internal import Foundation

/// Tells what a person wrote from what WhatsApp put in its place. Where a mark (U+200E, or angle brackets around it all) tells, every language is known;
/// else those of the lists.
enum WhatsAppWords {
  /// What is said, and what kind of message it is.
  static func told(_ raw: String) -> (text: String, ChatMessage.Kind) {
    var lines = raw.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    let first = bare(lines[0])
    if let kind = kind(of: first, hasMark: hasMark(lines[0])) {
      // A picture's words stand on the lines after it.
      guard kind == .withoutText, lines.count > 1 else { return ("", kind) }
      lines.removeFirst()
    }
    let text = trimmed(withoutEdit(lines.joined(separator: "\n")))
    return text.isEmpty ? ("", .withoutText) : (text, .said)
  }

  /// Nil for what a person wrote.
  private static func kind(of line: String, hasMark: Bool) -> ChatMessage.Kind? {
    let words = line.hasSuffix(".") ? String(line.dropLast()) : line
    if deleted.contains(words) { return .deleted }
    let isBracketed = line.hasPrefix("<") && line.hasSuffix(">") && !line.dropFirst().dropLast().contains { $0 == "<" || $0 == ">" }
    if isBracketed || omitted.contains(words) || attached.contains(where: line.hasSuffix) || line == "null" { return .withoutText }
    return hasMark ? .withoutText : nil
  }

  private static let mark: Unicode.Scalar = "\u{200E}"

  /// WhatsApp puts it before what it writes itself.
  private static func hasMark(_ line: Substring) -> Bool { line.unicodeScalars.first == mark }

  private static func bare(_ line: Substring) -> String {
    var output = String.UnicodeScalarView()
    for scalar in line.unicodeScalars where !scalar.isFormatting { output.append(scalar) }
    return String(output).trimmingCharacters(in: .whitespaces)
  }

  private static func trimmed(_ text: String) -> String {
    let edges = CharacterSet.whitespacesAndNewlines.union(CharacterSet(charactersIn: "\u{200E}\u{200F}\u{FEFF}"))
    return text.trimmingCharacters(in: edges)
  }

  /// ` <This message was edited>` at the end, and on iOS, with the mark before it, whatever the language; a file that is attached to a text too.
  private static func withoutEdit(_ text: String) -> String {
    for edit in edited where text.hasSuffix(edit) { return String(text.dropLast(edit.count)) }
    guard text.hasSuffix(">"), let start = text.unicodeScalars.lastIndex(of: mark) else { return text }
    let tail = text.unicodeScalars[text.unicodeScalars.index(after: start)...]
    guard tail.first == "<", !tail.contains("\n") else { return text }
    return String(text.unicodeScalars[..<start])
  }

  private static let edited = ["<This message was edited>", "<Diese Nachricht wurde bearbeitet>", "<Se editó este mensaje>", "<Mensagem editada>"]

  /// Without a stop at the end.
  private static let deleted: Set<String> = [
    "This message was deleted", "You deleted this message", "Diese Nachricht wurde gelöscht", "Du hast diese Nachricht gelöscht",
    "Se eliminó este mensaje", "Eliminaste este mensaje", "Ce message a été supprimé", "Vous avez supprimé ce message", "Mensagem apagada",
    "Esta mensagem foi apagada", "Você apagou esta mensagem", "Questo messaggio è stato eliminato", "Hai eliminato questo messaggio",
    "Данное сообщение удалено", "Вы удалили данное сообщение", "Dit bericht is verwijderd", "U hebt dit bericht verwijderd",
  ]

  /// As older versions write it, without a mark.
  private static let omitted: Set<String> = [
    "image omitted", "video omitted", "audio omitted", "sticker omitted", "GIF omitted", "document omitted", "Contact card omitted", "video note omitted",
    "Bild weggelassen", "Video weggelassen", "Audio weggelassen", "Sticker weggelassen", "imagen omitida", "audio omitido", "video omitido",
    "image absente", "audio omis", "vidéo absente", "imagem ocultada", "áudio ocultado", "vídeo omitido",
  ]

  private static let attached = [
    "(file attached)", "(Datei angehängt)", "(archivo adjunto)", "(fichier joint)", "(arquivo anexado)", "(file allegato)", "(файл добавлен)",
    "(bestand bijgevoegd)",
  ]
}
