// The known answers of section 15: one number for each operator over fixed inputs. The cases and their order are what the page's numbers were
// made with; nothing is shared with the engine, which has the same cases for its own operators.
#include "oracle.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// MARK: Draws

// Which exponents are drawn: section 15.
typedef enum Kind { ORDINARY, AWKWARD, TINY, LARGE, ANY } Kind;

typedef struct Answer {
  uint64_t state, digest;
} Answer;

static uint64_t next(Answer *a) {
  a->state += 0x9E3779B97F4A7C15;
  uint64_t z = a->state;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
  z = (z ^ z >> 27) * 0x94D049BB133111EB;
  return z ^ z >> 31;
}

static float assembled(uint32_t sign, uint32_t exponent, uint32_t fraction) {
  const uint32_t word = sign << 31 | exponent << 23 | (exponent == 255 ? 0 : fraction);
  float x;
  memcpy(&x, &word, sizeof x);
  return x;
}

static float draw_one(Answer *a, Kind kind) {
  const uint64_t w = next(a);
  const uint32_t sign = w >> 63, fraction = w & 0x7FFFFF, e = w >> 32 & 255;
  if (kind == ANY) return assembled(sign, e, fraction);
  if (kind == TINY) return assembled(sign, e % 8, fraction);
  if (kind == LARGE) return assembled(sign, 130 + e % 4, fraction);
  if (kind == AWKWARD) switch (w >> 40 & 15) {
      case 0: return assembled(0, 0, 0);
      case 1: return assembled(1, 0, 0);
      case 2: return assembled(sign, 0, fraction);
      case 3: return assembled(sign, 1 + e % 4, fraction);
      case 4: return assembled(sign, 130 + e % 4, fraction);
    }
  return assembled(sign, 124 + e % 4, fraction);
}

static float *draw(Answer *a, size_t count, Kind kind) {
  float *x = floats(count);
  for (size_t i = 0; i < count; i++) x[i] = draw_one(a, kind);
  return x;
}

static double draw_double(Answer *a, bool positive, unsigned first, unsigned last) {
  const uint64_t w = next(a), e = next(a);
  const uint64_t sign = positive ? 0 : w >> 63, exponent = first + e % (last - first);
  const uint64_t word = sign << 63 | exponent << 52 | (exponent == 2047 ? 0 : w & 0xFFFFFFFFFFFFF);
  double x;
  memcpy(&x, &word, sizeof x);
  return x;
}

static size_t draw_below(Answer *a, size_t bound) { return (size_t)(next(a) % bound); }

// A matrix as it lies in a file of float32, bfloat16 or float16, and the float32 it is.
typedef enum Element { FLOAT32, BFLOAT16, FLOAT16 } Element;

static float *draw_stored(Answer *a, size_t count, Element element) {
  float *x = floats(count);
  for (size_t i = 0; i < count; i++) {
    x[i] = draw_one(a, AWKWARD);
    uint32_t word;
    memcpy(&word, &x[i], sizeof word);
    if (element == BFLOAT16) x[i] = widen_bfloat16((uint16_t)(word >> 16));
    if (element == FLOAT16) x[i] = widen_float16((uint16_t)((word >> 31) << 15 | next(a) % 31 << 10 | (word & 1023)));
  }
  return x;
}

// MARK: Digest

static void take_word(Answer *a, uint32_t word) {
  a->digest = (a->digest ^ word) * 0x9E3779B97F4A7C15;
  a->digest = a->digest ^ a->digest >> 32;
}

static void take_integer(Answer *a, uint64_t value) {
  take_word(a, (uint32_t)(value & 0xFFFFFFFF));
  take_word(a, (uint32_t)(value >> 32));
}

static void take_one(Answer *a, float x) {
  uint32_t word;
  memcpy(&word, &x, sizeof word);
  take_word(a, isnan(x) ? 0x7FC00000 : word);
}

static void take(Answer *a, size_t count, const float *x) {
  for (size_t i = 0; i < count; i++) take_one(a, x[i]);
}

static void take_double(Answer *a, double x) {
  uint64_t word;
  memcpy(&word, &x, sizeof word);
  take_integer(a, isnan(x) ? 0x7FF8000000000000 : word);
}

