#include "csimdjson.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <simdjson.h>
#include <string_view>
#include <type_traits>
#include <vector>

namespace dom = simdjson::dom;

struct csj_reader {
  dom::parser parser;
  dom::document document;
  size_t capacity = 0;  // bytes of JSON that parser and document have room for
  std::vector<char> padded;  // a copy of a line that ends too near to the end of the bytes
  std::vector<csj_turn> turns;
  bool gives_trees = false;

  const char *bytes = nullptr;
  size_t count = 0;
  size_t line_limit = 0;
  size_t position = 0;
  size_t line = 0;
};

namespace {

// True for what an empty line may hold: JSON's white space (RFC 8259, section 2).
bool is_blank(const char *bytes, size_t count) {
  return std::all_of(bytes, bytes + count, [](char c) { return c == ' ' || c == '\t' || c == '\r'; });
}

bool take_string(const dom::element &element, csj_text &text) {
  std::string_view view;
  if (element.get(view) != simdjson::SUCCESS) return false;
  text = {view.data(), view.size()};
  return true;
}

bool take_role(const dom::element &element, csj_role &role) {
  std::string_view name;
  if (element.get(name) != simdjson::SUCCESS) return false;
  if (name == "user") {
    role = CSJ_USER;
  } else if (name == "assistant") {
    role = CSJ_ASSISTANT;
  } else if (name == "system") {
    role = CSJ_SYSTEM;
  } else {
    return false;
  }
  return true;
}

// False for a turn with anything out of the ordinary.
bool take_turn(const dom::element &element, csj_turn &turn) {
  dom::object members;
  if (element.get(members) != simdjson::SUCCESS) return false;
  bool has_role = false, has_content = false;
  for (const auto member : members) {
    if (member.key == "role") {
      if (has_role || !take_role(member.value, turn.role)) return false;
      has_role = true;
    } else if (member.key == "content") {
      if (has_content || !take_string(member.value, turn.content)) return false;
      has_content = true;
    } else if (member.key == "tool_calls" || member.key == "function_call") {
      return false;
    }
  }
  return has_role && has_content;
}

bool take_turns(const dom::element &element, std::vector<csj_turn> &turns) {
  dom::array values;
  if (element.get(values) != simdjson::SUCCESS) return false;
  turns.clear();
  for (const auto value : values) {
    csj_turn turn{};
    if (!take_turn(value, turn)) return false;
    turns.push_back(turn);
  }
  return true;
}

// The two kinds of records that are met by the million: plain messages, plain text. False for anything else, faults included: whoever asked
// looks at the tree then, as for what states its own terms.
bool take_common(csj_reader &reader, const dom::element &root, csj_record &record) {
  dom::object members;
  if (root.get(members) != simdjson::SUCCESS) return false;
  dom::element messages, text, conversation;
  bool has_messages = false, has_text = false, has_conversation = false;
  for (const auto member : members) {
    dom::element *slot = nullptr;
    bool *taken = nullptr;
    if (member.key == "messages") {
      slot = &messages, taken = &has_messages;
    } else if (member.key == "text") {
      slot = &text, taken = &has_text;
    } else if (member.key == "conversation") {
      slot = &conversation, taken = &has_conversation;
    } else if (member.key == "tools" || member.key == "functions" || member.key == "license" || member.key == "consent") {
      return false;
    } else {
      continue;
    }
    if (*taken) return false;  // RFC 8259, section 4, leaves open what a second one means
    *taken = true;
    *slot = member.value;
  }
  // A null is as good as absent: exporters write them for columns that a row does not fill.
  has_messages = has_messages && !messages.is_null();
  has_text = has_text && !text.is_null();
  has_conversation = has_conversation && !conversation.is_null();
  if (has_messages == has_text) return false;
  if (has_conversation) {
    if (!take_string(conversation, record.conversation)) return false;
    record.has_conversation = record.conversation.count > 0;
  }
  if (has_text) {
    record.kind = CSJ_TEXT;
    return take_string(text, record.text);
  }
  record.kind = CSJ_MESSAGES;
  if (!take_turns(messages, reader.turns)) return false;
  record.turns = reader.turns.data();
  record.turn_count = reader.turns.size();
  return true;
}

// A value and an iterator are each a place on simdjson's tape: plain bytes, that C may carry.
template <typename Place>
void store(const Place &place, uint64_t (&words)[2]) {
  static_assert(sizeof(Place) <= sizeof(words) && std::is_trivially_copyable_v<Place>);
  std::memcpy(words, &place, sizeof(Place));
}

template <typename Place>
Place load(const uint64_t (&words)[2]) {
  Place place{};
  std::memcpy(&place, words, sizeof(Place));
  return place;
}

// Room is doubled, so that a file whose lines grow does not allocate for each of them.
csj_status make_room(csj_reader &reader, size_t count) {
  if (count <= reader.capacity) return CSJ_OK;
  const size_t capacity = std::max({count, reader.capacity * 2, size_t{1} << 16});
  if (reader.parser.allocate(capacity, CSJ_DEPTH_LIMIT) != simdjson::SUCCESS) return CSJ_OUT_OF_MEMORY;
  if (reader.document.allocate(capacity) != simdjson::SUCCESS) return CSJ_OUT_OF_MEMORY;
  reader.capacity = capacity;
  return CSJ_OK;
}

// simdjson reads up to SIMDJSON_PADDING bytes past the end of a document. In the middle of the bytes these are the next lines; the last
// lines are copied.
const char *with_padding(csj_reader &reader, size_t offset, size_t count) {
  if (reader.count - offset - count >= simdjson::SIMDJSON_PADDING) return reader.bytes + offset;
  if (reader.padded.size() < count + simdjson::SIMDJSON_PADDING) reader.padded.resize(count + simdjson::SIMDJSON_PADDING);
  if (count > 0) std::memcpy(reader.padded.data(), reader.bytes + offset, count);  // of nothing, there need not be an address
  std::memset(reader.padded.data() + count, 0, simdjson::SIMDJSON_PADDING);
  return reader.padded.data();
}

// Each of simdjson's kernels finds the faults of a line in its own order; these three names do not depend on it.
csj_status status_of(simdjson::error_code error, const char *bytes, size_t count) {
  if (error == simdjson::MEMALLOC) return CSJ_OUT_OF_MEMORY;
  if (!simdjson::validate_utf8(bytes, count)) return CSJ_INVALID_UTF8;
  return error == simdjson::DEPTH_ERROR ? CSJ_NESTED_TOO_DEEPLY : CSJ_INVALID_JSON;
}

// The DOM and not On-Demand: a line must be refused as a whole where any byte of it is wrong, and On-Demand checks only what is visited.
csj_status parse(csj_reader &reader, csj_record &record, bool gives_tree) {
  if (record.count > reader.line_limit) return CSJ_LINE_TOO_LONG;
  if (const auto status = make_room(reader, record.count); status != CSJ_OK) return status;
  const char *bytes = with_padding(reader, record.offset, record.count);
  dom::element root;
  const auto error = reader.parser.parse_into_document(reader.document, bytes, record.count, false).get(root);
  if (error != simdjson::SUCCESS) return status_of(error, bytes, record.count);
  if (!gives_tree && take_common(reader, root, record)) return CSJ_OK;
  record.kind = CSJ_TREE;
  store(root, record.tree.words);
  return CSJ_OK;
}

csj_status parse_or_fail(csj_reader &reader, csj_record &record, bool gives_tree) {
  try {
    return parse(reader, record, gives_tree);
  } catch (...) {
    return CSJ_OUT_OF_MEMORY;  // std::bad_alloc: nothing else here throws
  }
}

// Moves past one line and says where it was.
void take_line(csj_reader &reader, csj_record &record) {
  const char *start = reader.bytes + reader.position;
  const size_t left = reader.count - reader.position;
  const auto *feed = static_cast<const char *>(std::memchr(start, '\n', left));
  size_t count = feed == nullptr ? left : static_cast<size_t>(feed - start);
  record.line = ++reader.line;
  record.offset = reader.position;
  reader.position += feed == nullptr ? count : count + 1;
  if (count > 0 && start[count - 1] == '\r') count -= 1;
  record.count = count;
}

}  // namespace

