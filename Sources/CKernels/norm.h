// RMSNorm (Zhang & Sennrich, arXiv 1910.07467): arguments shared by norm.c with the bodies, and the bodies, forward beside backward.
#ifndef CK_NORM_H
#define CK_NORM_H

#include "paths.h"

// Row number r is head r mod `heads` of token ⌊r / heads⌋; a plain norm has one head.
typedef struct norm_arguments {
  ck_index rows, width, heads;
  // Between tokens, of x and of what is read or written beside it.
  ck_index x_stride, y_stride;
  const float *dy, *x, *weight;
  float epsilon;
  const float *scales, *residual;
  float *y, *scales_out;
} norm_arguments;

#endif

#if defined(CK_LANES)

CK_INLINE ck_index norm_row(const norm_arguments *s, ck_index row, ck_index stride) {
  return s->heads == 1 ? row * stride : row / s->heads * stride + row % s->heads * s->width;
}

// y[t, j] = (x[t, j]·r[t])·weight[j], r = 1 / √(Σx²/width + ε)
static void rmsnorm_forward_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker;
  const norm_arguments *s = arguments;
  for (ck_index t = first; t < last; t++) {
    const float *x = s->x + norm_row(s, t, s->x_stride);
    float *y = s->y + norm_row(s, t, s->y_stride);
    float mean = sum_of_products(x, x, s->width) / (float)s->width;
    float r = 1.0f / __builtin_elementwise_sqrt(mean + s->epsilon);
    s->scales_out[t] = r;
    EACH_VECTOR(0, s->width, { store_some(y + i, (load_some(x + i, have) * splat(r)) * load_some(s->weight + i, have), have); });
  }
}

// dx[t, j] = r·(g[j] − c·x[j]), g = dy·weight, c = (Σ g·x)·r²/width
static void rmsnorm_backward_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker;
  const norm_arguments *s = arguments;
  for (ck_index t = first; t < last; t++) {
    const float *x = s->x + norm_row(s, t, s->x_stride), *dy = s->dy + norm_row(s, t, s->y_stride);
    float *dx = s->y + norm_row(s, t, s->y_stride);
    float r = s->scales[t];
    ck_lanes sum = lanes_start(0);
    EACH_LANE_GROUP(sum, s->width, {
      ck_v g = load_some(dy + i, have) * load_some(s->weight + i, have);
      LANE_IS(fma_v(g, load_some(x + i, have), *lane));
    });
    float c = (lanes_sum(&sum) * (r * r)) / (float)s->width;
    EACH_VECTOR(0, s->width, {
      ck_v g = load_some(dy + i, have) * load_some(s->weight + i, have);
      ck_v own = splat(r) * fma_v(splat(-c), load_some(x + i, have), g);
      if (s->residual) own = load_some(s->residual + t * s->width + i, have) + own;
      store_some(dx + i, own, have);
    });
  }
}

// dweight[j] over tokens in order; columns first … last − 1
static void rmsnorm_weight_gradient_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker;
  const norm_arguments *s = arguments;
  for (ck_index t = 0; t < s->rows; t++) {
    const float *x = s->x + norm_row(s, t, s->x_stride), *dy = s->dy + norm_row(s, t, s->y_stride);
    ck_v r = splat(s->scales[t]);
    EACH_VECTOR(first, last, {
      ck_v sum = fma_v(load_some(dy + i, have), load_some(x + i, have) * r, load_some(s->y + i, have));
      store_some(s->y + i, sum, have);
    });
  }
}

#endif
