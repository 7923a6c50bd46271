// Single functions over the whole range of their arguments, told as one number each: too many results to print.
#include "oracle.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

// FNV-1a (IETF draft-eastlake-fnv) over 64-bit words instead of bytes.
typedef struct Sum {
  uint64_t value;
} Sum;

static const Sum empty = {0xCBF29CE484222325};

static void add_word(Sum *sum, uint64_t word) { sum->value = (sum->value ^ word) * 0x100000001B3; }

// The payload of a NaN is not in the contract: all count as one.
static void add32(Sum *sum, float x) {
  uint32_t word;
  memcpy(&word, &x, sizeof word);
  add_word(sum, isnan(x) ? 0x7FC00000 : word);
}

static void add64(Sum *sum, double x) {
  uint64_t word;
  memcpy(&word, &x, sizeof word);
  add_word(sum, isnan(x) ? 0x7FF8000000000000 : word);
}

static void print(const char *name, Sum sum) { printf("sweep %s %016" PRIx64 "\n", name, sum.value); }

static void sweep32(const char *name, float (*function)(float), uint32_t stride) {
  Sum sum = empty;
  for (uint64_t word = 0; word <= UINT32_MAX; word += stride) {
    const uint32_t pattern = (uint32_t)word;
    float x;
    memcpy(&x, &pattern, sizeof x);
    if (!isnan(x)) add32(&sum, function(x));
  }
  print(name, sum);
}

// Every (stride·2³² + 1)-th pattern of a binary64 from `least` to `most`.
static void sweep64(const char *name, double (*function)(double), uint32_t stride, double least, double most) {
  Sum sum = empty;
  const uint64_t step = ((uint64_t)stride << 32) + 1;
  for (uint64_t word = 0;; word += step) {
    double x;
    memcpy(&x, &word, sizeof x);
    if (x >= least && x <= most) add64(&sum, function(x));
    if (word > UINT64_MAX - step) break;
  }
  print(name, sum);
}

static float there_and_back(float x) { return isinf(x) ? x : widen_bfloat16(narrow_bfloat16(x)); }

static void sweep_float16(void) {
  Sum sum = empty;
  for (uint32_t word = 0; word <= UINT16_MAX; word++) add32(&sum, widen_float16((uint16_t)word));
  print("float16", sum);
}

static void sweep_preference(void) {
  Sum sum = empty;
  for (int i = -400; i <= 400; i++) {
    double loss;
    const double chosen = 40 + i * 0.37, rejected = 55.5 - i * 0.11;
    add32(&sum, preference_coefficient(chosen, rejected, 41.25, 54.75, 0.1 + i * i * 0.001, 3, &loss));
    add64(&sum, loss);
  }
  print("preference", sum);
}

static void sweep_dropout(void) {
  enum { WIDTH = 77 };
  Sum sum = empty;
  float x[WIDTH], y[WIDTH];
  for (int j = 0; j < WIDTH; j++) x[j] = (float)(j - 30) * 0.3f;
  for (uint32_t token = 0; token < 50; token++) {
    dropout(WIDTH, token / 7, token * 3, 0x123456789ABCDEF0, 5, 0.3, x, y);
    for (int j = 0; j < WIDTH; j++) add32(&sum, y[j]);
  }
  print("dropout", sum);
}

static void sweep_schedules(void) {
  Sum sum = empty;
  const Schedule schedules[] = {CONSTANT, LINEAR, COSINE};
  for (size_t schedule = 0; schedule < 3; schedule++)
    for (size_t steps = 1; steps < 60; steps += 7)
      for (size_t warmup = 0; warmup <= steps; warmup++)
        for (size_t step = 0; step < steps; step++) add64(&sum, rate_of(schedules[schedule], 3e-4, step, steps, warmup));
  print("schedules", sum);
}

void sweep(uint32_t stride) {
  sweep32("exp", exp32, stride);
  sweep32("log", log32, stride);
  sweep32("sigmoid", sigmoid32, stride);
  sweep32("tanh", tanh32, stride);
  sweep32("bfloat16", there_and_back, stride);
  const double infinity = (double)INFINITY;
  sweep64("exp64", exp64, stride, -infinity, infinity);
  sweep64("log64", log64, stride, 0, infinity);
  sweep64("sin64", sin64, stride, -0x1p+20, 0x1p+20);
  sweep64("cos64", cos64, stride, -0x1p+20, 0x1p+20);
  sweep_float16();
  sweep_preference();
  sweep_dropout();
  sweep_schedules();
}
