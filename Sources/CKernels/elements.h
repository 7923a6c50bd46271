// Elementwise operators, conversions, sums over columns: arguments shared by elements.c with the bodies, and the bodies.
#ifndef CK_ELEMENTS_H
#define CK_ELEMENTS_H

#include "paths.h"

typedef struct element_arguments {
  const float *x, *second;
  float s;
  float *y;
} element_arguments;

typedef struct convert_arguments {
  const void *x;
  ck_element element;
  void *y;
} convert_arguments;

typedef struct rows_arguments {
  ck_index rows, columns;
  const float *x;
  ck_index x_stride;
  float *y;
  ck_index y_stride;
} rows_arguments;

// A range reports the first index that it saw, if it is the lowest so far.
typedef struct nonfinite_arguments {
  const float *x;
  _Atomic(ck_index) *first;
} nonfinite_arguments;

typedef enum function64 { FUNCTION_EXP, FUNCTION_LOG, FUNCTION_SIN, FUNCTION_COS } function64;

typedef struct function64_arguments {
  function64 function;
  double x, *y;
} function64_arguments;

#endif

#if defined(CK_LANES)

#include <stdatomic.h>

#define DEFINE_ELEMENTWISE(name, value)                                                               \
  static void name##_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {  \
    (void)worker;                                                                                     \
    const element_arguments *s = arguments;                                                           \
    EACH_VECTOR(first, last, {                                                                        \
      ck_v x = load_some(s->x + i, have);                                                             \
      store_some(s->y + i, value, have);                                                              \
    });                                                                                               \
  }

DEFINE_ELEMENTWISE(scale, x *splat(s->s))
DEFINE_ELEMENTWISE(add, x + load_some(s->second + i, have))
DEFINE_ELEMENTWISE(exp, exp_v(x))
DEFINE_ELEMENTWISE(log, log_v(x))
DEFINE_ELEMENTWISE(tanh, tanh_v(x))
DEFINE_ELEMENTWISE(sigmoid, sigmoid_v(x))

static void function64_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker, (void)first, (void)last;
  const function64_arguments *s = arguments;
  switch (s->function) {
    case FUNCTION_EXP: *s->y = exp_d(s->x); return;
    case FUNCTION_LOG: *s->y = log_d(s->x); return;
    case FUNCTION_SIN: *s->y = sin_d(s->x); return;
    case FUNCTION_COS: *s->y = cos_d(s->x); return;
  }
}

static void widen_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker;
  const convert_arguments *s = arguments;
  float *y = s->y;
  switch (s->element) {
    case CK_FLOAT32: memcpy(y + first, (const float *)s->x + first, (size_t)(last - first) * sizeof(float)); return;
    case CK_BFLOAT16:
      for (ck_index i = first; i < last; i++) y[i] = element_at(s->x, CK_BFLOAT16, i);
      return;
    case CK_FLOAT16:
      for (ck_index i = first; i < last; i++) y[i] = element_at(s->x, CK_FLOAT16, i);
      return;
  }
}

static void narrow_bfloat16_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker;
  const convert_arguments *s = arguments;
  for (ck_index i = first; i < last; i++) {
    uint32_t bits;
    memcpy(&bits, (const float *)s->x + i, sizeof bits);
    ((uint16_t *)s->y)[i] = (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
  }
}

static void first_nonfinite_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker;
  const nonfinite_arguments *s = arguments;
  const int32_t exponent = 0x7F800000;
  for (ck_index start = first; start < last; start += 1024) {
    ck_index end = ck_least(start + 1024, last);
    ck_vi bad = 0;
    EACH_VECTOR(start, end, { bad |= (as_bits(load_some(s->x + i, have)) & exponent) == exponent; });
    bool any = false;
    for (int l = 0; l < CK_LANES; l++) any |= bad[l] != 0;
    if (!any) continue;
    ck_index i = start;
    for (int32_t bits; memcpy(&bits, s->x + i, sizeof bits), (bits & exponent) != exponent;) i++;
    ck_index known = atomic_load(s->first);
    while ((known < 0 || i < known) && !atomic_compare_exchange_weak(s->first, &known, i)) {}
    return;
  }
}

static void rows_add_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker;
  const rows_arguments *s = arguments;
  for (ck_index t = first; t < last; t++) {
    float *y = s->y + t * s->y_stride;
    EACH_VECTOR(0, s->columns, { store_some(y + i, load_some(y + i, have) + load_some(s->x + i, have), have); });
  }
}

// Columns first … last − 1, all rows in order.
static void column_sums_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker;
  const rows_arguments *s = arguments;
  for (ck_index t = 0; t < s->rows; t++) {
    const float *x = s->x + t * s->x_stride;
    EACH_VECTOR(first, last, { store_some(s->y + i, load_some(s->y + i, have) + load_some(x + i, have), have); });
  }
}

#endif