static const size_t lengths[] = {1, 3, 7, 16, 17, 63, 64, 65, 200};
enum { LENGTHS = 9 };

// tokens, outputs, inputs
static const size_t shapes[][3] = {{1, 1, 1}, {1, 17, 5}, {3, 1, 64}, {5, 50, 67}, {9, 33, 130}, {2, 3, 0}, {70, 52, 9}, {19, 7, 31}};
enum { SHAPES = 8 };

// MARK: Sections 4 and 5

static void gemm(Answer *a) {
  const Kind kinds[] = {ORDINARY, AWKWARD, TINY};
  for (size_t shape = 0; shape < SHAPES; shape++)
    for (size_t k = 0; k < 3; k++) {
      const size_t tokens = shapes[shape][0], outputs = shapes[shape][1], inputs = shapes[shape][2];
      float *x = draw(a, tokens * inputs, kinds[k]);
      float *w = draw(a, outputs * inputs, AWKWARD);
      float *dy = draw(a, tokens * outputs, kinds[k]);
      float *fresh = floats(tokens * outputs);
      float *y = draw(a, tokens * outputs, kinds[k]);
      float *dx = draw(a, tokens * inputs, AWKWARD);
      float *dw = draw(a, outputs * inputs, kinds[k]);
      product_forward(tokens, outputs, inputs, x, w, fresh);
      product_forward(tokens, outputs, inputs, x, w, y);
      product_input(tokens, outputs, inputs, dy, w, dx);
      product_weight(tokens, outputs, inputs, dy, x, dw);
      take(a, tokens * outputs, fresh);
      take(a, tokens * outputs, y);
      take(a, tokens * inputs, dx);
      take(a, outputs * inputs, dw);
      free(x), free(w), free(dy), free(fresh), free(y), free(dx), free(dw);
    }
}

static void gemm_packed(Answer *a) {
  for (size_t shape = 0; shape < SHAPES; shape++)
    for (size_t element = 0; element < 3; element++) {
      const size_t tokens = shapes[shape][0], outputs = shapes[shape][1], inputs = shapes[shape][2];
      float *w = draw_stored(a, outputs * inputs, (Element)element);
      float *x = draw(a, tokens * inputs, AWKWARD);
      float *dy = draw(a, tokens * outputs, ORDINARY);
      float *y = floats(tokens * outputs);
      float *dx = draw(a, tokens * inputs, AWKWARD);
      product_forward(tokens, outputs, inputs, x, w, y);
      product_input(tokens, outputs, inputs, dy, w, dx);
      take(a, tokens * outputs, y);
      take(a, tokens * inputs, dx);
      free(w), free(x), free(dy), free(y), free(dx);
    }
}

static void gemm_tail(Answer *a) {
  const size_t ranks[] = {1, 8, 13};
  for (size_t shape = 0; shape < SHAPES; shape++)
    for (size_t k = 0; k < 3; k++) {
      const size_t tokens = shapes[shape][0], outputs = shapes[shape][1], inputs = shapes[shape][2], rank = ranks[k];
      float *x = draw(a, tokens * inputs, ORDINARY);
      float *w = draw(a, outputs * inputs, AWKWARD);
      float *h = draw(a, tokens * rank, AWKWARD);
      float *b = draw(a, outputs * rank, ORDINARY);
      float *y = draw(a, tokens * outputs, AWKWARD);
      float *fresh = floats(tokens * outputs);
      product_forward(tokens, outputs, inputs, x, w, y);
      product_forward(tokens, outputs, rank, h, b, y);
      product_forward(tokens, outputs, inputs, x, w, fresh);
      product_forward(tokens, outputs, rank, h, b, fresh);
      take(a, tokens * outputs, y);
      take(a, tokens * outputs, fresh);
      free(x), free(w), free(h), free(b), free(y), free(fresh);
    }
}

static void rows_add(Answer *a) {
  for (size_t i = 0; i < SHAPES; i++) {
    const size_t rows = shapes[i][0], columns = shapes[i][1];
    float *bias = draw(a, columns, AWKWARD);
    float *y = draw(a, rows * columns, AWKWARD);
    bias_forward(rows, columns, bias, y);
    take(a, rows * columns, y);
    free(bias), free(y);
  }
}