csj_reader *csj_reader_create(bool gives_trees) {
  try {
    auto reader = std::make_unique<csj_reader>();
    reader->gives_trees = gives_trees;
    return reader.release();
  } catch (...) {
    return nullptr;
  }
}

void csj_reader_destroy(csj_reader *reader) { delete reader; }

void csj_reader_open(csj_reader *reader, const uint8_t *bytes, size_t count, size_t line_limit) {
  reader->bytes = reinterpret_cast<const char *>(bytes);
  reader->count = count;
  reader->line_limit = line_limit;
  reader->position = 0;
  reader->line = 0;
}

bool csj_reader_next(csj_reader *reader, csj_record *record) {
  while (reader->position < reader->count) {
    *record = {};
    take_line(*reader, *record);
    if (is_blank(reader->bytes + record->offset, record->count)) continue;
    record->status = parse_or_fail(*reader, *record, reader->gives_trees);
    return true;
  }
  return false;
}

void csj_reader_value(csj_reader *reader, size_t offset, size_t count, csj_record *record) {
  *record = {};
  record->offset = offset;
  record->count = count;
  record->status = parse_or_fail(*reader, *record, reader->gives_trees);
}

void csj_reader_tree(csj_reader *reader, size_t offset, size_t count, csj_record *record) {
  *record = {};
  record->offset = offset;
  record->count = count;
  record->status = parse_or_fail(*reader, *record, true);
}

