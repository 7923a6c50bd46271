#ifndef CCLD2_H
#define CCLD2_H

// A C face for Compact Language Detector 2 (https://github.com/CLD2Owners/cld2): Swift cannot call its overloads and references.

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// So many bytes of 0 must stand after the text, in memory that may be read: CLD2's scanners look ahead.
#define CCLD2_PADDING 16

/// The most languages that are told apart within one text.
#define CCLD2_MOST 3

/// A language, and how much of the text's letters it has.
typedef struct ccld2_share {
  /// ISO 639, such as `en`, `he` or `zh-Hant`. Lives as long as the program.
  const char *code;
  int percent;
} ccld2_share;

typedef struct ccld2_result {
  /// The largest share first. What is of no known language is not among them.
  ccld2_share shares[CCLD2_MOST];
  int count;
  /// CLD2's own word on whether the first language is far enough ahead of others.
  bool is_reliable;
} ccld2_result;

/// `text` is `count` bytes of valid UTF-8, and CCLD2_PADDING bytes of 0 after them. It is changed: characters that are not for interchange
/// (controls and noncharacters), of which CLD2 wants none, become spaces. Any number of threads may call it at once, each with its own text.
void ccld2_detect(char *text, size_t count, ccld2_result *result);

#ifdef __cplusplus
}
#endif

#endif
