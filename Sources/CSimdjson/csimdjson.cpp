#include "csimdjson.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <vector>

namespace dom = simdjson::dom;

struct csj_reader {
  dom::parser parser;
  dom::document document;
  size_t capacity = 0;  // bytes of JSON that parser and document have room for
  std::vector<char> padded;  // a copy of a line that ends too near to the end of the bytes
  std::vector<csj_turn> turns;
  std::vector<std::string> names;
  std::vector<csj_field> fields;  // one for each name

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

csj_status take_string(const dom::element &element, csj_status otherwise, csj_text &text) {
  std::string_view view;
  if (element.get(view) != simdjson::SUCCESS) return otherwise;
  text = {view.data(), view.size()};
  return CSJ_OK;
}

// How a dialect spells a turn. `human` and `gpt` are ShareGPT's.
struct turn_dialect {
  bool is_sharegpt;

  bool is_role_key(std::string_view key) const { return key == "role" || (is_sharegpt && key == "from"); }
  bool is_content_key(std::string_view key) const { return key == "content" || (is_sharegpt && key == "value"); }

  bool role(std::string_view name, csj_role &role) const {
    if (name == "user" || (is_sharegpt && name == "human")) {
      role = CSJ_USER;
    } else if (name == "assistant" || (is_sharegpt && name == "gpt")) {
      role = CSJ_ASSISTANT;
    } else if (name == "system") {
      role = CSJ_SYSTEM;
    } else {
      return false;
    }
    return true;
  }
};

csj_status take_role(const dom::element &element, const turn_dialect &dialect, csj_role &role) {
  std::string_view name;
  if (element.get(name) != simdjson::SUCCESS) return CSJ_UNKNOWN_ROLE;
  return dialect.role(name, role) ? CSJ_OK : CSJ_UNKNOWN_ROLE;
}

csj_status take_turn(const dom::element &element, const turn_dialect &dialect, csj_turn &turn) {
  dom::object members;
  if (element.get(members) != simdjson::SUCCESS) return CSJ_TURN_NOT_AN_OBJECT;
  bool has_role = false, has_content = false;
  csj_status status = CSJ_OK;
  for (const auto member : members) {
    if (dialect.is_role_key(member.key)) {
      if (has_role) return CSJ_DUPLICATE_KEY;
      has_role = true;
      status = take_role(member.value, dialect, turn.role);
    } else if (dialect.is_content_key(member.key)) {
      if (has_content) return CSJ_DUPLICATE_KEY;
      has_content = true;
      status = take_string(member.value, CSJ_TURN_CONTENT_NOT_A_STRING, turn.content);
    }
    if (status != CSJ_OK) return status;
  }
  if (!has_role) return CSJ_UNKNOWN_ROLE;
  return has_content ? CSJ_OK : CSJ_TURN_CONTENT_NOT_A_STRING;
}

csj_status take_turns(const dom::array &values, const turn_dialect &dialect, std::vector<csj_turn> &turns) {
  turns.clear();
  for (const auto value : values) {
    csj_turn turn{};
    if (const auto status = take_turn(value, dialect, turn); status != CSJ_OK) return status;
    turns.push_back(turn);
  }
  return CSJ_OK;
}

// One more value under a name. A second one is told apart from the first, not refused.
void take_field(const dom::element &value, csj_field &field) {
  std::string_view view;
  if (value.is_null()) return;
  if (field.state != CSJ_ABSENT) {
    field.state = CSJ_TWICE;
  } else if (value.get(view) == simdjson::SUCCESS) {
    field = {CSJ_STRING, {view.data(), view.size()}};
  } else {
    field.state = CSJ_NOT_A_STRING;
  }
}

// The strings under the reader's names.
void take_fields(const dom::object &members, const std::vector<std::string> &names, std::vector<csj_field> &fields) {
  fields.assign(names.size(), csj_field{});
  for (const auto member : members) {
    const auto name = std::find(names.begin(), names.end(), member.key);
    if (name != names.end()) take_field(member.value, fields[static_cast<size_t>(name - names.begin())]);
  }
}

// The members that we know of one line, each at most once (RFC 8259, section 4, leaves a second one open, so it is refused).
struct line_members {
  dom::element messages, text, conversation, conversations;
  bool has_messages = false, has_text = false, has_conversation = false;
  csj_field license{}, consent{};
  size_t conversations_count = 0;  // a second one matters only where it is what is read