static void column_sums(Answer *a) {
  for (size_t i = 0; i < SHAPES; i++) {
    const size_t rows = shapes[i][0], columns = shapes[i][1];
    float *dy = draw(a, rows * columns, AWKWARD);
    float *sums = draw(a, columns, TINY);
    bias_gradient(rows, columns, dy, sums);
    take(a, columns, sums);
    free(dy), free(sums);
  }
}

static void scale(Answer *a) {
  for (size_t i = 0; i < LENGTHS; i++) {
    float *x = draw(a, lengths[i], ANY);
    const float s = draw_one(a, ORDINARY);
    for (size_t j = 0; j < lengths[i]; j++) take_one(a, x[j] * s);
    free(x);
  }
}

static void add(Answer *a) {
  for (size_t i = 0; i < LENGTHS; i++) {
    float *x = draw(a, lengths[i], i % 2 == 1 ? AWKWARD : TINY);
    float *y = draw(a, lengths[i], i % 2 == 1 ? ANY : TINY);
    for (size_t j = 0; j < lengths[i]; j++) take_one(a, x[j] + y[j]);
    free(x), free(y);
  }
}

static void widen(Answer *a) {
  for (uint32_t word = 0; word <= UINT16_MAX; word++) take_one(a, widen_bfloat16((uint16_t)word));
  for (uint32_t word = 0; word <= UINT16_MAX; word++) take_one(a, widen_float16((uint16_t)word));
}

static void narrow(Answer *a) {
  for (size_t i = 0; i < LENGTHS; i++)
    for (size_t j = 0; j < lengths[i]; j++) take_word(a, narrow_bfloat16(draw_one(a, AWKWARD)));
}

static void first_nonfinite(Answer *a) {
  for (size_t i = 0; i < LENGTHS; i++) {
    for (size_t j = 0; j < lengths[i]; j++) (void)draw_one(a, AWKWARD);
    take_integer(a, UINT64_MAX);  // None: −1.
    take_integer(a, draw_below(a, lengths[i]));
  }
}

// MARK: Section 3

static void over(Answer *a, float (*function)(float)) {
  const Kind kinds[] = {ANY, AWKWARD, LARGE};
  for (size_t i = 0; i < LENGTHS; i++)
    for (size_t k = 0; k < 3; k++)
      for (size_t j = 0; j < (i == 0 && k == 1 ? 500003 : 10 * lengths[i] + lengths[i] % 3); j++) take_one(a, function(draw_one(a, kinds[k])));
}

static void exponential(Answer *a) { over(a, exp32); }
static void logarithm(Answer *a) { over(a, log32); }
static void hyperbolic(Answer *a) { over(a, tanh32); }
static void sigmoid(Answer *a) { over(a, sigmoid32); }

static void over64(Answer *a, double (*function)(double), bool positive, unsigned first, unsigned last) {
  take_double(a, function(0));
  for (int i = 0; i < 2000; i++) take_double(a, function(draw_double(a, positive, first, last)));
}

static void exponential64(Answer *a) {
  over64(a, exp64, false, 960, 1040);
  over64(a, exp64, false, 0, 2048);
}

static void logarithm64(Answer *a) {
  over64(a, log64, true, 1000, 1046);
  over64(a, log64, true, 0, 2048);
}

static void sine64(Answer *a) { over64(a, sin64, false, 980, 1043); }
static void cosine64(Answer *a) { over64(a, cos64, false, 980, 1043); }

// MARK: Section 6

static void rmsnorm(Answer *a) {
  const Kind kinds[] = {ORDINARY, AWKWARD, TINY};
  for (size_t i = 0; i < 3 * LENGTHS; i++) {
    const size_t rows = 1 + i % 4, width = lengths[i / 3];
    float *x = draw(a, rows * width, kinds[i % 3]);
    float *w = draw(a, width, AWKWARD);
    float *dy = draw(a, rows * width, kinds[i % 3]);
    float *residual = draw(a, rows * width, kinds[i % 3]);
    float *dw = draw(a, width, kinds[i % 3]);
    float *y = floats(rows * width), *dx = floats(rows * width), *r = floats(rows);
    norm_forward(rows, width, i % 2 == 1 ? 0x1.5p-17f : 0, x, w, r, y);
    take(a, rows * width, y);
    take(a, rows, r);
    norm_backward(rows, width, dy, x, w, r, NULL, dx, dw);
    take(a, width, dw);
    take(a, rows * width, dx);
    norm_backward(rows, width, dy, x, w, r, residual, dx, NULL);
    take(a, rows * width, dx);
    free(x), free(w), free(dy), free(residual), free(dw), free(y), free(dx), free(r);
  }
}

