// Randomness: entry points, and the draws that need no floating point.
#include "random.h"

void ck_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
  philox_words words = philox((philox_words){{counter[0], counter[1], counter[2], counter[3]}}, key[0], key[1]);
  for (int l = 0; l < 4; l++) out[l] = words.word[l];
}

void ck_random_words(ck_random random, uint64_t first, ck_index count, uint32_t *out) {
  philox_words words = {{0}};
  for (ck_index i = 0; i < count; i++) {
    uint64_t index = first + (uint64_t)i;
    if (i == 0 || index % 4 == 0) words = random_block(random, index / 4);
    out[i] = words.word[index % 4];
  }
}

void ck_fill_uniform(ck_pool *pool, ck_index count, ck_random random, float bound, float *x) {
  fill_arguments s = {.count = count, .random = random, .bound = bound, .x = x};
  ck_spread(pool, ck_bodies_active()->fill_uniform, &s, ck_blocks(count, 4), 4096);
}

void ck_fill_normal(ck_pool *pool, ck_index count, ck_random random, double deviation, float *x) {
  fill_arguments s = {.count = count, .random = random, .deviation = deviation, .x = x};
  ck_spread(pool, ck_bodies_active()->fill_normal, &s, ck_blocks(count, 4), 1024);
}

float ck_kaiming_bound(ck_index fan_in) {
  float bound;
  kaiming_arguments s = {fan_in, &bound};
  ck_call(ck_bodies_active()->kaiming_bound, &s);
  return bound;
}

// ⌊word·bound / 2⁶⁴⌋ by a 128-bit product: off from uniform by less than bound·2⁻⁶⁴, and the same number of words for everybody.
static uint64_t below(uint64_t bound, uint64_t word) { return (uint64_t)(((unsigned __int128)word * bound) >> 64); }

void ck_permutation(ck_random random, ck_index count, ck_index *order) {
  for (ck_index i = 0; i < count; i++) order[i] = i;
  for (ck_index i = count - 1; i > 0; i--) {
    philox_words words = random_block(random, (uint64_t)i);
    ck_index j = (ck_index)below((uint64_t)i + 1, (uint64_t)words.word[1] << 32 | words.word[0]);
    ck_index other = order[j];
    order[j] = order[i];
    order[i] = other;
  }
}

void ck_dropout(
  ck_pool *pool, ck_index tokens, ck_index width, const uint32_t *example_ordinals, const uint32_t *token_indices, uint64_t seed,
  uint32_t module, double probability, const float *x, float *y) {
  dropout_arguments s = {width, example_ordinals, token_indices, seed, module, probability, x, y};
  ck_spread(pool, ck_bodies_active()->dropout, &s, tokens, ck_most(1, 8192 / ck_most(1, width)));
}