  static bool put(const dom::element &value, dom::element &slot, bool &taken) {
    if (taken) return false;
    taken = true;
    slot = value;
    return true;
  }

  csj_status collect(const dom::object &members) {
    for (const auto member : members) {
      bool first = true;
      if (member.key == "messages") {
        first = put(member.value, messages, has_messages);
      } else if (member.key == "text") {
        first = put(member.value, text, has_text);
      } else if (member.key == "conversation") {
        first = put(member.value, conversation, has_conversation);
      } else if (member.key == "conversations" && !member.value.is_null()) {
        conversations = member.value;
        conversations_count += 1;
      } else if (member.key == "license") {
        take_field(member.value, license);
      } else if (member.key == "consent") {
        take_field(member.value, consent);
      }
      if (!first) return CSJ_DUPLICATE_KEY;
    }
    // A null is as good as absent: exporters write them for columns that a row does not fill.
    has_messages = has_messages && !messages.is_null();
    has_text = has_text && !text.is_null();
    has_conversation = has_conversation && !conversation.is_null();
    return CSJ_OK;
  }
};

csj_status take_text(const line_members &members, csj_record &record) {
  record.kind = CSJ_TEXT;
  return take_string(members.text, CSJ_TEXT_NOT_A_STRING, record.text);
}

csj_status take_messages(csj_reader &reader, const line_members &members, csj_record &record) {
  record.kind = CSJ_MESSAGES;
  dom::array values;
  if (members.messages.get(values) != simdjson::SUCCESS) return CSJ_MESSAGES_NOT_AN_ARRAY;
  return take_turns(values, turn_dialect{false}, reader.turns);
}

csj_status take_conversations(csj_reader &reader, const line_members &members, csj_record &record) {
  record.kind = CSJ_CONVERSATIONS;
  if (members.conversations_count > 1) return CSJ_DUPLICATE_KEY;
  dom::array values;
  if (members.conversations.get(values) != simdjson::SUCCESS) return CSJ_CONVERSATIONS_NOT_AN_ARRAY;
  return take_turns(values, turn_dialect{true}, reader.turns);
}

csj_status take_record(csj_reader &reader, const dom::element &root, csj_record &record) {
  dom::object object;
  if (root.get(object) != simdjson::SUCCESS) return CSJ_NOT_AN_OBJECT;
  line_members members;
  if (const auto status = members.collect(object); status != CSJ_OK) return status;
  if (members.has_messages && members.has_text) return CSJ_AMBIGUOUS_CONTENT;

  if (members.has_conversation) {
    const auto status = take_string(members.conversation, CSJ_CONVERSATION_NOT_A_STRING, record.conversation);
    if (status != CSJ_OK) return status;
    record.has_conversation = record.conversation.count > 0;
  }
  record.license = members.license;
  record.consent = members.consent;
  if (members.has_text) return take_text(members, record);
  csj_status status = CSJ_OK;
  if (members.has_messages) {
    status = take_messages(reader, members, record);
  } else {
    take_fields(object, reader.names, reader.fields);
    record.fields = reader.fields.data();
    record.kind = CSJ_FIELDS;
    if (members.conversations_count > 0) status = take_conversations(reader, members, record);
  }
  record.turns = reader.turns.data();
  record.turn_count = reader.turns.size();
  return status;
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
  std::memcpy(reader.padded.data(), reader.bytes + offset, count);
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
csj_status parse(csj_reader &reader, csj_record &record) {
  if (record.count > reader.line_limit) return CSJ_LINE_TOO_LONG;
  if (const auto status = make_room(reader, record.count); status != CSJ_OK) return status;
  const char *bytes = with_padding(reader, record.offset, record.count);
  dom::element root;
  const auto error = reader.parser.parse_into_document(reader.document, bytes, record.count, false).get(root);
  if (error != simdjson::SUCCESS) return status_of(error, bytes, record.count);
  return take_record(reader, root, record);
}

csj_status parse_or_fail(csj_reader &reader, csj_record &record) {
  try {
    return parse(reader, record);
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

csj_reader *csj_reader_create(const char *const *names, size_t name_count) {
  try {
    auto reader = std::make_unique<csj_reader>();
    reader->names.assign(names, names + name_count);
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
    record->status = parse_or_fail(*reader, *record);
    return true;
  }
  return false;
}

void csj_reader_value(csj_reader *reader, size_t offset, size_t count, csj_record *record) {
  *record = {};
  record->offset = offset;
  record->count = count;
  record->status = parse_or_fail(*reader, *record);
}
