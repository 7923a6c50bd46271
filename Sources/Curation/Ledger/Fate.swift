package import Artifacts

/// The steps that a record passes, by the names that the ledger uses.
package enum StageName: String, CaseIterable, Hashable, Sendable {
  case read, terms, normalize, structure, language, quality, deduplicate, decontaminate, pii, length
  /// What was retracted: as records are compared, and as the dataset would hold them.
  case retract
  case retractResult = "retract-result"
}

/// Why a record was dropped. The raw value is what the ledger holds and people read; once released, it keeps its meaning.
package enum DropReason: String, CaseIterable, Hashable, Sendable {
  // read
  case lineTooLong = "line too long"
  case invalidUTF8 = "invalid UTF-8"
  case invalidJSON = "invalid JSON"
  case nestedTooDeeply = "nested too deeply"
  case duplicateKey = "duplicate key"
  case notAnObject = "not an object"
  case noContent = "no messages, no text, no question and answer"
  case ambiguousContent = "both messages and text"
  case textNotAString = "text is not a string"
  case messagesNotAnArray = "messages is not an array"
  case turnNotAnObject = "turn is not an object"
  case unknownRole = "unknown role"
  case turnContentNotAString = "content is not a string"
  case conversationNotAString = "conversation is not a string"
  case conversationsNotAnArray = "conversations is not an array"
  case noAnswer = "no answer to the question"
  case questionNotAString = "question is not a string"
  case additionNotAString = "input is not a string"
  case answerNotAString = "answer is not a string"
  case systemNotAString = "system is not a string"
  case contentNotText = "content is not text"
  case toolsNotAList = "tools is not a list of objects"
  case unreadableCall = "tool call is unreadable"
  case toolsBesideJudgement = "tools in a judged answer"
  case labelNotTrueOrFalse = "label is not true or false"
  case noPrompt = "no prompt before the answers"
  case noKnownColumn = "no known column"
  case raggedRow = "ragged row"
  case unclosedQuote = "unclosed quote"
  case textAfterQuote = "text after a closing quote"
  case invalidUTF16 = "invalid UTF-16"
  // read, chats
  case notAMessage = "no message of a chat"
  case nobodyIsAnswered = "nobody is answered"
  case speakerIsNotThere = "the speaker is not in this chat"
  // terms
  case unknownLicense = "unknown licence"
  case licenseForbidsUse = "licence forbids the use"
  // structure
  case noTurns = "no turns"
  case emptyText = "empty text"
  case emptyTurn = "empty turn"
  case misplacedSystemTurn = "system turn is not first"
  case noUserTurnFirst = "does not start with a user turn"
  case turnsDoNotAlternate = "turns do not alternate"
  case noAssistantTurn = "no assistant turn"
  case misplacedToolTurn = "tool turn follows no assistant turn"
  case sameAnswers = "chosen and rejected are the same"
  // language
  case otherLanguage = "another language"
  case undecidedLanguage = "no language could be told"
  // quality, several profiles
  case repeatedLines = "repeated lines"
  case repeatedWords = "repeated words"
  case tooManySymbols = "too many symbols"
  // quality, gopher
  case tooFewWords = "too few words"
  case tooManyWords = "too many words"
  case wordsTooShort = "words too short"
  case wordsTooLong = "words too long"
  case tooManyBullets = "too many bullet lines"
  case tooManyEllipses = "too many lines end in an ellipsis"
  case tooFewAlphabeticWords = "too few words with letters"
  case tooFewStopWords = "too few stop words"
  case repeatedParagraphs = "repeated paragraphs"
  // quality, c4 and fineweb
  case noLineLeft = "no line left"
  case placeholderText = "placeholder text"
  case curlyBrackets = "curly brackets"
  case tooFewSentences = "too few sentences"
  case tooFewPunctuatedLines = "too few lines end in punctuation"
  case tooManyShortLines = "too many short lines"
  // quality, chat
  case nothingVisible = "a turn shows nothing"
  case oneCharacterRepeated = "one character repeated"
  case brokenCharacters = "too many broken characters"
  case refusals = "refusals without an answer"
  // decontaminate
  case evaluationText = "text of an evaluation record"
  // pii
  case personalData = "personal data"
  // retract
  case retracted
  // length
  case tooShort = "too short"
  case tooLong = "too long"
}