// Rows of which the last three elements are nobody's.
static float *draw_rows(Answer *a, size_t rows, size_t width) {
  float *x = floats(rows * width);
  for (size_t i = 0; i < rows * (width + 3); i++) {
    const float drawn = draw_one(a, AWKWARD);
    if (i % (width + 3) < width) x[i / (width + 3) * width + i % (width + 3)] = drawn;
  }
  return x;
}

static void head_norm(Answer *a) {
  const size_t sizes[][3] = {{1, 1, 2}, {5, 2, 10}, {3, 4, 66}, {7, 3, 16}};
  for (size_t i = 0; i < 4; i++) {
    const size_t tokens = sizes[i][0], heads = sizes[i][1], width = sizes[i][2], rows = tokens * heads;
    float *x = draw_rows(a, tokens, heads * width);
    float *dy = draw_rows(a, tokens, heads * width);
    float *w = draw(a, width, AWKWARD);
    float *dw = draw(a, width, AWKWARD);
    float *y = floats(rows * width), *r = floats(rows);
    norm_forward(rows, width, 0x1.5p-17f, x, w, r, y);
    take(a, rows * width, y);
    take(a, rows, r);
    norm_backward(rows, width, dy, x, w, r, NULL, y, dw);
    take(a, width, dw);
    take(a, rows * width, y);
    free(x), free(dy), free(w), free(dw), free(y), free(r);
  }
}

// MARK: Section 7

static const struct {
  size_t head_dimension;
  double theta;
  Stretch stretch;
} rotaries[] = {
  {2, 10000, {8, 1, 4, 8192}},
  {10, 10000, {8, 1, 16, 256}},
  {64, 500000, {32, 1, 4, 8192}},
  {128, 1000000, {8, 1, 4, 8192}},
};

static void rotary_frequencies(Answer *a) {
  for (size_t i = 0; i < 4; i++) {
    Rotary rotary;
    rotary_make(rotaries[i].head_dimension, rotaries[i].theta, (Stretch){0}, &rotary);
    take(a, rotary.half, rotary.frequencies);
    free(rotary.frequencies);
    rotary_make(rotaries[i].head_dimension, rotaries[i].theta, rotaries[i].stretch, &rotary);
    take(a, rotary.half, rotary.frequencies);
    free(rotary.frequencies);
  }
}

static void rotary(Answer *a) {
  enum { POSITIONS = 300, TOKENS = 9 };
  for (size_t i = 0; i < 4; i++) {
    Rotary rotary;
    rotary_make(rotaries[i].head_dimension, rotaries[i].theta, (Stretch){0}, &rotary);
    const size_t heads = 1 + i, count = TOKENS * heads * 2 * rotary.half;
    float *x = draw(a, count, AWKWARD);
    float *dx = draw(a, count, TINY);
    size_t positions[TOKENS];
    for (size_t t = 0; t < TOKENS; t++) positions[t] = draw_below(a, POSITIONS);
    for (int sine = 0; sine < 2; sine++)
      for (size_t position = 0; position < POSITIONS; position++)
        for (size_t f = 0; f < rotary.half; f++) {
          const float angle = (float)position * rotary.frequencies[f];
          take_one(a, (float)(sine ? sin64(angle) : cos64(angle)));
        }
    rotary_forward(&rotary, TOKENS, heads, positions, x);
    rotary_backward(&rotary, TOKENS, heads, positions, dx);
    take(a, count, x);
    take(a, count, dx);
    free(x), free(dx), free(rotary.frequencies);
  }
}

// MARK: Section 8

