// Rotary positions: entry points.
#include "rotary.h"

void ck_rotary_frequencies(ck_index head_dimension, double theta, float *frequencies) {
  frequency_arguments s = {head_dimension, theta, NULL, frequencies};
  ck_call(ck_bodies_active()->rotary_frequencies, &s);
}

void ck_rotary_frequencies_stretched(ck_index head_dimension, double theta, ck_rotary_stretch stretch, float *frequencies) {
  frequency_arguments s = {head_dimension, theta, &stretch, frequencies};
  ck_call(ck_bodies_active()->rotary_frequencies, &s);
}

void ck_rotary_tables(
  ck_pool *pool, ck_index positions, ck_index half, const float *frequencies, float *cosines, float *sines) {
  table_arguments s = {half, frequencies, cosines, sines};
  ck_spread(pool, ck_bodies_active()->rotary_tables, &s, positions, 16);
}

static void rotate(
  ck_pool *pool, bool backward, ck_index tokens, ck_index heads, ck_index head_dimension, const int32_t *positions,
  const float *cosines, const float *sines, float *x, ck_index row_stride) {
  rotate_arguments s = {heads, head_dimension / 2, positions, cosines, sines, x, row_stride, backward};
  ck_spread(pool, ck_bodies_active()->rotate, &s, tokens, ck_most(1, 16384 / ck_most(1, heads * head_dimension)));
}

void ck_rotary_forward(
  ck_pool *pool, ck_index tokens, ck_index heads, ck_index head_dimension, const int32_t *positions, const float *cosines,
  const float *sines, float *x, ck_index row_stride) {
  rotate(pool, false, tokens, heads, head_dimension, positions, cosines, sines, x, row_stride);
}

void ck_rotary_backward(
  ck_pool *pool, ck_index tokens, ck_index heads, ck_index head_dimension, const int32_t *positions, const float *cosines,
  const float *sines, float *dx, ck_index row_stride) {
  rotate(pool, true, tokens, heads, head_dimension, positions, cosines, sines, dx, row_stride);
}
