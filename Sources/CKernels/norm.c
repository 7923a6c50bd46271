// RMSNorm: entry points.
#include "norm.h"

enum { ELEMENTS_PER_RANGE = 16384, COLUMNS_PER_RANGE = 128 };

static ck_index rows_per_range(ck_index width) { return ck_most(1, ELEMENTS_PER_RANGE / ck_most(1, width)); }

void ck_rmsnorm_forward(
  ck_pool *pool, ck_index rows, ck_index width, const float *x, const float *weight, float epsilon, float *y, float *scales) {
  norm_arguments s = {
    .rows = rows, .width = width, .heads = 1, .x_stride = width, .y_stride = width, .x = x, .weight = weight, .epsilon = epsilon, .y = y,
    .scales_out = scales};
  ck_spread(pool, ck_bodies_active()->rmsnorm_forward, &s, rows, rows_per_range(width));
}

void ck_rmsnorm_backward(
  ck_pool *pool, ck_index rows, ck_index width, const float *dy, const float *x, const float *weight, const float *scales,
  const float *residual, float *dx) {
  norm_arguments s = {
    .rows = rows, .width = width, .heads = 1, .x_stride = width, .y_stride = width, .dy = dy, .x = x, .weight = weight, .scales = scales,
    .residual = residual, .y = dx};
  ck_spread(pool, ck_bodies_active()->rmsnorm_backward, &s, rows, rows_per_range(width));
}

void ck_rmsnorm_weight_gradient(
  ck_pool *pool, ck_index rows, ck_index width, const float *dy, const float *x, const float *scales, float *dweight) {
  norm_arguments s = {
    .rows = rows, .width = width, .heads = 1, .x_stride = width, .y_stride = width, .dy = dy, .x = x, .scales = scales, .y = dweight};
  ck_spread(pool, ck_bodies_active()->rmsnorm_weight_gradient, &s, width, COLUMNS_PER_RANGE);
}

// MARK: A head at a time

// A head is narrow: its columns are shared out in smaller parts, so that more than one thread has some.
enum { HEAD_COLUMNS_PER_RANGE = 32 };

void ck_head_norm_forward(
  ck_pool *pool, ck_index tokens, ck_index heads, ck_index width, const float *x, ck_index x_row_stride, const float *weight,
  float epsilon, float *y, ck_index y_row_stride, float *scales) {
  norm_arguments s = {
    .rows = tokens * heads, .width = width, .heads = heads, .x_stride = x_row_stride, .y_stride = y_row_stride, .x = x, .weight = weight,
    .epsilon = epsilon, .y = y, .scales_out = scales};
  ck_spread(pool, ck_bodies_active()->rmsnorm_forward, &s, s.rows, rows_per_range(width));
}

void ck_head_norm_backward(
  ck_pool *pool, ck_index tokens, ck_index heads, ck_index width, const float *x, ck_index x_row_stride, const float *weight,
  const float *scales, float *dy, ck_index dy_row_stride) {
  norm_arguments s = {
    .rows = tokens * heads, .width = width, .heads = heads, .x_stride = x_row_stride, .y_stride = dy_row_stride, .dy = dy, .x = x,
    .weight = weight, .scales = scales, .y = dy};
  ck_spread(pool, ck_bodies_active()->rmsnorm_backward, &s, s.rows, rows_per_range(width));
}

void ck_head_norm_weight_gradient(
  ck_pool *pool, ck_index tokens, ck_index heads, ck_index width, const float *dy, ck_index dy_row_stride, const float *x,
  ck_index x_row_stride, const float *scales, float *dweight) {
  norm_arguments s = {
    .rows = tokens * heads, .width = width, .heads = heads, .x_stride = x_row_stride, .y_stride = dy_row_stride, .dy = dy, .x = x,
    .scales = scales, .y = dweight};
  ck_spread(pool, ck_bodies_active()->rmsnorm_weight_gradient, &s, width, HEAD_COLUMNS_PER_RANGE);
}