static void attention(Answer *a) {
  enum { TOKENS = 172, SEGMENTS = 5 };
  const size_t starts[] = {0, 1, 6, 6, 39, TOKENS};
  const Attention heads[] = {{1, 1, 2}, {6, 2, 10}, {4, 4, 16}, {2, 1, 66}};
  const Kind kinds[] = {ORDINARY, LARGE, AWKWARD};
  for (size_t i = 0; i < 12; i++) {
    const Attention shape = heads[i / 3];
    const size_t query = shape.query_heads * shape.head_dimension, key = shape.key_heads * shape.head_dimension;
    float *q = draw(a, TOKENS * query, kinds[i % 3]);
    float *k = draw(a, TOKENS * key, AWKWARD);
    float *v = draw(a, TOKENS * key, AWKWARD);
    float *d_o = draw(a, TOKENS * query, i % 2 == 1 ? TINY : ORDINARY);
    float *o = floats(TOKENS * query), *dq = floats(TOKENS * query), *dk = floats(TOKENS * key), *dv = floats(TOKENS * key);
    for (size_t s = 0; s < SEGMENTS; s++) {
      const size_t tokens = starts[s + 1] - starts[s], at = starts[s] * query, key_at = starts[s] * key;
      attention_forward(shape, tokens, q + at, k + key_at, v + key_at, o + at);
      attention_backward(shape, tokens, q + at, k + key_at, v + key_at, o + at, d_o + at, dq + at, dk + key_at, dv + key_at);
    }
    take_one(a, (float)(1 / sqrt((double)shape.head_dimension)));
    take(a, TOKENS * query, o);
    take(a, TOKENS * query, dq);
    take(a, TOKENS * key, dk);
    take(a, TOKENS * key, dv);
    free(q), free(k), free(v), free(d_o), free(o), free(dq), free(dk), free(dv);
  }
}

// The step is the last query of a forward pass; the others' queries are of no matter.
static void attention_step(Answer *a) {
  const Attention shape = {6, 2, 10};
  for (size_t i = 0; i < LENGTHS; i++) {
    const size_t keys = lengths[i];
    float *q = draw(a, 60, i % 2 == 1 ? LARGE : ORDINARY);
    float *k = draw(a, keys * 20, AWKWARD);
    float *v = draw(a, keys * 20, AWKWARD);
    float *queries = floats(keys * 60), *o = floats(keys * 60);
    memcpy(queries + (keys - 1) * 60, q, 60 * sizeof *q);
    attention_forward(shape, keys, queries, k, v, o);
    take(a, 60, o + (keys - 1) * 60);
    free(q), free(k), free(v), free(queries), free(o);
  }
}

// MARK: Sections 9 to 11

static void silu(Answer *a) {
  const Kind kinds[] = {AWKWARD, TINY, LARGE};
  for (size_t i = 0; i < 3 * LENGTHS; i++) {
    const size_t count = lengths[i / 3];
    float *gate = draw(a, count, kinds[i % 3]);
    float *up = draw(a, count, AWKWARD);
    float *dy = draw(a, count, kinds[i % 3]);
    float *y = floats(count), *dgate = floats(count), *dup = floats(count);
    silu_forward(count, gate, up, y);
    silu_backward(count, gate, up, dy, dgate, dup);
    take(a, count, y);
    take(a, count, dgate);
    take(a, count, dup);
    free(gate), free(up), free(dy), free(y), free(dgate), free(dup);
  }
}

static void embedding(Answer *a) {
  enum { TOKENS = 12, ROWS = 5 };
  for (size_t i = 0; i < LENGTHS; i++) {
    const size_t width = lengths[i];
    size_t ids[TOKENS];
    for (size_t t = 0; t < TOKENS; t++) ids[t] = draw_below(a, ROWS);
    float *tables[3];
    for (size_t element = 0; element < 3; element++) tables[element] = draw_stored(a, ROWS * width, (Element)element);
    float *dy = draw(a, TOKENS * width, AWKWARD);
    float *gradient = draw(a, ROWS * width, TINY);
    for (size_t element = 0; element < 3; element++)
      for (size_t t = 0; t < TOKENS; t++) take(a, width, tables[element] + ids[t] * width);
    for (size_t t = 0; t < TOKENS; t++)
      for (size_t j = 0; j < width; j++) gradient[ids[t] * width + j] = gradient[ids[t] * width + j] + dy[t * width + j];
    take(a, ROWS * width, gradient);
    free(tables[0]), free(tables[1]), free(tables[2]), free(dy), free(gradient);
  }
}

