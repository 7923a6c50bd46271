// RMSNorm: entry points.
#include "norm.h"

enum { ELEMENTS_PER_RANGE = 16384, COLUMNS_PER_RANGE = 128 };

static ck_index rows_per_range(ck_index width) { return ck_most(1, ELEMENTS_PER_RANGE / ck_most(1, width)); }

void ck_rmsnorm_forward(
  ck_pool *pool, ck_index rows, ck_index width, const float *x, const float *weight, float epsilon, float *y, float *scales) {
  norm_arguments s = {.rows = rows, .width = width, .x = x, .weight = weight, .epsilon = epsilon, .y = y, .scales_out = scales};
  ck_spread(pool, ck_bodies_active()->rmsnorm_forward, &s, rows, rows_per_range(width));
}

void ck_rmsnorm_backward(
  ck_pool *pool, ck_index rows, ck_index width, const float *dy, const float *x, const float *weight, const float *scales,
  const float *residual, float *dx) {
  norm_arguments s = {
    .rows = rows, .width = width, .dy = dy, .x = x, .weight = weight, .scales = scales, .residual = residual, .y = dx};
  ck_spread(pool, ck_bodies_active()->rmsnorm_backward, &s, rows, rows_per_range(width));
}

void ck_rmsnorm_weight_gradient(
  ck_pool *pool, ck_index rows, ck_index width, const float *dy, const float *x, const float *scales, float *dweight) {
  norm_arguments s = {.rows = rows, .width = width, .dy = dy, .x = x, .scales = scales, .y = dweight};
  ck_spread(pool, ck_bodies_active()->rmsnorm_weight_gradient, &s, width, COLUMNS_PER_RANGE);
}
