// What the known answers are made of: numbers drawn from a counter, and a digest of what an operator makes of them.
// Nothing here is rounded: nothing but the operator can differ, in whatever environment this runs. docs/numerics.md, section 15.
#ifndef ANSWER_INPUTS_H
#define ANSWER_INPUTS_H

#include "paths.h"

#include <stdlib.h>
#include <string.h>

// Which exponents are drawn.
typedef enum answer_kind {
  ORDINARY,  // 2⁻³ … 2
  AWKWARD,   // ordinary with zeros of both signs, denormals, the smallest normals and values up to 128 strewn in
  TINY,      // denormals and normals below 2⁻¹¹⁹: products and sums fall out of the normal range
  LARGE,     // 8 … 128
  ANY,       // every exponent, infinities too
} answer_kind;

typedef struct answer {
  ck_pool *pool;
  uint64_t state;   // of the draws
  uint64_t digest;  // of what was given to `take…`
  void *owned;      // the arrays drawn so far, each beginning with the address of the one before it
} answer;

// splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA '14).
static inline uint64_t next_word(answer *a) {
  uint64_t z = a->state += 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

static inline void *array(answer *a, ck_index count, size_t size) {
  char *memory = ck_allocate(64 + (size_t)count * size);
  memcpy(memory, &a->owned, sizeof a->owned);
  memset(memory + 64, 0, (size_t)count * size);
  a->owned = memory;
  return memory + 64;
}

static inline float *zeros(answer *a, ck_index count) { return array(a, count, sizeof(float)); }

static inline void free_arrays(answer *a) {
  while (a->owned) {
    void *before;
    memcpy(&before, a->owned, sizeof before);
    free(a->owned);
    a->owned = before;
  }
}

static inline float draw_one(answer *a, answer_kind kind) {
  const uint64_t w = next_word(a);
  const uint32_t low = w >> 32 & 3, sixteenth = w >> 40 & 15;
  uint32_t bits = (uint32_t)(w >> 63) << 31 | (w & 0x7FFFFF);
  uint32_t exponent = 124 + low;
  if (kind == TINY) exponent = w >> 32 & 7;
  if (kind == LARGE) exponent = 130 + low;
  if (kind == ANY) exponent = w >> 32 & 255;
  if (kind == AWKWARD && sixteenth < 2) bits = sixteenth << 31, exponent = 0;
  if (kind == AWKWARD && sixteenth == 2) exponent = 0;
  if (kind == AWKWARD && sixteenth == 3) exponent = 1 + low;
  if (kind == AWKWARD && sixteenth == 4) exponent = 130 + low;
  if (exponent == 255) bits &= 0x80000000;  // An infinity, never a NaN.
  bits |= exponent << 23;
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static inline float *draw(answer *a, ck_index count, answer_kind kind) {
  float *x = zeros(a, count);
  for (ck_index i = 0; i < count; i++) x[i] = draw_one(a, kind);
  return x;
}

// Exponents first … last − 1, from 0 to 2,047.
static inline double draw_double(answer *a, bool positive, unsigned first, unsigned last) {
  const uint64_t w = next_word(a), e = next_word(a);
  uint64_t exponent = first + e % (last - first);
  uint64_t bits = (w & 0xFFFFFFFFFFFFF) * (exponent < 2047) | exponent << 52 | (positive ? 0 : w >> 63 << 63);
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static inline int32_t draw_below(answer *a, int32_t bound) { return (int32_t)(next_word(a) % (uint64_t)bound); }

static inline void take_word(answer *a, uint32_t word) {
  a->digest = (a->digest ^ word) * 0x9E3779B97F4A7C15;
  a->digest ^= a->digest >> 32;
}

// The payload of a NaN is not in the contract: all count as one.
static inline void take(answer *a, ck_index count, const float *x) {
  for (ck_index i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, &x[i], sizeof bits);
    take_word(a, x[i] == x[i] ? bits : 0x7FC00000);
  }
}

static inline void take_integer(answer *a, uint64_t value) {
  take_word(a, (uint32_t)value);
  take_word(a, (uint32_t)(value >> 32));
}

static inline void take_double(answer *a, double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  take_integer(a, x == x ? bits : 0x7FF8000000000000);
}

#endif
