// SiLU·up: entry points.
#include "activation.h"

enum { ELEMENTS_PER_RANGE = 8192 };

void ck_silu_forward(ck_pool *pool, ck_index count, const float *gate, const float *up, float *y) {
  silu_arguments s = {.gate = gate, .up = up, .y = y};
  ck_spread(pool, ck_bodies_active()->silu_forward, &s, count, ELEMENTS_PER_RANGE);
}

void ck_silu_backward(
  ck_pool *pool, ck_index count, const float *gate, const float *up, const float *dy, float *dgate, float *dup) {
  silu_arguments s = {.gate = gate, .up = up, .dy = dy, .dgate = dgate, .dup = dup};
  ck_spread(pool, ck_bodies_active()->silu_backward, &s, count, ELEMENTS_PER_RANGE);
}
