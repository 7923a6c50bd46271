// Causal grouped-query attention over ragged segments: arguments shared by attention.c with the bodies, and the bodies.
//
// Scores are products of blocks of queries with all their keys, so softmax sees whole rows: two passes, no rescaling. A chain over
// keys runs over a query's own keys only; what a rectangular block computes beyond the diagonal is never read. Where a chain over keys (or,
// backward, over queries) meets the diagonal, the rows of a tile go on alone, each to its own end.
#ifndef CK_ATTENTION_H
#define CK_ATTENTION_H

#include "paths.h"

typedef struct attention_task {
  ck_index segment, head, first_query, last_query;
} attention_task;

typedef struct attention_arguments {
  ck_attention shape;
  ck_index tokens;
  const attention_task *tasks;
  const float *q, *k, *v, *output, *maxima, *reciprocals, *doutput;
  float *output_out, *maxima_out, *reciprocals_out, *dq, *dk, *dv;
  ck_index keys;
} attention_arguments;

typedef struct attention_scale_arguments {
  ck_index head_dimension;
  float *scale;
} attention_scale_arguments;

#endif

#if defined(CK_LANES)

// Queries whose scores are kept at once: with 2,048 keys they take 256 KB of second-level cache.
enum { QUERY_BLOCK = 32 };

// rows×width copied to rows of `padded` columns, so that whole vectors can be read; or transposed, out[e·padded + j].
static void copy_padded(const float *x, ck_index stride, ck_index rows, ck_index width, ck_index padded, float *out) {
  for (ck_index t = 0; t < rows; t++) {
    memcpy(out + t * padded, x + t * stride, (size_t)width * sizeof(float));
    memset(out + t * padded + width, 0, (size_t)(padded - width) * sizeof(float));
  }
}

static void copy_transposed(const float *x, ck_index stride, ck_index rows, ck_index width, ck_index padded, float *out) {
  for (ck_index block = 0; block < rows; block += 16) transpose(ck_least(16, rows - block), width, x + block * stride, stride, out + block, padded);
  for (ck_index e = 0; e < width; e++) memset(out + e * padded + rows, 0, (size_t)(padded - rows) * sizeof(float));
}

// s[j] = s[j]·scale; m = max64; p = exp(s − m); z = 1 / sum64(p)
CK_INLINE void softmax_row(float *s, ck_index keys, float scale, float *m, float *z) {
  ck_lanes most = lanes_start(-__builtin_inff());
  EACH_LANE_GROUP(most, keys, {
    ck_v v = load_some(s + i, have) * splat(scale);
    store_some(s + i, v, have);
    LANE_IS(choose(v > *lane, v, *lane));
  });
  *m = lanes_max(&most);
  ck_lanes sum = lanes_start(0);
  EACH_LANE_GROUP(sum, keys, {
    ck_v p = exp_v(load_some(s + i, have) - splat(*m));
    store_some(s + i, p, have);
    LANE_IS(*lane + p);
  });
  *z = 1.0f / lanes_sum(&sum);
  EACH_VECTOR(0, keys, { store_some(s + i, load_some(s + i, have) * splat(*z), have); });
}

// y[r, e] = chain over j < keys_of_first_row + r of fma(x[r, j], b[j, e]), from +0: a triangle under a rectangle.
static void product_to_diagonal(
  ck_index rows, ck_index width, ck_index keys_of_first_row, const float *x, ck_index x_row, const float *b, ck_index b_row, float *y,
  ck_index y_row) {
  for (ck_index r = 0; r < rows; r += TILE_ROWS) {
    ck_index together = ck_least(TILE_ROWS, rows - r), common = keys_of_first_row + r;
    product_in_place(together, width, common, x + r * x_row, x_row, 1, b, b_row, y + r * y_row, y_row, false);
    for (ck_index own = 1; own < together; own++)
      product_in_place(
        1, width, own, x + (r + own) * x_row + common, x_row, 1, b + common * b_row, b_row, y + (r + own) * y_row, y_row, true);
  }
}