static void cross_entropies(Answer *a) {
  enum { TOKENS = 6 };
  const Kind kinds[] = {ORDINARY, LARGE, AWKWARD};
  for (size_t i = 0; i < 3 * LENGTHS; i++) {
    const size_t vocabulary = 5 * lengths[i / 3] + lengths[i / 3] % 2;
    float *logits = draw(a, TOKENS * vocabulary, kinds[i % 3]);
    size_t targets[TOKENS] = {0};
    for (size_t t = 0; t < TOKENS; t++)
      if (t % 3 != 1) targets[t] = draw_below(a, vocabulary);
    float nll[TOKENS] = {0}, coefficients[TOKENS] = {0};
    for (size_t t = 0; t < TOKENS; t++) {
      float *row = logits + t * vocabulary;
      if (t % 3 == 1) memset(row, 0, vocabulary * sizeof *row);
      else coefficients[t] = 1 / (float)(4 + i), nll[t] = cross_entropy(vocabulary, row, targets[t], &coefficients[t]);
    }
    take(a, TOKENS, nll);  // Without gradients, and with them.
    take(a, TOKENS, coefficients);
    take(a, TOKENS, nll);
    take(a, TOKENS * vocabulary, logits);
    free(logits);
  }
}

static void loss_sums(Answer *a) {
  double sum = 0;
  int64_t score = 0;
  for (size_t i = 0; i < LENGTHS; i++) {
    float *nll = draw(a, lengths[i], AWKWARD);
    for (size_t t = 0; t < lengths[i]; t++) {
      const bool supervised = draw_below(a, 4) > 0;
      if (t % 2 == 1) nll[t] = ldexpf((float)draw_below(a, 1 << 22), -21);
      if (supervised) sum = sum + nll[t], score = score + score_of(nll[t]);
    }
    take_double(a, sum);
    take_double(a, sum / (double)(3 * lengths[i]));
    take_integer(a, 1);
    take_integer(a, (uint64_t)score);
    free(nll);
  }
}

static void argmax(Answer *a) {
  const float few[] = {-1, -0.0f, 0};
  for (size_t i = 0; i < 2 * LENGTHS; i++) {
    const size_t count = lengths[i / 2];
    float *x = draw(a, count, AWKWARD);
    for (size_t j = 0; j < count && i % 2 == 1; j++) x[j] = few[draw_below(a, 3)];
    const float most = max64(count, x);
    size_t index = 0;
    while (x[index] != most) index++;
    take_integer(a, index);
    free(x);
  }
}

static void preference(Answer *a) {
  for (size_t i = 0; i < 200; i++) {
    double sums[4], loss;
    for (size_t j = 0; j < 4; j++) sums[j] = draw_double(a, true, 1018, 1032);
    const double beta = draw_double(a, true, 1018, 1022);
    const float chosen = preference_coefficient(sums[0], sums[1], sums[2], sums[3], beta, 1 + i % 7, &loss);
    take_double(a, loss);
    take_one(a, chosen);
    take_one(a, -chosen);
  }
}

// MARK: Section 12

static void gradient_norm(Answer *a) {
  const size_t counts[] = {1, 4095, 4096, 4097, 9000};
  const double limits[] = {1, 0, 1000, 0.25, 1e-6};
  float *gradients[5];
  for (size_t i = 0; i < 5; i++) {
    gradients[i] = draw(a, counts[i], i % 2 == 1 ? AWKWARD : TINY);
    for (size_t first = 0; first < counts[i]; first += 4096) {
      const size_t count = counts[i] - first < 4096 ? counts[i] - first : 4096;
      take_one(a, dot64(count, gradients[i] + first, gradients[i] + first));
    }
    const double norm = norm_of_squares(i + 1, counts, gradients);
    take_double(a, norm);
    take_one(a, clip_factor(norm, limits[i]));
  }
  for (size_t i = 0; i < 5; i++) free(gradients[i]);
}

