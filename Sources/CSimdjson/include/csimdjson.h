#ifndef CSIMDJSON_H
#define CSIMDJSON_H

// A C face for simdjson (https://simdjson.org, 3.0): Swift cannot call its templates, and no C++ exception may cross into Swift.
//
// It reads the two kinds of objects that curation meets by the million, `{"messages":[{"role":…,"content":…},…]}` and `{"text":…}`, each with an
// optional `"conversation"`. Of anything else that is JSON it hands out the tree, and Swift says what it is. docs/curation.md, "JSON Lines", is the
// contract; this header says only how to call it.

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
  CSJ_NESTED_TOO_DEEPLY
} csj_status;

/// CSJ_MESSAGES and CSJ_TEXT have no member of a name that changes what they are; any doubt makes a tree.
typedef enum csj_kind { CSJ_MESSAGES, CSJ_TEXT, CSJ_TREE } csj_kind;
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

/// A value of the line, wherever it stands in it. Lives until the next call that reads with the same reader.
typedef struct csj_value {
  uint64_t words[2];
} csj_value;

/// CSJ_INTEGER fits in 64 bits with a sign; CSJ_NUMBER is every other number.
typedef enum csj_type { CSJ_NULL, CSJ_BOOL, CSJ_INTEGER, CSJ_NUMBER, CSJ_STRING, CSJ_ARRAY, CSJ_OBJECT } csj_type;

/// One line that is not blank. Only `status`, `line`, `offset` and `count` are set where `status` is not CSJ_OK.
typedef struct csj_record {
  csj_status status;
  size_t line;    // from 1: the number of line feeds before it, plus 1
  size_t offset;  // of its first byte, from the start of the bytes
  size_t count;   // bytes, without LF or CR LF
  csj_kind kind;
  csj_text text;           // where kind is CSJ_TEXT
  const csj_turn *turns;   // where kind is CSJ_MESSAGES
  size_t turn_count;
  bool has_conversation;   // false where it is absent, null or empty
  csj_text conversation;
  csj_value tree;          // where kind is CSJ_TREE
} csj_record;

/// Deeper nesting of arrays and objects than this is refused, the line's own object included.
enum { CSJ_DEPTH_LIMIT = 64 };

typedef struct csj_reader csj_reader;

/// With `gives_trees`, every line that is JSON is a tree. Null where memory is short. One reader belongs to one thread at a time.
csj_reader *csj_reader_create(bool gives_trees);
void csj_reader_destroy(csj_reader *reader);

/// Points the reader at bytes that must stay where they are until the last csj_reader_next. Nothing is read beyond `count`.
/// A line of more than `line_limit` bytes is reported and not parsed.
void csj_reader_open(csj_reader *reader, const uint8_t *bytes, size_t count, size_t line_limit);

/// The next line that is not blank; false at the end. A line that cannot be used is handed out with its status, and the next call goes on
/// after it.
bool csj_reader_next(csj_reader *reader, csj_record *record);

/// Reads `count` bytes at `offset` as one JSON text, line feeds and all. `line` is not set; the next csj_reader_next is not changed by it.
void csj_reader_value(csj_reader *reader, size_t offset, size_t count, csj_record *record);

/// The same, and what it holds is always a tree.
void csj_reader_tree(csj_reader *reader, size_t offset, size_t count, csj_record *record);

// What a value holds; zero, false or empty where it is of another type.

csj_type csj_value_type(csj_value value);
csj_text csj_value_string(csj_value value);
bool csj_value_bool(csj_value value);
int64_t csj_value_integer(csj_value value);
double csj_value_number(csj_value value);

/// Goes through the members of an object, or the values of an array; over nothing at all of another value.
typedef struct csj_cursor {
  uint64_t at[2];
  uint64_t end[2];
  bool is_object;
} csj_cursor;

csj_cursor csj_value_children(csj_value value);

/// False at the end. `key` is empty in an array.
bool csj_cursor_next(csj_cursor *cursor, csj_text *key, csj_value *value);

#ifdef __cplusplus
}
#endif
#endif
