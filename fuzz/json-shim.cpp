// Fuzzes CSimdjson, the only C++ of ours that sees foreign bytes, under AddressSanitizer and UndefinedBehaviorSanitizer, guided by coverage.
//
//     clang++ -std=c++17 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -ISources/CSimdjson/include
//       fuzz/json-shim.cpp Sources/CSimdjson/csimdjson.cpp -lsimdjson -o json-shim
//     ./json-shim -max_total_time=600 -dict=fuzz/json.dict WORKFOLDER Tests/CurationTests/Corpus/json
//
// What must hold: every value can be visited and lies in what was read, lines come in order and do not overlap, no line is lost, and whether common
// kinds are told apart or everything is a tree makes no difference to which lines are right.

#include "csimdjson.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#define REQUIRE(condition)                                                                   \
  do {                                                                                       \
    if (!(condition)) {                                                                      \
      std::fprintf(stderr, "does not hold: %s (line %d)\n", #condition, __LINE__);           \
      std::abort();                                                                          \
    }                                                                                        \
  } while (false)

namespace {

size_t touch(csj_text text) {
  size_t sum = 0;
  for (size_t index = 0; index < text.count; index++) sum += static_cast<unsigned char>(text.bytes[index]);
  return sum;
}

volatile size_t sink = 0;

size_t visit(csj_value value, int depth) {
  REQUIRE(depth <= CSJ_DEPTH_LIMIT + 1);
  size_t sum = touch(csj_value_string(value)) + csj_value_bool(value) + static_cast<size_t>(csj_value_integer(value));
  sum += csj_value_number(value) > 0;
  const csj_type type = csj_value_type(value);
  csj_cursor cursor = csj_value_children(value);
  csj_text key;
  csj_value child;
  size_t children = 0;
  while (csj_cursor_next(&cursor, &key, &child)) {
    REQUIRE(type == CSJ_ARRAY || type == CSJ_OBJECT);
    sum += touch(key) + visit(child, depth + 1);
    children++;
  }
  return sum + children;
}

size_t feeds(const uint8_t *bytes, size_t count) {
  size_t feeds = 0;
  for (size_t index = 0; index < count; index++) feeds += bytes[index] == '\n';
  return feeds;
}

struct line {
  csj_status status;
  size_t number, offset, count;
};

std::vector<line> read(bool gives_trees, const uint8_t *bytes, size_t count, size_t limit) {
  csj_reader *reader = csj_reader_create(gives_trees);
  REQUIRE(reader != nullptr);
  csj_reader_open(reader, bytes, count, limit);
  std::vector<line> lines;
  csj_record record;
  size_t end = 0;
  while (csj_reader_next(reader, &record)) {
    REQUIRE(record.status != CSJ_OUT_OF_MEMORY);
    REQUIRE(record.offset >= end && record.offset + record.count <= count);
    REQUIRE(record.line == 1 + feeds(bytes, record.offset));
    end = record.offset + record.count;
    REQUIRE(end == count || bytes[end] == '\n' || (bytes[end] == '\r' && end + 1 < count && bytes[end + 1] == '\n') || end + 1 == count);
    lines.push_back({record.status, record.line, record.offset, record.count});
    if (record.status != CSJ_OK) continue;
    REQUIRE(record.count <= limit);
    size_t sum = touch(record.conversation);
    if (record.kind == CSJ_TREE) sum += visit(record.tree, 1);
    if (record.kind == CSJ_TEXT) sum += touch(record.text);
    if (record.kind == CSJ_MESSAGES) {
      for (size_t turn = 0; turn < record.turn_count; turn++) {
        REQUIRE(record.turns[turn].role >= CSJ_SYSTEM && record.turns[turn].role <= CSJ_ASSISTANT);
        sum += touch(record.turns[turn].content);
      }
    }
    REQUIRE(!gives_trees || record.kind == CSJ_TREE);
    sink = sink + sum;
  }
  csj_reader_tree(reader, 0, count, &record);
  if (record.status == CSJ_OK) sink = sink + visit(record.tree, 1);
  csj_reader_value(reader, count / 2, count - count / 2, &record);
  csj_reader_destroy(reader);
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count) {
  // A copy of exactly this size, so that reading past its end is seen.
  std::vector<uint8_t> bytes(data, data + count);
  const size_t limit = count > 0 && data[0] == '#' ? 16 : static_cast<size_t>(1) << 24;
  const auto common = read(false, bytes.data(), count, limit);
  const auto trees = read(true, bytes.data(), count, limit);
  REQUIRE(common.size() == trees.size());
  for (size_t index = 0; index < common.size(); index++) {
    REQUIRE(common[index].status == trees[index].status && common[index].offset == trees[index].offset);
  }
  return 0;
}