static void adamw(Answer *a) {
  const Kind kinds[] = {ORDINARY, AWKWARD, TINY, LARGE};
  for (size_t i = 0; i < 2 * LENGTHS; i++) {
    const size_t count = lengths[i / 2];
    float *parameter = draw(a, count, AWKWARD), *m = floats(count), *v = floats(count);
    Adam adam = {.beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.01, .power1 = 1, .power2 = 1};
    for (size_t step = 0; step < 4; step++) {
      float *gradient = draw(a, count, kinds[(i + step) % 4]);
      adam_begin(&adam, 0x1p-9 * (double)(1 + step));
      adam_update(&adam, count, i % 2 == 1, step % 2 == 1 ? 0x1.9p-2f : 1, gradient, parameter, m, v);
      take_one(a, adam.eta);
      take_one(a, adam.rho);
      free(gradient);
    }
    take(a, count, parameter);
    take(a, count, m);
    take(a, count, v);
    free(parameter), free(m), free(v);
  }
}

static void learning_rate(Answer *a) {
  const Schedule schedules[] = {CONSTANT, LINEAR, COSINE};
  for (size_t i = 0; i < 3; i++)
    for (size_t steps = 1; steps < 60; steps += 7)
      for (size_t warmup = 0; warmup <= steps; warmup += 3)
        for (size_t step = 0; step < steps; step++) take_double(a, rate_of(schedules[i], 3e-4, step, steps, warmup));
}

// MARK: Section 13

static Stream draw_stream(Answer *a) {
  Stream stream;
  stream.seed = next(a);
  stream.stream = (uint32_t)(next(a) & 0xFFFFFFFF);
  stream.step = (uint32_t)(next(a) & 0xFFFFFFFF);
  return stream;
}

static void random_words(Answer *a) {
  for (size_t i = 0; i < LENGTHS; i++) {
    const Stream stream = draw_stream(a);
    const uint64_t first = next(a);
    for (uint64_t j = 0; j < lengths[i]; j++) {
      const uint64_t block = (first + j) / 4;
      const uint32_t counter[] = {(uint32_t)(block & 0xFFFFFFFF), (uint32_t)(block >> 32), stream.step, stream.stream};
      const uint32_t key[] = {(uint32_t)(stream.seed & 0xFFFFFFFF), (uint32_t)(stream.seed >> 32)};
      uint32_t words[4];
      philox(counter, key, words);
      take_word(a, words[(first + j) % 4]);
    }
  }
}

static void fills(Answer *a) {
  for (size_t i = 0; i < LENGTHS; i++) {
    const Stream stream = draw_stream(a);
    const size_t count = 11 * lengths[i];
    float *x = floats(count);
    fill_uniform(stream, count, lengths[i], x);
    take(a, count, x);
    fill_normal(stream, count, 0x1p-6 * (double)(1 + i), x);
    take(a, count, x);
    free(x);
  }
}

static void permutations(Answer *a) {
  for (size_t i = 0; i < LENGTHS; i++) {
    size_t order[200];
    permutation(draw_stream(a), lengths[i], order);
    for (size_t j = 0; j < lengths[i]; j++) take_word(a, (uint32_t)order[j]);
  }
}

static void dropouts(Answer *a) {
  enum { TOKENS = 5 };
  const double probabilities[] = {0.05, 0.5, 0.9};
  for (size_t i = 0; i < LENGTHS; i++) {
    const uint64_t seed = next(a);
    uint32_t examples[TOKENS], tokens[TOKENS];
    for (size_t t = 0; t < TOKENS; t++) {
      examples[t] = (uint32_t)(next(a) & 0xFFFFFFFF);
      tokens[t] = (uint32_t)(next(a) & 0xFFFFFFFF);
    }
    float *x = draw(a, TOKENS * lengths[i], AWKWARD), *y = floats(TOKENS * lengths[i]);
    for (size_t t = 0; t < TOKENS; t++)
      dropout(lengths[i], examples[t], tokens[t], seed, (uint32_t)(0x80000000 + i), probabilities[i % 3], x + t * lengths[i], y + t * lengths[i]);
    take(a, TOKENS * lengths[i], y);
    free(x), free(y);
  }
}

