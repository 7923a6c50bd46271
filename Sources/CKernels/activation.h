// SiLU·up, the gated activation of Llama's MLP: arguments and bodies, forward beside backward.
#ifndef CK_ACTIVATION_H
#define CK_ACTIVATION_H

#include "paths.h"

typedef struct silu_arguments {
  const float *gate, *up, *dy;
  float *y, *dgate, *dup;
} silu_arguments;

#endif

#if defined(CK_LANES)

static void silu_forward_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker;
  const silu_arguments *s = arguments;
  EACH_VECTOR(first, last, {
    ck_v gate = load_some(s->gate + i, have);
    store_some(s->y + i, (gate * sigmoid_v(gate)) * load_some(s->up + i, have), have);
  });
}

static void silu_backward_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker;
  const silu_arguments *s = arguments;
  EACH_VECTOR(first, last, {
    ck_v gate = load_some(s->gate + i, have), up = load_some(s->up + i, have), dy = load_some(s->dy + i, have);
    ck_v sigmoid = sigmoid_v(gate);
    ck_v slope = sigmoid * fma_v(gate, splat(1.0f) - sigmoid, splat(1.0f));
    store_some(s->dup + i, dy * (gate * sigmoid), have);
    store_some(s->dgate + i, (dy * up) * slope, have);
  });
}

#endif
