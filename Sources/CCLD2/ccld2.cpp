#include "ccld2.h"

#include <climits>
#include <cstdio>
#include <cstring>

// FILE and UNKNOWN_ENCODING: the library's own header uses them and includes neither.
#include <cld2/public/encodings.h>
#include <cld2/public/compact_lang_det.h>

namespace {

unsigned char at(const char *text, size_t index) { return static_cast<unsigned char>(text[index]); }

/// How many bytes from `index` are a character that is not for interchange; 0 for any other. The UTF-8 is valid.
size_t unwanted(const char *text, size_t index) {
  unsigned char lead = at(text, index);
  if (lead < 0x80) return (lead < 0x20 && lead != '\t' && lead != '\n' && lead != '\r') || lead == 0x7F ? 1 : 0;
  if (lead == 0xC2) return at(text, index + 1) < 0xA0 ? 2 : 0;
  if (lead == 0xEF) {
    // U+FDD0–U+FDEF, U+FFFE and U+FFFF.
    if (at(text, index + 1) == 0xB7) return at(text, index + 2) >= 0x90 && at(text, index + 2) <= 0xAF ? 3 : 0;
    return at(text, index + 1) == 0xBF && at(text, index + 2) >= 0xBE ? 3 : 0;
  }
  // The last two characters of every other plane.
  if (lead >= 0xF0) return (at(text, index + 1) & 0x0F) == 0x0F && at(text, index + 2) == 0xBF && at(text, index + 3) >= 0xBE ? 4 : 0;
  return 0;
}

void make_interchangeable(char *text, size_t count) {
  for (size_t index = 0; index < count;) {
    size_t length = unwanted(text, index);
    if (length > 0) std::memset(text + index, ' ', length);
    index += length > 0 ? length : 1;
  }
}

/// CLD2 keeps three codes that ISO 639 has withdrawn or never had.
const char *code(CLD2::Language language) {
  const char *own = CLD2::LanguageCode(language);
  if (std::strcmp(own, "iw") == 0) return "he";
  if (std::strcmp(own, "jw") == 0) return "jv";
  if (std::strcmp(own, "in") == 0) return "id";
  return own;
}

}  // namespace

void ccld2_detect(char *text, size_t count, ccld2_result *result) {
  result->count = 0;
  result->is_reliable = false;
  if (count > INT_MAX) return;
  make_interchangeable(text, count);
  CLD2::CLDHints hints = {nullptr, nullptr, CLD2::UNKNOWN_ENCODING, CLD2::UNKNOWN_LANGUAGE};
  CLD2::Language languages[CCLD2_MOST];
  int percents[CCLD2_MOST];
  double scores[CCLD2_MOST];
  int letters = 0;
  bool is_reliable = false;
  CLD2::ExtDetectLanguageSummary(
      text, static_cast<int>(count), true, &hints, 0, languages, percents, scores, nullptr, &letters, &is_reliable);
  for (int index = 0; index < CCLD2_MOST; index++) {
    if (languages[index] == CLD2::UNKNOWN_LANGUAGE || percents[index] <= 0) continue;
    result->shares[result->count++] = {code(languages[index]), percents[index]};
  }
  result->is_reliable = is_reliable && result->count > 0;
}