// MARK: Choices of the engine

static void choices(Answer *a) {
  for (size_t rank = 1; rank < 20; rank++) {
    take_one(a, (float)(16 / (double)rank));
    take_one(a, (float)(16 / sqrt((double)rank)));
    const double fraction = 0x1.3p-5 * (double)rank;
    take_integer(a, (uint64_t)floor(fraction * (double)(100 * rank)));
  }
}

// The token drawn: engine_choices.h, in the words of its comment.
static size_t sample(size_t count, const float *logits, double temperature, double top_p, uint64_t upper_bits) {
  double *p = zeros(count, sizeof *p), whole = 0, kept_sum = 0;
  size_t *order = zeros(count, sizeof *order), kept = 0;
  const double most = max64(count, logits);
  for (size_t j = 0; j < count; j++) {
    const double distance = logits[j] - most;
    p[j] = exp64(distance / temperature);
    whole = whole + p[j];
    size_t place = j;
    for (; place > 0 && p[order[place - 1]] < p[j]; place--) order[place] = order[place - 1];
    order[place] = j;
  }
  const double wanted = top_p * whole;
  while (kept < count && (kept == 0 || kept_sum < wanted)) kept_sum = kept_sum + p[order[kept++]];
  const double u = (double)upper_bits * 0x1p-53;
  const double threshold = u * kept_sum;
  double sum = 0;
  size_t drawn = order[kept - 1];
  for (size_t i = kept; i-- > 0;) {
    // From the end, so that the first whose running sum exceeds the threshold is what is left.
    sum = 0;
    for (size_t j = 0; j <= i; j++) sum = sum + p[order[j]];
    if (sum > threshold) drawn = order[i];
  }
  free(p), free(order);
  return drawn;
}

static void sampling(Answer *a) {
  const double shares[] = {0.5, 0.9, 1};
  for (size_t i = 0; i < 2 * LENGTHS; i++) {
    float *logits = draw(a, lengths[i / 2], i % 2 == 1 ? LARGE : AWKWARD);
    const uint64_t word = next(a);
    const uint64_t upper = ((word & 0xFFFFFFFF) << 32 | word >> 32) >> 11;
    take_integer(a, sample(lengths[i / 2], logits, i % 2 == 1 ? 20 : 0.7, shares[i % 3], upper));
    free(logits);
  }
}

// MARK: The table

static const struct {
  const char *name;
  void (*run)(Answer *);
} table[] = {
  {"gemm", gemm},
  {"gemm-packed", gemm_packed},
  {"gemm-tail", gemm_tail},
  {"rows-add", rows_add},
  {"column-sums", column_sums},
  {"scale", scale},
  {"add", add},
  {"widen", widen},
  {"narrow-bfloat16", narrow},
  {"first-nonfinite", first_nonfinite},
  {"exp", exponential},
  {"log", logarithm},
  {"tanh", hyperbolic},
  {"sigmoid", sigmoid},
  {"exp64", exponential64},
  {"log64", logarithm64},
  {"sin64", sine64},
  {"cos64", cosine64},
  {"rmsnorm", rmsnorm},
  {"head-norm", head_norm},
  {"rotary-frequencies", rotary_frequencies},
  {"rotary", rotary},
  {"attention", attention},
  {"attention-step", attention_step},
  {"silu", silu},
  {"embedding", embedding},
  {"cross-entropy", cross_entropies},
  {"loss-sums", loss_sums},
  {"argmax", argmax},
  {"preference", preference},
  {"gradient-norm", gradient_norm},
  {"adamw", adamw},
  {"learning-rate", learning_rate},
  {"random-words", random_words},
  {"fills", fills},
  {"permutation", permutations},
  {"dropout", dropouts},
  {"choices", choices},
  {"sampling", sampling},
};

void answers(void) {
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    Answer answer = {.digest = 0xCBF29CE484222325};
    for (const char *letter = table[i].name; *letter; letter++) answer.state = answer.state * 257 + (unsigned char)*letter;
    table[i].run(&answer);
    printf("answer %s %016" PRIx64 "\n", table[i].name, answer.digest);
  }
}
