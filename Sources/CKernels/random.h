// Counter-based randomness and what is drawn from it: Philox, arguments and bodies.
#ifndef CK_RANDOM_H
#define CK_RANDOM_H

#include "paths.h"

typedef struct fill_arguments {
  ck_index count;
  ck_random random;
  float bound;
  double deviation;
  float *x;
} fill_arguments;

typedef struct kaiming_arguments {
  ck_index count;
  float *value;
} kaiming_arguments;

typedef struct dropout_arguments {
  ck_index width;
  const uint32_t *example_ordinals, *token_indices;
  uint64_t seed;
  uint32_t module;
  double probability;
  const float *x;
  float *y;
} dropout_arguments;

typedef struct philox_words {
  uint32_t word[4];
} philox_words;

// Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11.
static inline philox_words philox(philox_words x, uint32_t key0, uint32_t key1) {
  for (int round = 0; round < 10; round++) {
    uint64_t a = (uint64_t)0xD2511F53 * x.word[0], b = (uint64_t)0xCD9E8D57 * x.word[2];
    x = (philox_words){{(uint32_t)(b >> 32) ^ x.word[1] ^ key0, (uint32_t)b, (uint32_t)(a >> 32) ^ x.word[3] ^ key1, (uint32_t)a}};
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return x;
}

static inline philox_words random_block(ck_random random, uint64_t block) {
  philox_words counter = {{(uint32_t)block, (uint32_t)(block >> 32), random.step, random.stream}};
  return philox(counter, (uint32_t)random.seed, (uint32_t)(random.seed >> 32));
}

#endif

#if defined(CK_LANES)

// Ranges count blocks of four values.
static void fill_uniform_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker;
  const fill_arguments *s = arguments;
  for (ck_index block = first; block < last; block++) {
    philox_words words = random_block(s->random, (uint64_t)block);
    for (ck_index l = 0; l < 4 && 4 * block + l < s->count; l++) {
      int32_t centred = 2 * (int32_t)(words.word[l] >> 8) - (1 << 24);
      s->x[4 * block + l] = ((float)centred * 0x1p-24f) * s->bound;
    }
  }
}

// Box & Muller, 1958: two uniform values in (0, 1] and [0, 1) give two normal ones.
static void fill_normal_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker;
  const fill_arguments *s = arguments;
  for (ck_index block = first; block < last; block++) {
    philox_words words = random_block(s->random, (uint64_t)block);
    for (ck_index pair = 0; pair < 2; pair++) {
      double radius = __builtin_elementwise_sqrt(-2.0 * log_d(((double)words.word[2 * pair] + 1.0) * 0x1p-32));
      double angle = 0x1.921fb54442d18p+2 * ((double)words.word[2 * pair + 1] * 0x1p-32);
      ck_index i = 4 * block + 2 * pair;
      if (i < s->count) s->x[i] = (float)(s->deviation * (radius * cos_d(angle)));
      if (i + 1 < s->count) s->x[i + 1] = (float)(s->deviation * (radius * sin_d(angle)));
    }
  }
}

static void kaiming_bound_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker, (void)first, (void)last;
  const kaiming_arguments *s = arguments;
  *s->value = (float)(1.0 / __builtin_elementwise_sqrt((double)s->count));
}

static void dropout_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker;
  const dropout_arguments *s = arguments;
  uint32_t threshold = (uint32_t)(s->probability * 0x1p+32);
  float factor = (float)(1.0 / (1.0 - s->probability));
  for (ck_index t = first; t < last; t++)
    for (ck_index j = 0; j < s->width; j += 4) {
      philox_words counter = {{(uint32_t)(j / 4), s->token_indices[t], s->example_ordinals[t], s->module}};
      philox_words words = philox(counter, (uint32_t)s->seed, (uint32_t)(s->seed >> 32));
      for (ck_index l = 0; l < 4 && j + l < s->width; l++) {
        ck_index i = t * s->width + j + l;
        s->y[i] = words.word[l] >= threshold ? s->x[i] * factor : 0.0f;
      }
    }
}

#endif
