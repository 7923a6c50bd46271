// Elementwise operators, conversions, sums over columns: entry points.
#include "elements.h"

#include <stdatomic.h>

// A range below this costs less than waking a thread for it.
enum { ELEMENTS_PER_RANGE = 32768, COLUMNS_PER_RANGE = 128 };

static void elementwise(ck_pool *pool, ck_body *body, ck_index count, const float *x, const float *second, float s, float *y) {
  element_arguments arguments = {x, second, s, y};
  ck_spread(pool, body, &arguments, count, ELEMENTS_PER_RANGE);
}

void ck_scale(ck_pool *pool, ck_index count, const float *x, float s, float *y) {
  elementwise(pool, ck_bodies_active()->scale, count, x, x, s, y);
}

void ck_add(ck_pool *pool, ck_index count, const float *a, const float *b, float *y) {
  elementwise(pool, ck_bodies_active()->add, count, a, b, 0, y);
}

void ck_exp(ck_pool *pool, ck_index count, const float *x, float *y) {
  elementwise(pool, ck_bodies_active()->exp, count, x, x, 0, y);
}

void ck_log(ck_pool *pool, ck_index count, const float *x, float *y) {
  elementwise(pool, ck_bodies_active()->log, count, x, x, 0, y);
}

void ck_tanh(ck_pool *pool, ck_index count, const float *x, float *y) {
  elementwise(pool, ck_bodies_active()->tanh, count, x, x, 0, y);
}

void ck_sigmoid(ck_pool *pool, ck_index count, const float *x, float *y) {
  elementwise(pool, ck_bodies_active()->sigmoid, count, x, x, 0, y);
}

static double function_of(function64 function, double x) {
  double y;
  function64_arguments arguments = {function, x, &y};
  ck_call(ck_bodies_active()->function64, &arguments);
  return y;
}

double ck_exp64(double x) { return function_of(FUNCTION_EXP, x); }
double ck_log64(double x) { return function_of(FUNCTION_LOG, x); }
double ck_sin64(double x) { return function_of(FUNCTION_SIN, x); }
double ck_cos64(double x) { return function_of(FUNCTION_COS, x); }

void ck_widen(ck_pool *pool, ck_index count, ck_element element, const void *x, float *y) {
  convert_arguments arguments = {x, element, y};
  ck_spread(pool, ck_bodies_active()->widen, &arguments, count, ELEMENTS_PER_RANGE);
}

void ck_narrow_bfloat16(ck_pool *pool, ck_index count, const float *x, uint16_t *y) {
  convert_arguments arguments = {x, CK_BFLOAT16, y};
  ck_spread(pool, ck_bodies_active()->narrow_bfloat16, &arguments, count, ELEMENTS_PER_RANGE);
}

ck_index ck_first_nonfinite(ck_pool *pool, ck_index count, const float *x) {
  _Atomic(ck_index) first = -1;
  nonfinite_arguments arguments = {x, &first};
  ck_spread(pool, ck_bodies_active()->first_nonfinite, &arguments, count, 4 * ELEMENTS_PER_RANGE);
  return atomic_load(&first);
}

void ck_rows_add(ck_pool *pool, ck_index rows, ck_index columns, const float *bias, float *y, ck_index y_row_stride) {
  rows_arguments arguments = {rows, columns, bias, 0, y, y_row_stride};
  ck_spread(pool, ck_bodies_active()->rows_add, &arguments, rows, ck_most(1, ELEMENTS_PER_RANGE / ck_most(1, columns)));
}

void ck_column_sums(ck_pool *pool, ck_index rows, ck_index columns, const float *x, ck_index x_row_stride, float *sums) {
  rows_arguments arguments = {rows, columns, x, x_row_stride, sums, 0};
  ck_spread(pool, ck_bodies_active()->column_sums, &arguments, columns, COLUMNS_PER_RANGE);
}
