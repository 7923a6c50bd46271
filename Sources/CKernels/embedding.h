// Rows of the embedding table and their gradient: arguments and bodies.
#ifndef CK_EMBEDDING_H
#define CK_EMBEDDING_H

#include "paths.h"

typedef struct embedding_arguments {
  ck_index tokens, width;
  const void *table;
  ck_element element;
  const int32_t *ids;
  const float *dy;
  float *y;
} embedding_arguments;

#endif

#if defined(CK_LANES)

static void embedding_forward_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker;
  const embedding_arguments *s = arguments;
  for (ck_index t = first; t < last; t++)
    for (ck_index j = 0; j < s->width; j++) s->y[t * s->width + j] = element_at(s->table, s->element, s->ids[t] * s->width + j);
}

// Columns first … last − 1, all tokens in order: a token that comes twice is added in its order by whoever owns the column.
static void embedding_backward_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker;
  const embedding_arguments *s = arguments;
  for (ck_index t = 0; t < s->tokens; t++) {
    const float *dy = s->dy + t * s->width;
    float *sum = s->y + s->ids[t] * s->width;
    EACH_VECTOR(first, last, { store_some(sum + i, load_some(sum + i, have) + load_some(dy + i, have), have); });
  }
}

#endif
