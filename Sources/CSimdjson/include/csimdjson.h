#ifndef CSIMDJSON_H
#define CSIMDJSON_H

// A C face for simdjson (https://simdjson.org, 3.0): Swift cannot call its templates, and no C++ exception may cross into Swift.
//
// It reads the objects that curation takes: `{"messages":[{"role":…,"content":…},…]}`, `{"text":…}`, `{"conversations":[{"from":…,"value":…},…]}`,
// each with an optional `"conversation"`, `"license"` and `"consent"`; of any other object it hands out the strings that the caller named. docs/curation.md, "JSON Lines", is
// the contract; this header says only how to call it.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Why a line is not a record. Which one is reported does not depend on the CPU: bytes that are not UTF-8 are named before anything else.
typedef enum csj_status {
  CSJ_OK = 0,
  CSJ_OUT_OF_MEMORY,
  CSJ_LINE_TOO_LONG,
  CSJ_INVALID_UTF8,
  CSJ_INVALID_JSON,
  CSJ_NESTED_TOO_DEEPLY,
  CSJ_DUPLICATE_KEY,
  CSJ_NOT_AN_OBJECT,
  CSJ_AMBIGUOUS_CONTENT,
  CSJ_TEXT_NOT_A_STRING,
  CSJ_MESSAGES_NOT_AN_ARRAY,
  CSJ_TURN_NOT_AN_OBJECT,
  CSJ_UNKNOWN_ROLE,
  CSJ_TURN_CONTENT_NOT_A_STRING,
  CSJ_CONVERSATION_NOT_A_STRING,
  CSJ_CONVERSATIONS_NOT_AN_ARRAY
} csj_status;

/// CSJ_FIELDS: neither messages, text nor conversations; what it is, the fields say.
typedef enum csj_kind { CSJ_MESSAGES, CSJ_TEXT, CSJ_CONVERSATIONS, CSJ_FIELDS } csj_kind;
typedef enum csj_role { CSJ_SYSTEM, CSJ_USER, CSJ_ASSISTANT } csj_role;

/// UTF-8 without a terminator; it may hold NUL. Lives until the next call on the same reader.
typedef struct csj_text {
  const char *bytes;
  size_t count;
} csj_text;

typedef struct csj_turn {
  csj_role role;
  csj_text content;
} csj_turn;

/// What stands under one of the names that the reader was made with. Null counts as absent.
typedef enum csj_field_state { CSJ_ABSENT = 0, CSJ_STRING, CSJ_NOT_A_STRING, CSJ_TWICE } csj_field_state;

typedef struct csj_field {
  csj_field_state state;
  csj_text text;
} csj_field;

/// One line that is not blank. Only `status`, `line`, `offset` and `count` are set where `status` is not CSJ_OK.
typedef struct csj_record {
  csj_status status;
  size_t line;    // from 1: the number of line feeds before it, plus 1
  size_t offset;  // of its first byte, from the start of the bytes
  size_t count;   // bytes, without LF or CR LF
  csj_kind kind;
  csj_text text;           // where kind is CSJ_TEXT
  const csj_turn *turns;   // where kind is CSJ_MESSAGES or CSJ_CONVERSATIONS
  size_t turn_count;
  bool has_conversation;   // false where it is absent, null or empty
  csj_text conversation;
  csj_field license;  // of `"license"` and `"consent"`, whatever the kind
  csj_field consent;
  const csj_field *fields;  // one for each name, where kind is CSJ_CONVERSATIONS or CSJ_FIELDS
} csj_record;

/// Deeper nesting of arrays and objects than this is refused, the line's own object included.
enum { CSJ_DEPTH_LIMIT = 64 };

typedef struct csj_reader csj_reader;

/// `names` are the members whose strings are handed out as fields; they are copied. Null where memory is short. One reader belongs to one
/// thread at a time.
csj_reader *csj_reader_create(const char *const *names, size_t name_count);
void csj_reader_destroy(csj_reader *reader);

/// Points the reader at bytes that must stay where they are until the last csj_reader_next. Nothing is read beyond `count`.
/// A line of more than `line_limit` bytes is reported and not parsed.
void csj_reader_open(csj_reader *reader, const uint8_t *bytes, size_t count, size_t line_limit);

/// The next line that is not blank; false at the end. A line that cannot be used is handed out with its status, and the next call goes on
/// after it.
bool csj_reader_next(csj_reader *reader, csj_record *record);

/// Reads `count` bytes at `offset` as one JSON text, line feeds and all. `line` is not set; the next csj_reader_next is not changed by it.
void csj_reader_value(csj_reader *reader, size_t offset, size_t count, csj_record *record);

#ifdef __cplusplus
}
#endif
#endif
