// Gradient norm, AdamW and the learning-rate schedule: arguments and bodies.
#ifndef CK_OPTIMISER_H
#define CK_OPTIMISER_H

#include "paths.h"

typedef struct norm_blocks_arguments {
  ck_index count;
  const float *x;
  float *blocks;
} norm_blocks_arguments;

typedef struct norm_value_arguments {
  ck_index blocks;
  const float *values;
  double norm, limit;
  double *norm_out;
  float *factor_out;
} norm_value_arguments;

typedef struct adamw_begin_arguments {
  ck_adamw hyper;
  double learning_rate;
  ck_adamw_powers *powers;
  ck_adamw_step *step;
} adamw_begin_arguments;

typedef struct adamw_arguments {
  ck_adamw_step step;
  bool decays;
  float clip;
  const float *gradient;
  float *parameter, *m, *v;
} adamw_arguments;

typedef struct schedule_arguments {
  ck_schedule schedule;
  double peak;
  int64_t step, steps, warmup;
  double *learning_rate;
} schedule_arguments;

#endif

#if defined(CK_LANES)

static void squared_blocks_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker;
  const norm_blocks_arguments *s = arguments;
  for (ck_index block = first; block < last; block++) {
    const float *x = s->x + block * CK_NORM_BLOCK;
    s->blocks[block] = sum_of_products(x, x, ck_least(CK_NORM_BLOCK, s->count - block * CK_NORM_BLOCK));
  }
}

// Neighbours are added, an odd one out goes up unchanged, until one value is left: the left half holds the largest power of two below count.
static double tree_sum(const float *values, ck_index count) {
  if (count == 1) return (double)values[0];
  ck_index left = 1;
  while (2 * left < count) left *= 2;
  return tree_sum(values, left) + tree_sum(values + left, count - left);
}

static void norm_of_blocks_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker, (void)first, (void)last;
  const norm_value_arguments *s = arguments;
  *s->norm_out = s->blocks == 0 ? 0.0 : __builtin_elementwise_sqrt(tree_sum(s->values, s->blocks));
}

static void clip_factor_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker, (void)first, (void)last;
  const norm_value_arguments *s = arguments;
  double factor = s->limit > 0 ? s->limit / (s->norm + 1e-6) : 1.0;
  *s->factor_out = factor < 1.0 ? (float)factor : 1.0f;
}

static void adamw_begin_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker, (void)first, (void)last;
  const adamw_begin_arguments *s = arguments;
  ck_adamw h = s->hyper;
  s->powers->beta1_power = s->powers->beta1_power * h.beta1;
  s->powers->beta2_power = s->powers->beta2_power * h.beta2;
  double correction1 = 1.0 - s->powers->beta1_power, correction2 = 1.0 - s->powers->beta2_power;
  *s->step = (ck_adamw_step){
    .decay = (float)(1.0 - s->learning_rate * h.weight_decay),
    .beta1_complement = (float)(1.0 - h.beta1),
    .beta2 = (float)h.beta2,
    .beta2_complement = (float)(1.0 - h.beta2),
    .step_size = (float)(s->learning_rate / correction1),
    .root_correction = (float)__builtin_elementwise_sqrt(correction2),
    .epsilon = (float)h.epsilon,
  };
}

static void adamw_update_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker;
  const adamw_arguments *s = arguments;
  const ck_adamw_step c = s->step;
  const float decay = s->decays ? c.decay : 1.0f;
  EACH_VECTOR(first, last, {
    ck_v g = load_some(s->gradient + i, have) * splat(s->clip);
    ck_v m = load_some(s->m + i, have), v = load_some(s->v + i, have);
    m = fma_v(splat(c.beta1_complement), g - m, m);
    v = fma_v(splat(c.beta2_complement) * g, g, splat(c.beta2) * v);
    ck_v denominator = __builtin_elementwise_sqrt(v) / splat(c.root_correction) + splat(c.epsilon);
    ck_v kept = load_some(s->parameter + i, have) * splat(decay);
    store_some(s->parameter + i, fma_v(splat(-c.step_size), m / denominator, kept), have);
    store_some(s->m + i, m, have);
    store_some(s->v + i, v, have);
  });
}

static double schedule_factor(const schedule_arguments *s) {
  if (s->step < s->warmup) return (double)(s->step + 1) / (double)(s->warmup + 1);
  if (s->schedule == CK_SCHEDULE_CONSTANT) return 1.0;
  int64_t rest = s->steps - s->warmup;
  double progress = (double)(s->step - s->warmup) / (double)(rest < 1 ? 1 : rest);
  progress = progress > 1.0 ? 1.0 : progress;
  if (s->schedule == CK_SCHEDULE_LINEAR) return 1.0 - progress;
  return 0.5 * (1.0 + cos_d(0x1.921fb54442d18p+1 * progress));
}

static void learning_rate_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker, (void)first, (void)last;
  const schedule_arguments *s = arguments;
  *s->learning_rate = s->peak * schedule_factor(s);
}

#endif
