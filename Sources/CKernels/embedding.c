// The embedding: entry points.
#include "embedding.h"

enum { COLUMNS_PER_RANGE = 128, TOKENS_PER_RANGE = 64 };

void ck_embedding_forward(
  ck_pool *pool, ck_index tokens, ck_index width, const void *table, ck_element element, const int32_t *ids, float *y) {
  embedding_arguments s = {.tokens = tokens, .width = width, .table = table, .element = element, .ids = ids, .y = y};
  ck_spread(pool, ck_bodies_active()->embedding_forward, &s, tokens, TOKENS_PER_RANGE);
}

void ck_embedding_backward(
  ck_pool *pool, ck_index tokens, ck_index width, const int32_t *ids, const float *dy, float *dtable) {
  embedding_arguments s = {.tokens = tokens, .width = width, .ids = ids, .dy = dy, .y = dtable};
  ck_spread(pool, ck_bodies_active()->embedding_backward, &s, width, COLUMNS_PER_RANGE);
}
