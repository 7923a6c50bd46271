// Causal grouped-query attention: entry points. They cut the work into tasks by outputs.
#include "attention.h"

#include <stdlib.h>

// Forward tasks of this many queries lay out their keys again, which costs about a hundredth of the products.
enum { QUERIES_PER_TASK = 128 };

static ck_index segment_length(const ck_attention *shape, ck_index segment) {
  return shape->segment_starts[segment + 1] - shape->segment_starts[segment];
}

// One task for each segment, head and run of `queries`; NULL `tasks` counts them. The longest rows come first.
static ck_index list_tasks(const ck_attention *shape, ck_index heads, ck_index queries, attention_task *tasks) {
  ck_index count = 0;
  for (ck_index segment = 0; segment < shape->segments; segment++)
    for (ck_index last = segment_length(shape, segment), left; last > 0; last = left) {
      left = last > queries ? (last - 1) / queries * queries : 0;
      for (ck_index head = 0; head < heads; head++, count++)
        if (tasks) tasks[count] = (attention_task){segment, head, left, last};
    }
  return count;
}

static void run(ck_pool *pool, ck_body *body, attention_arguments *a, ck_index heads, ck_index queries) {
  ck_index count = list_tasks(&a->shape, heads, queries, NULL);
  attention_task *tasks = ck_allocate((size_t)count * sizeof *tasks);
  list_tasks(&a->shape, heads, queries, tasks);
  a->tasks = tasks;
  a->tokens = a->shape.segments > 0 ? a->shape.segment_starts[a->shape.segments] : 0;
  ck_spread(pool, body, a, count, 1);
  free(tasks);
}

void ck_attention_forward(
  ck_pool *pool, const ck_attention *shape, const float *q, const float *k, const float *v, float *output, float *maxima,
  float *reciprocals) {
  attention_arguments a = {
    .shape = *shape, .q = q, .k = k, .v = v, .output_out = output, .maxima_out = maxima, .reciprocals_out = reciprocals};
  run(pool, ck_bodies_active()->attention_forward, &a, shape->query_heads, QUERIES_PER_TASK);
}

void ck_attention_backward(
  ck_pool *pool, const ck_attention *shape, const float *q, const float *k, const float *v, const float *output,
  const float *maxima, const float *reciprocals, const float *doutput, float *dq, float *dk, float *dv) {
  attention_arguments a = {
    .shape = *shape, .q = q, .k = k, .v = v, .output = output, .maxima = maxima, .reciprocals = reciprocals, .doutput = doutput,
    .dq = dq, .dk = dk, .dv = dv};
  run(pool, ck_bodies_active()->attention_backward, &a, shape->key_heads, PTRDIFF_MAX);
}

void ck_attention_step(
  ck_pool *pool, const ck_attention *shape, ck_index keys, const float *q, const float *k, const float *v, float *output) {
  attention_arguments a = {.shape = *shape, .q = q, .k = k, .v = v, .output_out = output, .keys = keys};
  ck_spread(pool, ck_bodies_active()->attention_step, &a, shape->query_heads, 1);
}

float ck_attention_scale(ck_index head_dimension) {
  float scale;
  attention_scale_arguments s = {head_dimension, &scale};
  ck_call(ck_bodies_active()->attention_scale, &s);
  return scale;
}