/// A record that was taken out, and the measure that it missed.
package struct Drop: Hashable, Sendable {
  package let stage: StageName
  package let reason: DropReason
  /// What was found: characters, bytes, or the number of the turn, counted from 1.
  package let measured: Double?
  /// What it was held against.
  package let threshold: Double?

  package init(stage: StageName, reason: DropReason, measured: Double? = nil, threshold: Double? = nil) {
    self.stage = stage
    self.reason = reason
    self.measured = measured
    self.threshold = threshold
  }
}

/// What became of one record.
package enum Fate: Hashable, Sendable {
  case kept
  case dropped(Drop)
  /// The same content, or nearly the same, went on from another place. The similarity of a near duplicate is in parts per million; an
  /// exact one has none.
  case merged(keeper: RecordID, at: RecordPlace, similarityPPM: Int? = nil)
}

/// One kind of edit, and how often it was made. Never what was edited.
package struct Change: Hashable, Sendable {
  package enum Kind: String, CaseIterable, Hashable, Sendable {
    /// Characters of category Cc that were removed.
    case controlCharacters = "control-characters"
    /// Characters that UTF-8 read as Windows-1252 or Latin-1 had become several of, and that are one again.
    case mojibake
    /// CR LF, or CR alone, that became LF.
    case lineEndings = "line-endings"
    /// Contents that were not in NFC.
    case unicode
    /// White space characters that were removed at the end of a line.
    case trailingSpace = "trailing-space"
    /// White space characters and line feeds that were removed before the first and after the last visible character.
    case outerSpace = "outer-space"
    /// The keeper took the conversation key of a record that was merged into it.
    case conversation
    /// The keeper took the terms of a record that was merged into it, beside its own.
    case terms
    /// Lines that a quality profile does not keep.
    case lines
    /// Marks of citations, such as `[1]`, that went with them.
    case citationMarks = "citation-marks"
    /// Addresses and numbers of people that gave way to a placeholder.
    case redaction
    /// Messages of a chat that are no part of the conversation: notices of the messenger, pictures and files without a word, what was deleted, what
    /// the speaker only forwarded.
    case serviceMessages = "service-messages"
    case messagesWithoutText = "messages-without-text"
    case deletedMessages = "deleted-messages"
    case forwardedMessages = "forwarded-messages"
    /// Messages of a chat before anybody asked the speaker anything, and after the speaker's last word.
    case unpromptedMessages = "unprompted-messages"
    case unansweredMessages = "unanswered-messages"
  }

  package let kind: Kind
  package let count: Int

  package init(kind: Kind, count: Int) {
    self.kind = kind
    self.count = count
  }
}

/// What one stage left to say about a record that it let through; of one that it dropped, what was found in it.
package struct Passage: Hashable, Sendable {
  package let stage: StageName
  package let changes: [Change]
  package let measured: Double?
  /// What the quality rules measured, in their order.
  package let signals: [QualitySignal.Reading]
  /// How much personal data of each kind was found, by the order of the kinds.
  package let found: [PersonalData.Finding]
  /// What stages of one kind have to say, and no other.
  package let detail: Detail?

  /// Behind a pointer: most passages have none, and there are millions of them.
  package indirect enum Detail: Hashable, Sendable {
    case language(LanguageReading)
    case overlap(EvaluationOverlap)
    case forbidden(ForbiddenUse)
  }

  package init(
    stage: StageName, changes: [Change] = [], measured: Double? = nil, signals: [QualitySignal.Reading] = [],
    found: [PersonalData.Finding] = [], detail: Detail? = nil
  ) {
    (self.stage, self.changes, self.measured, self.signals, self.found, self.detail) = (stage, changes, measured, signals, found, detail)
  }

  var saysNothing: Bool { changes.isEmpty && measured == nil && signals.isEmpty && found.isEmpty && detail == nil }
}