// y[j, e] += chain over rows i of fma(x[i, j], b[i, e]), for columns j = 0 …; column first_diagonal + d meets only rows i ≥ d.
static void product_from_diagonal(
  ck_index rows, ck_index width, ck_index first_diagonal, const float *x, ck_index x_row, const float *b, ck_index b_row, float *y,
  ck_index y_row) {
  product_in_place(first_diagonal, width, rows, x, 1, x_row, b, b_row, y, y_row, true);
  for (ck_index d = 0; d < rows; d++)
    product_in_place(
      1, width, rows - d, x + d * x_row + first_diagonal + d, 1, x_row, b + d * b_row, b_row, y + (first_diagonal + d) * y_row, y_row, true);
}

// A task is some queries of one head of one segment.
static void attention_forward_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  const attention_arguments *a = arguments;
  const ck_attention *s = &a->shape;
  const ck_index d = s->head_dimension, padded_d = ck_round_up(d, CK_LANES), group = s->query_heads / s->key_heads;
  for (ck_index number = first; number < last; number++) {
    attention_task task = a->tasks[number];
    ck_index start = s->segment_starts[task.segment], keys = task.last_query, padded = ck_round_up(keys, TILE_COLUMNS);
    ck_index key_column = task.head / group * d;
    float *transposed_k = ck_scratch(worker, (size_t)(padded * d + keys * padded_d + QUERY_BLOCK * padded) * sizeof(float));
    float *v = transposed_k + padded * d, *scores = v + keys * padded_d;
    copy_transposed(a->k + start * s->key_stride + key_column, s->key_stride, keys, d, padded, transposed_k);
    copy_padded(a->v + start * s->value_stride + key_column, s->value_stride, keys, d, padded_d, v);
    for (ck_index i = task.first_query; i < task.last_query; i += QUERY_BLOCK) {
      ck_index rows = ck_least(QUERY_BLOCK, task.last_query - i);
      const float *q = a->q + (start + i) * s->query_stride + task.head * d;
      product_in_place(rows, ck_round_up(i + rows, CK_LANES), d, q, s->query_stride, 1, transposed_k, padded, scores, padded, false);
      for (ck_index r = 0; r < rows; r++) {
        ck_index at = task.head * a->tokens + start + i + r;
        softmax_row(scores + r * padded, i + r + 1, s->scale, a->maxima_out + at, a->reciprocals_out + at);
      }
      product_to_diagonal(
        rows, d, i + 1, scores, padded, v, padded_d, a->output_out + (start + i) * s->output_stride + task.head * d, s->output_stride);
    }
  }
}

// w = exp(s·scale − m)·z, the forward pass's bits; ds = (w·(dw − D))·scale
CK_INLINE void attention_gradient_row(float *scores, float *dw, ck_index keys, float scale, float m, float z, float dot) {
  EACH_VECTOR(0, keys, {
    ck_v w = exp_v(load_some(scores + i, have) * splat(scale) - splat(m)) * splat(z);
    ck_v ds = (w * (load_some(dw + i, have) - splat(dot))) * splat(scale);
    store_some(scores + i, w, have);
    store_some(dw + i, ds, have);
  });
}

