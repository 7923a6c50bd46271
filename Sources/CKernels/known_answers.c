// The known answers: every operator over inputs that meet its ragged ends and its odd values. `oracle/answers.c` has the same cases in
// the same order, written against the page; a case that changes here changes there, and its digest with it.
#include "known_answers.h"

#include "answer_inputs.h"
#include "engine_choices.h"

// Lengths that end before, at and after a vector, the 64 lanes and a tile.
static const ck_index lengths[] = {1, 3, 7, 16, 17, 63, 64, 65, 200};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

// tokens, outputs, inputs
static const ck_index shapes[][3] = {{1, 1, 1}, {1, 17, 5}, {3, 1, 64}, {5, 50, 67}, {9, 33, 130}, {2, 3, 0}, {70, 52, 9}, {19, 7, 31}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

// MARK: Products

static void gemm(answer *a) {
  for (int i = 0; i < 3 * SHAPES; i++) {
    const ck_index tokens = shapes[i / 3][0], outputs = shapes[i / 3][1], inputs = shapes[i / 3][2];
    const answer_kind kind = (answer_kind[]){ORDINARY, AWKWARD, TINY}[i % 3];
    float *x = draw(a, tokens * inputs, kind), *w = draw(a, outputs * inputs, AWKWARD), *dy = draw(a, tokens * outputs, kind);
    float *fresh = zeros(a, tokens * outputs), *y = draw(a, tokens * outputs, kind), *dx = draw(a, tokens * inputs, AWKWARD);
    float *dw = draw(a, outputs * inputs, kind);
    ck_gemm(a->pool, tokens, outputs, inputs, (ck_matrix){x, inputs, 1}, (ck_matrix){w, 1, inputs}, fresh, outputs, false);
    ck_gemm(a->pool, tokens, outputs, inputs, (ck_matrix){x, inputs, 1}, (ck_matrix){w, 1, inputs}, y, outputs, true);
    ck_gemm(a->pool, tokens, inputs, outputs, (ck_matrix){dy, outputs, 1}, (ck_matrix){w, inputs, 1}, dx, inputs, true);
    ck_gemm(a->pool, outputs, inputs, tokens, (ck_matrix){dy, 1, outputs}, (ck_matrix){x, inputs, 1}, dw, inputs, true);
    take(a, tokens * outputs, fresh);
    take(a, tokens * outputs, y);
    take(a, tokens * inputs, dx);
    take(a, outputs * inputs, dw);
  }
}

// Patterns of two bytes; of a float16 no infinities.
static uint16_t *draw_halves(answer *a, ck_index count, ck_element element) {
  uint16_t *halves = array(a, count, sizeof *halves);
  for (ck_index i = 0; i < count; i++) {
    const float x = draw_one(a, AWKWARD);
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint32_t exponent = element == CK_FLOAT16 ? next_word(a) % 31 : 0;
    halves[i] = (uint16_t)(element == CK_FLOAT16 ? (bits >> 16 & 0x8000) | exponent << 10 | (bits & 0x3FF) : bits >> 16);
  }
  return halves;
}

static void gemm_packed(answer *a) {
  const ck_element elements[] = {CK_FLOAT32, CK_BFLOAT16, CK_FLOAT16};
  for (int i = 0; i < 3 * SHAPES; i++) {
    const ck_index tokens = shapes[i / 3][0], outputs = shapes[i / 3][1], inputs = shapes[i / 3][2];
    const ck_element element = elements[i % 3];
    const void *w = element == CK_FLOAT32 ? (void *)draw(a, outputs * inputs, AWKWARD) : draw_halves(a, outputs * inputs, element);
    float *x = draw(a, tokens * inputs, AWKWARD), *dy = draw(a, tokens * outputs, ORDINARY);
    float *y = zeros(a, tokens * outputs), *dx = draw(a, tokens * inputs, AWKWARD);
    ck_packed *forward = ck_pack_create(a->pool, inputs, outputs, w, element, 1, inputs);
    ck_packed *backward = ck_pack_create(a->pool, outputs, inputs, w, element, inputs, 1);
    ck_gemm_packed(a->pool, tokens, (ck_matrix){x, inputs, 1}, forward, y, outputs, false);
    ck_gemm_packed(a->pool, tokens, (ck_matrix){dy, outputs, 1}, backward, dx, inputs, true);
    ck_pack_destroy(forward);
    ck_pack_destroy(backward);
    take(a, tokens * outputs, y);
    take(a, tokens * inputs, dx);
  }
}

static void gemm_tail(answer *a) {
  for (int i = 0; i < 3 * SHAPES; i++) {
    const ck_index tokens = shapes[i / 3][0], outputs = shapes[i / 3][1], inputs = shapes[i / 3][2], rank = (ck_index[]){1, 8, 13}[i % 3];
    float *x = draw(a, tokens * inputs, ORDINARY), *w = draw(a, outputs * inputs, AWKWARD), *h = draw(a, tokens * rank, AWKWARD);
    float *b = draw(a, outputs * rank, ORDINARY), *y = draw(a, tokens * outputs, AWKWARD), *fresh = zeros(a, tokens * outputs);
    const ck_tail tail = {rank, {h, rank, 1}, {b, 1, rank}};
    ck_packed *packed = ck_pack_create(a->pool, inputs, outputs, w, CK_FLOAT32, 1, inputs);
    ck_gemm_with_tail(a->pool, tokens, outputs, inputs, (ck_matrix){x, inputs, 1}, (ck_matrix){w, 1, inputs}, tail, y, outputs, true);
    ck_gemm_packed_with_tail(a->pool, tokens, (ck_matrix){x, inputs, 1}, packed, tail, fresh, outputs, false);
    ck_pack_destroy(packed);
    take(a, tokens * outputs, y);
    take(a, tokens * outputs, fresh);
  }
}

static void rows_add(answer *a) {
  for (int i = 0; i < SHAPES; i++) {
    const ck_index rows = shapes[i][0], columns = shapes[i][1];
    float *bias = draw(a, columns, AWKWARD), *y = draw(a, rows * columns, AWKWARD);
    ck_rows_add(a->pool, rows, columns, bias, y, columns);
    take(a, rows * columns, y);
  }
}

static void column_sums(answer *a) {
  for (int i = 0; i < SHAPES; i++) {
    const ck_index rows = shapes[i][0], columns = shapes[i][1];
    float *x = draw(a, rows * columns, AWKWARD), *sums = draw(a, columns, TINY);
    ck_column_sums(a->pool, rows, columns, x, columns, sums);
    take(a, columns, sums);
  }
}

// MARK: Elements

static void scale(answer *a) {
  for (int i = 0; i < LENGTHS; i++) {
    float *x = draw(a, lengths[i], ANY);
    ck_scale(a->pool, lengths[i], x, draw_one(a, ORDINARY), x);
    take(a, lengths[i], x);
  }
}

static void add(answer *a) {
  for (int i = 0; i < LENGTHS; i++) {
    float *x = draw(a, lengths[i], i % 2 ? AWKWARD : TINY), *y = draw(a, lengths[i], i % 2 ? ANY : TINY);
    ck_add(a->pool, lengths[i], x, y, y);
    take(a, lengths[i], y);
  }
}

static void widen(answer *a) {
  uint16_t *all = array(a, 1 << 16, sizeof *all);
  float *y = zeros(a, 1 << 16);
  for (ck_index i = 0; i < 1 << 16; i++) all[i] = (uint16_t)i;
  ck_widen(a->pool, 1 << 16, CK_BFLOAT16, all, y);
  take(a, 1 << 16, y);
  ck_widen(a->pool, 1 << 16, CK_FLOAT16, all, y);
  take(a, 1 << 16, y);
}

static void narrow_bfloat16(answer *a) {
  for (int i = 0; i < LENGTHS; i++) {
    float *x = draw(a, lengths[i], AWKWARD);
    uint16_t *y = array(a, lengths[i], sizeof *y);
    ck_narrow_bfloat16(a->pool, lengths[i], x, y);
    for (ck_index j = 0; j < lengths[i]; j++) take_word(a, y[j]);
  }
}

static void first_nonfinite(answer *a) {
  for (int i = 0; i < LENGTHS; i++) {
    float *x = draw(a, lengths[i], AWKWARD);
    take_integer(a, (uint64_t)ck_first_nonfinite(a->pool, lengths[i], x));
    const ck_index at = draw_below(a, (int32_t)lengths[i]);
    x[at] = x[lengths[i] - 1] = __builtin_inff();
    take_integer(a, (uint64_t)ck_first_nonfinite(a->pool, lengths[i], x));
  }
}

// MARK: Functions

// The last digit of a coefficient shows in one result of a hundred thousand.
static void function(answer *a, void (*apply)(ck_pool *, ck_index, const float *, float *)) {
  for (int i = 0; i < 3 * LENGTHS; i++) {
    const ck_index count = i == 1 ? 500003 : 10 * lengths[i / 3] + lengths[i / 3] % 3;
    float *x = draw(a, count, (answer_kind[]){ANY, AWKWARD, LARGE}[i % 3]);
    apply(a->pool, count, x, x);
    take(a, count, x);
  }
}

static void exponential(answer *a) { function(a, ck_exp); }
static void logarithm(answer *a) { function(a, ck_log); }
static void hyperbolic(answer *a) { function(a, ck_tanh); }
static void sigmoid(answer *a) { function(a, ck_sigmoid); }

static void function64(answer *a, double (*apply)(double), bool positive, unsigned first, unsigned last) {
  take_double(a, apply(0.0));
  for (int i = 0; i < 2000; i++) take_double(a, apply(draw_double(a, positive, first, last)));
}

static void exponential64(answer *a) {
  function64(a, ck_exp64, false, 960, 1040);
  function64(a, ck_exp64, false, 0, 2048);
}

static void logarithm64(answer *a) {
  function64(a, ck_log64, true, 1000, 1046);
  function64(a, ck_log64, true, 0, 2048);
}

static void sine64(answer *a) { function64(a, ck_sin64, false, 980, 1043); }
static void cosine64(answer *a) { function64(a, ck_cos64, false, 980, 1043); }

// MARK: Norms

static void rmsnorm(answer *a) {
  for (int i = 0; i < 3 * LENGTHS; i++) {
    const ck_index rows = 1 + i % 4, width = lengths[i / 3];
    const answer_kind kind = (answer_kind[]){ORDINARY, AWKWARD, TINY}[i % 3];
    float *x = draw(a, rows * width, kind), *w = draw(a, width, AWKWARD), *dy = draw(a, rows * width, kind);
    float *residual = draw(a, rows * width, kind), *dw = draw(a, width, kind);
    float *y = zeros(a, rows * width), *dx = zeros(a, rows * width), *scales = zeros(a, rows);
    ck_rmsnorm_forward(a->pool, rows, width, x, w, i % 2 ? 0x1.5p-17f : 0, y, scales);
    take(a, rows * width, y);
    take(a, rows, scales);
    ck_rmsnorm_weight_gradient(a->pool, rows, width, dy, x, scales, dw);
    take(a, width, dw);
    ck_rmsnorm_backward(a->pool, rows, width, dy, x, w, scales, NULL, dx);
    take(a, rows * width, dx);
    ck_rmsnorm_backward(a->pool, rows, width, dy, x, w, scales, residual, residual);
    take(a, rows * width, residual);
  }
}

// Heads lie in rows that are three elements longer than they are.
static void take_rows(answer *a, ck_index rows, ck_index width, const float *x) {
  for (ck_index t = 0; t < rows; t++) take(a, width, x + t * (width + 3));
}

static void head_norm(answer *a) {
  const ck_index sizes[][3] = {{1, 1, 2}, {5, 2, 10}, {3, 4, 66}, {7, 3, 16}};
  for (int i = 0; i < 4; i++) {
    const ck_index tokens = sizes[i][0], heads = sizes[i][1], width = sizes[i][2], row = heads * width, stride = row + 3;
    float *x = draw(a, tokens * stride, AWKWARD), *dy = draw(a, tokens * stride, AWKWARD), *w = draw(a, width, AWKWARD);
    float *dw = draw(a, width, AWKWARD), *y = zeros(a, tokens * stride), *scales = zeros(a, tokens * heads);
    ck_head_norm_forward(a->pool, tokens, heads, width, x, stride, w, 0x1.5p-17f, y, stride, scales);
    take_rows(a, tokens, row, y);
    take(a, tokens * heads, scales);
    ck_head_norm_weight_gradient(a->pool, tokens, heads, width, dy, stride, x, stride, scales, dw);
    take(a, width, dw);
    ck_head_norm_backward(a->pool, tokens, heads, width, x, stride, w, scales, dy, stride);
    take_rows(a, tokens, row, dy);
  }
}

// MARK: Positions

static const struct {
  ck_index head_dimension;
  double theta;
  ck_rotary_stretch stretch;
} rotaries[] = {
  {2, 10000, {8, 1, 4, 8192}}, {10, 10000, {8, 1, 16, 256}}, {64, 500000, {32, 1, 4, 8192}}, {128, 1000000, {8, 1, 4, 8192}},
};

static void rotary_frequencies(answer *a) {
  for (int i = 0; i < 4; i++) {
    float *frequencies = zeros(a, 64);
    ck_rotary_frequencies(rotaries[i].head_dimension, rotaries[i].theta, frequencies);
    take(a, rotaries[i].head_dimension / 2, frequencies);
    ck_rotary_frequencies_stretched(rotaries[i].head_dimension, rotaries[i].theta, rotaries[i].stretch, frequencies);
    take(a, rotaries[i].head_dimension / 2, frequencies);
  }
}

// Positions 0 … 299 by every frequency, and rows of heads turned there and back.
static void rotary(answer *a) {
  enum { POSITIONS = 300, TOKENS = 9 };
  for (int i = 0; i < 4; i++) {
    const ck_index dimension = rotaries[i].head_dimension, half = dimension / 2, heads = 1 + i, row = heads * dimension;
    float *frequencies = zeros(a, half), *cosines = zeros(a, POSITIONS * half), *sines = zeros(a, POSITIONS * half);
    float *x = draw(a, TOKENS * row, AWKWARD), *dx = draw(a, TOKENS * row, TINY);
    int32_t positions[TOKENS];
    for (int t = 0; t < TOKENS; t++) positions[t] = draw_below(a, POSITIONS);
    ck_rotary_frequencies(dimension, rotaries[i].theta, frequencies);
    ck_rotary_tables(a->pool, POSITIONS, half, frequencies, cosines, sines);
    take(a, POSITIONS * half, cosines);
    take(a, POSITIONS * half, sines);
    ck_rotary_forward(a->pool, TOKENS, heads, dimension, positions, cosines, sines, x, row);
    ck_rotary_backward(a->pool, TOKENS, heads, dimension, positions, cosines, sines, dx, row);
    take(a, TOKENS * row, x);
    take(a, TOKENS * row, dx);
  }
}

// MARK: Attention

static void attention(answer *a) {
  const ck_index starts[] = {0, 1, 6, 6, 39, 172};
  const ck_index heads[][3] = {{1, 1, 2}, {6, 2, 10}, {4, 4, 16}, {2, 1, 66}};
  for (int i = 0; i < 12; i++) {
    const ck_index tokens = 172, query = heads[i / 3][0] * heads[i / 3][2], key = heads[i / 3][1] * heads[i / 3][2];
    const answer_kind kind = (answer_kind[]){ORDINARY, LARGE, AWKWARD}[i % 3];
    const ck_attention shape = {5, starts, heads[i / 3][0], heads[i / 3][1], heads[i / 3][2], query, key, key, query, ck_attention_scale(heads[i / 3][2])};
    float *q = draw(a, tokens * query, kind), *k = draw(a, tokens * key, AWKWARD), *v = draw(a, tokens * key, AWKWARD);
    float *dout = draw(a, tokens * query, i % 2 ? TINY : ORDINARY), *output = zeros(a, tokens * query);
    float *maxima = zeros(a, tokens * heads[i / 3][0]), *reciprocals = zeros(a, tokens * heads[i / 3][0]);
    float *dq = zeros(a, tokens * query), *dk = zeros(a, tokens * key), *dv = zeros(a, tokens * key);
    ck_attention_forward(a->pool, &shape, q, k, v, output, maxima, reciprocals);
    ck_attention_backward(a->pool, &shape, q, k, v, output, maxima, reciprocals, dout, dq, dk, dv);
    take(a, 1, &shape.scale);
    take(a, tokens * query, output);
    take(a, tokens * query, dq);
    take(a, tokens * key, dk);
    take(a, tokens * key, dv);
  }
}

static void attention_step(answer *a) {
  for (int i = 0; i < LENGTHS; i++) {
    const ck_index keys = lengths[i], starts[] = {0, keys};
    const ck_attention shape = {1, starts, 6, 2, 10, 60, 20, 20, 60, ck_attention_scale(10)};
    float *q = draw(a, 60, i % 2 ? LARGE : ORDINARY), *k = draw(a, keys * 20, AWKWARD), *v = draw(a, keys * 20, AWKWARD), *output = zeros(a, 60);
    ck_attention_step(a->pool, &shape, keys, q, k, v, output);
    take(a, 60, output);
  }
}

// MARK: Activation, embedding, loss

static void silu(answer *a) {
  for (int i = 0; i < 3 * LENGTHS; i++) {
    const ck_index count = lengths[i / 3];
    const answer_kind kind = (answer_kind[]){AWKWARD, TINY, LARGE}[i % 3];
    float *gate = draw(a, count, kind), *up = draw(a, count, AWKWARD), *dy = draw(a, count, kind), *y = zeros(a, count);
    ck_silu_forward(a->pool, count, gate, up, y);
    take(a, count, y);
    ck_silu_backward(a->pool, count, gate, up, dy, gate, up);
    take(a, count, gate);
    take(a, count, up);
  }
}

static void embedding(answer *a) {
  enum { TOKENS = 12, ROWS = 5 };
  for (int i = 0; i < LENGTHS; i++) {
    const ck_index width = lengths[i];
    int32_t ids[TOKENS];
    for (int t = 0; t < TOKENS; t++) ids[t] = draw_below(a, ROWS);
    const float *wide = draw(a, ROWS * width, AWKWARD);
    const uint16_t *bfloat16 = draw_halves(a, ROWS * width, CK_BFLOAT16), *float16 = draw_halves(a, ROWS * width, CK_FLOAT16);
    const void *tables[] = {wide, bfloat16, float16};
    float *y = zeros(a, TOKENS * width), *dy = draw(a, TOKENS * width, AWKWARD), *gradient = draw(a, ROWS * width, TINY);
    for (int element = CK_FLOAT32; element <= CK_FLOAT16; element++) {
      ck_embedding_forward(a->pool, TOKENS, width, tables[element], (ck_element)element, ids, y);
      take(a, TOKENS * width, y);
    }
    ck_embedding_backward(a->pool, TOKENS, width, ids, dy, gradient);
    take(a, ROWS * width, gradient);
  }
}

static void cross_entropy(answer *a) {
  enum { TOKENS = 6 };
  for (int i = 0; i < 3 * LENGTHS; i++) {
    const ck_index vocabulary = 5 * lengths[i / 3] + lengths[i / 3] % 2;
    float *logits = draw(a, TOKENS * vocabulary, (answer_kind[]){ORDINARY, LARGE, AWKWARD}[i % 3]);
    int32_t targets[TOKENS], supervised = 0;
    for (int t = 0; t < TOKENS; t++) targets[t] = t % 3 == 1 ? -1 : draw_below(a, (int32_t)vocabulary), supervised += targets[t] >= 0;
    float coefficients[TOKENS], nll[TOKENS];
    ck_supervised_coefficients(TOKENS, targets, supervised + i, coefficients);
    ck_cross_entropy(a->pool, TOKENS, vocabulary, logits, targets, NULL, nll);
    take(a, TOKENS, nll);
    ck_cross_entropy(a->pool, TOKENS, vocabulary, logits, targets, coefficients, nll);
    take(a, TOKENS, coefficients);
    take(a, TOKENS, nll);
    take(a, TOKENS * vocabulary, logits);
  }
}

static void loss_sums(answer *a) {
  double sum = 0;
  int64_t score = 0;
  for (int i = 0; i < LENGTHS; i++) {
    float *nll = draw(a, lengths[i], AWKWARD);
    int32_t *targets = array(a, lengths[i], sizeof *targets);
    for (ck_index t = 0; t < lengths[i]; t++) {
      targets[t] = draw_below(a, 4) - 1;
      // Of every other a multiple of 2⁻²¹, half of which lie between two units of the score.
      if (t % 2) nll[t] = (float)draw_below(a, 1 << 22) * 0x1p-21f;
    }
    ck_loss_sum(lengths[i], nll, targets, &sum);
    take_double(a, sum);
    take_double(a, ck_loss_mean(sum, 3 * lengths[i]));
    take_integer(a, ck_score_sum(lengths[i], nll, targets, &score));
    take_integer(a, (uint64_t)score);
  }
}

static void argmax(answer *a) {
  for (int i = 0; i < 2 * LENGTHS; i++) {
    float *x = draw(a, lengths[i / 2], AWKWARD);
    // Few values, so that the largest stands there more than once; zeros of both signs are equal.
    for (ck_index j = 0; j < lengths[i / 2] && i % 2; j++) x[j] = (float[]){-1, -0.0f, 0}[draw_below(a, 3)];
    take_integer(a, (uint64_t)ck_argmax(lengths[i / 2], x));
  }
}

static void preference(answer *a) {
  for (int i = 0; i < 200; i++) {
    double sums[4];
    for (int j = 0; j < 4; j++) sums[j] = draw_double(a, true, 1018, 1032);
    const ck_preference pair = ck_preference_loss(sums[0], sums[1], sums[2], sums[3], draw_double(a, true, 1018, 1022), 1 + i % 7);
    const float coefficients[] = {pair.chosen_coefficient, pair.rejected_coefficient};
    take_double(a, pair.loss);
    take(a, 2, coefficients);
  }
}

// MARK: Optimiser

static void gradient_norm(answer *a) {
  const ck_index counts[] = {1, 4095, 4096, 4097, 9000};
  float blocks[5 * 3];
  ck_index total = 0;
  for (int i = 0; i < 5; i++) {
    const ck_index own = ck_blocks(counts[i], CK_NORM_BLOCK);
    ck_squared_blocks(a->pool, counts[i], draw(a, counts[i], i % 2 ? AWKWARD : TINY), blocks + total);
    take(a, own, blocks + total);
    total += own;
    take_double(a, ck_norm_of_blocks(total, blocks));
    const float clip = ck_clip_factor(ck_norm_of_blocks(total, blocks), (double[]){1, 0, 1000, 0.25, 1e-6}[i]);
    take(a, 1, &clip);
  }
}

static void adamw(answer *a) {
  for (int i = 0; i < 2 * LENGTHS; i++) {
    const ck_index count = lengths[i / 2];
    float *parameter = draw(a, count, AWKWARD), *m = zeros(a, count), *v = zeros(a, count);
    ck_adamw_powers powers = {1, 1};
    for (int step = 0; step < 4; step++) {
      const ck_adamw_step constants = ck_adamw_begin_step((ck_adamw){0.9, 0.999, 1e-8, 0.01}, 0x1p-9 * (1 + step), &powers);
      const float *gradient = draw(a, count, (answer_kind[]){ORDINARY, AWKWARD, TINY, LARGE}[(i + step) % 4]);
      ck_adamw_update(a->pool, count, constants, i % 2, step % 2 ? 0x1.9p-2f : 1, gradient, parameter, m, v);
      take(a, 1, &constants.step_size);
      take(a, 1, &constants.root_correction);
    }
    take(a, count, parameter);
    take(a, count, m);
    take(a, count, v);
  }
}

static void learning_rate(answer *a) {
  const ck_schedule schedules[] = {CK_SCHEDULE_CONSTANT, CK_SCHEDULE_LINEAR, CK_SCHEDULE_COSINE};
  for (int i = 0; i < 3; i++)
    for (int64_t steps = 1; steps < 60; steps += 7)
      for (int64_t warmup = 0; warmup <= steps; warmup += 3)
        for (int64_t step = 0; step < steps; step++) take_double(a, ck_learning_rate(schedules[i], 3e-4, step, steps, warmup));
}

// MARK: Randomness

static ck_random draw_stream(answer *a) {
  ck_random random = {.seed = next_word(a)};
  random.stream = (uint32_t)next_word(a);
  random.step = (uint32_t)next_word(a);
  return random;
}

static void random_words(answer *a) {
  for (int i = 0; i < LENGTHS; i++) {
    uint32_t words[200];
    const ck_random random = draw_stream(a);
    ck_random_words(random, next_word(a), lengths[i], words);
    for (ck_index j = 0; j < lengths[i]; j++) take_word(a, words[j]);
  }
}

static void fills(answer *a) {
  for (int i = 0; i < LENGTHS; i++) {
    const ck_random random = draw_stream(a);
    float *x = zeros(a, 11 * lengths[i]);
    ck_fill_uniform(a->pool, 11 * lengths[i], random, ck_kaiming_bound(lengths[i]), x);
    take(a, 11 * lengths[i], x);
    ck_fill_normal(a->pool, 11 * lengths[i], random, 0x1p-6 * (1 + i), x);
    take(a, 11 * lengths[i], x);
  }
}

static void permutation(answer *a) {
  for (int i = 0; i < LENGTHS; i++) {
    ck_index order[200];
    const ck_random random = draw_stream(a);
    ck_permutation(random, lengths[i], order);
    for (ck_index j = 0; j < lengths[i]; j++) take_word(a, (uint32_t)order[j]);
  }
}

static void dropout(answer *a) {
  enum { TOKENS = 5 };
  for (int i = 0; i < LENGTHS; i++) {
    const uint64_t seed = next_word(a);
    uint32_t examples[TOKENS], tokens[TOKENS];
    for (int t = 0; t < TOKENS; t++) examples[t] = (uint32_t)next_word(a), tokens[t] = (uint32_t)next_word(a);
    float *x = draw(a, TOKENS * lengths[i], AWKWARD);
    ck_dropout(a->pool, TOKENS, lengths[i], examples, tokens, seed, 0x80000000 + (uint32_t)i, (double[]){0.05, 0.5, 0.9}[i % 3], x, x);
    take(a, TOKENS * lengths[i], x);
  }
}

// MARK: Choices of the engine

static void choices(answer *a) {
  for (ck_index rank = 1; rank < 20; rank++) {
    const float scales[] = {engine_adapter_scale(16, rank, false), engine_adapter_scale(16, rank, true)};
    take(a, 2, scales);
    take_integer(a, (uint64_t)engine_warmup_steps(0x1.3p-5 * (double)rank, 100 * rank));
  }
}

static void sampling(answer *a) {
  for (int i = 0; i < 2 * LENGTHS; i++) {
    const ck_index count = lengths[i / 2];
    float *logits = draw(a, count, i % 2 ? LARGE : AWKWARD);
    const uint64_t word = next_word(a);
    const uint32_t words[] = {(uint32_t)word, (uint32_t)(word >> 32)};
    ck_index *order = array(a, count, sizeof *order);
    double *probabilities = array(a, count, sizeof *probabilities);
    take_integer(a, (uint64_t)engine_sample(count, logits, i % 2 ? 20 : 0.7, (double[]){0.5, 0.9, 1}[i % 3], words, order, probabilities));
  }
}

// MARK: The table

// The numbers are the oracle's: `oracle answers` prints them.

static const struct {
  const char *name;
  void (*run)(answer *);
  uint64_t expected;
} answers[] = {
  {"gemm", gemm, 0x36D451EDEBFFA636},
  {"gemm-packed", gemm_packed, 0xF3B40212310E3229},
  {"gemm-tail", gemm_tail, 0x8755381A3C0E8D68},
  {"rows-add", rows_add, 0xBB88CBE8C79EC1D3},
  {"column-sums", column_sums, 0xD6E212AFFD22BA35},
  {"scale", scale, 0xA036FF347870727D},
  {"add", add, 0x459BF4F512D67BA7},
  {"widen", widen, 0xB16F3F2F36001888},
  {"narrow-bfloat16", narrow_bfloat16, 0x010088E917F5964A},
  {"first-nonfinite", first_nonfinite, 0xC52B8B7059153AB1},
  {"exp", exponential, 0xB3DD0A5524891202},
  {"log", logarithm, 0xD6834F9BB6FE0BBE},
  {"tanh", hyperbolic, 0x05981E640E9B6C45},
  {"sigmoid", sigmoid, 0xCC620639CDDEB3EB},
  {"exp64", exponential64, 0x79DC3B4CCFE0575A},
  {"log64", logarithm64, 0x3E7CD4C623802BB9},
  {"sin64", sine64, 0xCF8C10032F278367},
  {"cos64", cosine64, 0x6E3690D22FDDC2B1},
  {"rmsnorm", rmsnorm, 0x80AEE24B2A3E1059},
  {"head-norm", head_norm, 0x791CA63317DC5F07},
  {"rotary-frequencies", rotary_frequencies, 0x464F2F4F12EA9D8E},
  {"rotary", rotary, 0x0F1AD8F2E3C20F2F},
  {"attention", attention, 0x89282997B86B7B36},
  {"attention-step", attention_step, 0xE84E03706BAD0E5E},
  {"silu", silu, 0x5B8337B84E50B0C0},
  {"embedding", embedding, 0xE016AF3782A78D07},
  {"cross-entropy", cross_entropy, 0x751D5BFFA28F20D5},
  {"loss-sums", loss_sums, 0x9602B3328CA9B9EC},
  {"argmax", argmax, 0xA749BBB528529C2C},
  {"preference", preference, 0xF88FD728CE2FAC8E},
  {"gradient-norm", gradient_norm, 0x595425B5C5BE1CF2},
  {"adamw", adamw, 0xE636D3FC5AB09323},
  {"learning-rate", learning_rate, 0xEC73F0C6131D8F0D},
  {"random-words", random_words, 0x965D814404533ACF},
  {"fills", fills, 0xBA59D3EF581B4C97},
  {"permutation", permutation, 0xD29BA80CF02D040B},
  {"dropout", dropout, 0xB7813557623A2F42},
  {"choices", choices, 0x3D44CA33F895F7FD},
  {"sampling", sampling, 0x2864FDE513BF3A49},
};

ck_index ck_known_answer_count(void) { return sizeof answers / sizeof *answers; }
const char *ck_known_answer_name(ck_index index) { return answers[index].name; }
uint64_t ck_known_answer_expected(ck_index index) { return answers[index].expected; }

// The draws begin with the name, so that a new operator changes no other's answer.
uint64_t ck_known_answer_compute(ck_pool *pool, ck_index index) {
  answer a = {.pool = pool, .digest = 0xCBF29CE484222325};
  for (const char *letter = answers[index].name; *letter; letter++) a.state = a.state * 257 + (unsigned char)*letter;
  answers[index].run(&a);
  free_arrays(&a);
  return a.digest;
}
