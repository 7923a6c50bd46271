// Cross-entropy, its sums and the preference loss: entry points.
#include "loss.h"

void ck_cross_entropy(
  ck_pool *pool, ck_index tokens, ck_index vocabulary, float *logits, const int32_t *targets, const float *coefficients, float *nll) {
  cross_entropy_arguments s = {vocabulary, logits, targets, coefficients, nll};
  ck_spread(pool, ck_bodies_active()->cross_entropy, &s, tokens, ck_most(1, 16384 / ck_most(1, vocabulary)));
}

void ck_supervised_coefficients(ck_index tokens, const int32_t *targets, ck_index divisor, float *coefficients) {
  token_arguments s = {.tokens = tokens, .targets = targets, .divisor = divisor, .coefficients = coefficients};
  ck_call(ck_bodies_active()->supervised_coefficients, &s);
}

void ck_loss_sum(ck_index tokens, const float *nll, const int32_t *targets, double *sum) {
  token_arguments s = {.tokens = tokens, .nll = nll, .targets = targets, .sum = sum};
  ck_call(ck_bodies_active()->loss_sum, &s);
}

double ck_loss_mean(double sum, ck_index divisor) {
  token_arguments s = {.divisor = divisor, .sum = &sum};
  ck_call(ck_bodies_active()->loss_mean, &s);
  return sum;
}

bool ck_score_sum(ck_index tokens, const float *nll, const int32_t *targets, int64_t *score) {
  bool finite = true;
  token_arguments s = {.tokens = tokens, .nll = nll, .targets = targets, .score = score, .finite = &finite};
  ck_call(ck_bodies_active()->score_sum, &s);
  return finite;
}

ck_index ck_argmax(ck_index count, const float *x) {
  ck_index index;
  argmax_arguments s = {count, x, &index};
  ck_call(ck_bodies_active()->argmax, &s);
  return index;
}

ck_preference ck_preference_loss(
  double chosen, double rejected, double reference_chosen, double reference_rejected, double beta, ck_index pairs) {
  ck_preference result;
  preference_arguments s = {chosen, rejected, reference_chosen, reference_rejected, beta, pairs, &result};
  ck_call(ck_bodies_active()->preference, &s);
  return result;
}