// A task is all queries of one key head of one segment: its dk and dv are one chain over (head in group, query).
static void attention_backward_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  const attention_arguments *a = arguments;
  const ck_attention *s = &a->shape;
  const ck_index d = s->head_dimension, padded_d = ck_round_up(d, CK_LANES), group = s->query_heads / s->key_heads;
  for (ck_index number = first; number < last; number++) {
    attention_task task = a->tasks[number];
    ck_index start = s->segment_starts[task.segment], n = task.last_query, padded = ck_round_up(n, TILE_COLUMNS), column = task.head * d;
    size_t floats = (size_t)(2 * padded * d + n * padded_d + 2 * QUERY_BLOCK * padded + 2 * QUERY_BLOCK * padded_d);
    float *transposed_k = ck_scratch(worker, floats * sizeof(float)), *transposed_v = transposed_k + padded * d;
    float *k = transposed_v + padded * d, *scores = k + n * padded_d, *dscores = scores + QUERY_BLOCK * padded;
    float *q = dscores + QUERY_BLOCK * padded, *doutput = q + QUERY_BLOCK * padded_d;
    float *dk = a->dk + start * s->key_stride + column, *dv = a->dv + start * s->value_stride + column;
    copy_transposed(a->k + start * s->key_stride + column, s->key_stride, n, d, padded, transposed_k);
    copy_transposed(a->v + start * s->value_stride + column, s->value_stride, n, d, padded, transposed_v);
    copy_padded(a->k + start * s->key_stride + column, s->key_stride, n, d, padded_d, k);
    for (ck_index j = 0; j < n; j++) {
      memset(dk + j * s->key_stride, 0, (size_t)d * sizeof(float));
      memset(dv + j * s->value_stride, 0, (size_t)d * sizeof(float));
    }
    for (ck_index head = task.head * group; head < (task.head + 1) * group; head++)
      for (ck_index i = 0; i < n; i += QUERY_BLOCK) {
        ck_index rows = ck_least(QUERY_BLOCK, n - i), columns = ck_round_up(i + rows, CK_LANES), token = start + i;
        copy_padded(a->q + token * s->query_stride + head * d, s->query_stride, rows, d, padded_d, q);
        copy_padded(a->doutput + token * s->output_stride + head * d, s->output_stride, rows, d, padded_d, doutput);
        product_in_place(rows, columns, d, q, padded_d, 1, transposed_k, padded, scores, padded, false);
        product_in_place(rows, columns, d, doutput, padded_d, 1, transposed_v, padded, dscores, padded, false);
        for (ck_index r = 0; r < rows; r++) {
          ck_index at = head * a->tokens + token + r;
          float dot = sum_of_products(doutput + r * padded_d, a->output + (token + r) * s->output_stride + head * d, d);
          attention_gradient_row(
            scores + r * padded, dscores + r * padded, i + r + 1, s->scale, a->maxima[at], a->reciprocals[at], dot);
        }
        product_to_diagonal(
          rows, d, i + 1, dscores, padded, k, padded_d, a->dq + token * s->query_stride + head * d, s->query_stride);
        product_from_diagonal(rows, d, i, dscores, padded, q, padded_d, dk, s->key_stride);
        product_from_diagonal(rows, d, i, scores, padded, doutput, padded_d, dv, s->value_stride);
      }
  }
}

// One query against a cache; a range is some heads. Lanes are keys for the scores (each reads its own row), features for the output.
static void attention_step_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  const attention_arguments *a = arguments;
  const ck_attention *s = &a->shape;
  const ck_index d = s->head_dimension, group = s->query_heads / s->key_heads;
  for (ck_index head = first; head < last; head++) {
    float *scores = ck_scratch(worker, (size_t)ck_round_up(a->keys, 16) * sizeof(float)), m, z;
    const float *q = a->q + head * d, *k = a->k + head / group * d, *v = a->v + head / group * d;
    float *output = a->output_out + head * d;
    for (ck_index j = 0; j < a->keys; j++) {
      float sum = 0;
      for (ck_index e = 0; e < d; e++) sum = __builtin_elementwise_fma(q[e], k[j * s->key_stride + e], sum);
      scores[j] = sum;
    }
    softmax_row(scores, a->keys, s->scale, &m, &z);
    EACH_VECTOR(0, d, {
      ck_v sum = splat(0.0f);
      for (ck_index j = 0; j < a->keys; j++) sum = fma_v(splat(scores[j]), load_some(v + j * s->value_stride + i, have), sum);
      store_some(output + i, sum, have);
    });
  }
}

static void attention_scale_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker, (void)first, (void)last;
  const attention_scale_arguments *s = arguments;
  *s->scale = (float)(1.0 / __builtin_elementwise_sqrt((double)s->head_dimension));
}

#endif
