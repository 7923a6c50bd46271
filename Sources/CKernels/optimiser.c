// Gradient norm, AdamW and the learning-rate schedule: entry points.
#include "optimiser.h"

void ck_squared_blocks(ck_pool *pool, ck_index count, const float *x, float *blocks) {
  norm_blocks_arguments s = {count, x, blocks};
  ck_spread(pool, ck_bodies_active()->squared_blocks, &s, ck_blocks(count, CK_NORM_BLOCK), 16);
}

double ck_norm_of_blocks(ck_index blocks, const float *values) {
  double norm;
  norm_value_arguments s = {.blocks = blocks, .values = values, .norm_out = &norm};
  ck_call(ck_bodies_active()->norm_of_blocks, &s);
  return norm;
}

float ck_clip_factor(double norm, double limit) {
  float factor;
  norm_value_arguments s = {.norm = norm, .limit = limit, .factor_out = &factor};
  ck_call(ck_bodies_active()->clip_factor, &s);
  return factor;
}

ck_adamw_step ck_adamw_begin_step(ck_adamw hyper, double learning_rate, ck_adamw_powers *powers) {
  ck_adamw_step step;
  adamw_begin_arguments s = {hyper, learning_rate, powers, &step};
  ck_call(ck_bodies_active()->adamw_begin, &s);
  return step;
}

void ck_adamw_update(
  ck_pool *pool, ck_index count, ck_adamw_step step, bool decays, float clip, const float *gradient, float *parameter, float *m,
  float *v) {
  adamw_arguments s = {step, decays, clip, gradient, parameter, m, v};
  ck_spread(pool, ck_bodies_active()->adamw_update, &s, count, 16384);
}

double ck_learning_rate(ck_schedule schedule, double peak, int64_t step, int64_t steps, int64_t warmup) {
  double rate;
  schedule_arguments s = {schedule, peak, step, steps, warmup, &rate};
  ck_call(ck_bodies_active()->learning_rate, &s);
  return rate;
}
