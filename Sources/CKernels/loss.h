// Cross-entropy, its sums and the preference loss: arguments and bodies.
#ifndef CK_LOSS_H
#define CK_LOSS_H

#include "paths.h"

typedef struct cross_entropy_arguments {
  ck_index vocabulary;
  float *logits;
  const int32_t *targets;
  const float *coefficients;
  float *nll;
} cross_entropy_arguments;

typedef struct token_arguments {
  ck_index tokens;
  const float *nll;
  const int32_t *targets;
  ck_index divisor;
  float *coefficients;
  double *sum;
  int64_t *score;
  bool *finite;
} token_arguments;

typedef struct argmax_arguments {
  ck_index count;
  const float *x;
  ck_index *index;
} argmax_arguments;

typedef struct preference_arguments {
  double chosen, rejected, reference_chosen, reference_rejected, beta;
  ck_index pairs;
  ck_preference *result;
} preference_arguments;

#endif

#if defined(CK_LANES)

// nll = log Σ exp(x − m) − (x[target] − m); with a gradient the logits become (softmax − onehot)·coefficient.
static void cross_entropy_row(float *x, ck_index vocabulary, int32_t target, const float *coefficient, float *nll) {
  float most = max_of(x, vocabulary), below = x[target] - most;
  ck_lanes sum = lanes_start(0);
  EACH_LANE_GROUP(sum, vocabulary, {
    ck_v e = exp_v(load_some(x + i, have) - splat(most));
    if (coefficient) store_some(x + i, e, have);
    LANE_IS(*lane + e);
  });
  float z = lanes_sum(&sum);
  *nll = log_v(splat(z))[0] - below;
  if (!coefficient) return;
  float reciprocal = 1.0f / z;
  float at_target = (x[target] * reciprocal - 1.0f) * *coefficient;
  EACH_VECTOR(0, vocabulary, { store_some(x + i, (load_some(x + i, have) * splat(reciprocal)) * splat(*coefficient), have); });
  x[target] = at_target;
}

static void cross_entropy_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker;
  const cross_entropy_arguments *s = arguments;
  for (ck_index t = first; t < last; t++) {
    float *x = s->logits + t * s->vocabulary;
    const float *coefficient = s->coefficients ? s->coefficients + t : NULL;
    if (s->targets[t] >= 0) {
      cross_entropy_row(x, s->vocabulary, s->targets[t], coefficient, s->nll + t);
      continue;
    }
    s->nll[t] = 0;
    if (coefficient) memset(x, 0, (size_t)s->vocabulary * sizeof(float));
  }
}

static void supervised_coefficients_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker, (void)first, (void)last;
  const token_arguments *s = arguments;
  float coefficient = 1.0f / (float)s->divisor;
  for (ck_index t = 0; t < s->tokens; t++) s->coefficients[t] = s->targets[t] >= 0 ? coefficient : 0.0f;
}

static void loss_sum_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker, (void)first, (void)last;
  const token_arguments *s = arguments;
  for (ck_index t = 0; t < s->tokens; t++)
    if (s->targets[t] >= 0) *s->sum = *s->sum + (double)s->nll[t];
}

static void loss_mean_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker, (void)first, (void)last;
  const token_arguments *s = arguments;
  *s->sum = *s->sum / (double)s->divisor;
}

static void score_sum_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker, (void)first, (void)last;
  const token_arguments *s = arguments;
  int64_t score = *s->score;
  *s->finite = false;
  for (ck_index t = 0; t < s->tokens; t++) {
    if (s->targets[t] < 0) continue;
    double nll = (double)s->nll[t];
    // Also false for NaN. Below this bound the magic sum is exact.
    if (!(nll < 0x1p+20 && nll > -0x1p+20)) return;
    double rounded = nll * 0x1p+20 + ROUND_MAGIC64;
    score += (int64_t)(as_bits_d(rounded) - as_bits_d(ROUND_MAGIC64));
  }
  *s->score = score;
  *s->finite = true;
}

static void argmax_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker, (void)first, (void)last;
  const argmax_arguments *s = arguments;
  float most = max_of(s->x, s->count);
  *s->index = 0;
  for (ck_index i = 0; i < s->count; i++)
    if (s->x[i] == most) {
      *s->index = i;
      return;
    }
}

// Rafailov et al., arXiv 2305.18290, eq. 7: −log σ(u); log(1 + e^−u) without overflow on either side.
static void preference_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker, (void)first, (void)last;
  const preference_arguments *s = arguments;
  double u = s->beta * ((s->reference_chosen - s->chosen) - (s->reference_rejected - s->rejected));
  double e = exp_d(u < 0 ? u : -u);
  double loss = log_d(1.0 + e) + (u < 0 ? -u : 0.0);
  double away = (u < 0 ? 1.0 : e) / (1.0 + e);
  float coefficient = (float)(away * s->beta / (double)s->pairs);
  *s->result = (ck_preference){loss, u, coefficient, -coefficient};
}

#endif