csj_type csj_value_type(csj_value value) {
  switch (load<dom::element>(value.words).type()) {
  case dom::element_type::OBJECT: return CSJ_OBJECT;
  case dom::element_type::ARRAY: return CSJ_ARRAY;
  case dom::element_type::STRING: return CSJ_STRING;
  case dom::element_type::BOOL: return CSJ_BOOL;
  case dom::element_type::INT64: return CSJ_INTEGER;
  case dom::element_type::UINT64:
  case dom::element_type::DOUBLE: return CSJ_NUMBER;
  default: return CSJ_NULL;
  }
}

csj_text csj_value_string(csj_value value) {
  csj_text text{};
  take_string(load<dom::element>(value.words), text);
  return text;
}

bool csj_value_bool(csj_value value) {
  bool truth = false;
  return load<dom::element>(value.words).get(truth) == simdjson::SUCCESS && truth;
}

int64_t csj_value_integer(csj_value value) {
  int64_t integer = 0;
  return load<dom::element>(value.words).get(integer) == simdjson::SUCCESS ? integer : 0;
}

double csj_value_number(csj_value value) {
  double number = 0;
  return load<dom::element>(value.words).get(number) == simdjson::SUCCESS ? number : 0;
}

csj_cursor csj_value_children(csj_value value) {
  const auto element = load<dom::element>(value.words);
  csj_cursor cursor{};
  dom::object members;
  dom::array values;
  if (element.get(members) == simdjson::SUCCESS) {
    cursor.is_object = true;
    store(members.begin(), cursor.at);
    store(members.end(), cursor.end);
  } else if (element.get(values) == simdjson::SUCCESS) {
    store(values.begin(), cursor.at);
    store(values.end(), cursor.end);
  }
  return cursor;
}

bool csj_cursor_next(csj_cursor *cursor, csj_text *key, csj_value *value) {
  if (std::memcmp(cursor->at, cursor->end, sizeof cursor->at) == 0) return false;
  if (cursor->is_object) {
    auto place = load<dom::object::iterator>(cursor->at);
    const auto name = place.key();
    *key = {name.data(), name.size()};
    store(place.value(), value->words);
    store(++place, cursor->at);
  } else {
    auto place = load<dom::array::iterator>(cursor->at);
    *key = {};
    store(*place, value->words);
    store(++place, cursor->at);
  }
  return true;
}
