// Each choice is a body that `ck_call` calls: a compiler may move arithmetic over a change of the environment that stands in the same function.
#include "engine_choices.h"

#include "paths.h"

#pragma STDC FP_CONTRACT OFF

typedef struct scale_arguments {
  double alpha;
  ck_index rank;
  bool rank_stabilized;
  float *scale;
} scale_arguments;

static void scale_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker, (void)first, (void)last;
  const scale_arguments *s = arguments;
  const double rank = (double)s->rank;
  *s->scale = (float)(s->alpha / (s->rank_stabilized ? __builtin_elementwise_sqrt(rank) : rank));
}

float engine_adapter_scale(double alpha, ck_index rank, bool rank_stabilized) {
  float scale;
  const scale_arguments s = {alpha, rank, rank_stabilized, &scale};
  ck_call(scale_body, &s);
  return scale;
}

typedef struct warmup_arguments {
  double fraction;
  int64_t steps;
  int64_t *warmup;
} warmup_arguments;

static void warmup_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker, (void)first, (void)last;
  const warmup_arguments *s = arguments;
  *s->warmup = (int64_t)(s->fraction * (double)s->steps);
}

int64_t engine_warmup_steps(double fraction, int64_t steps) {
  int64_t warmup;
  const warmup_arguments s = {fraction, steps, &warmup};
  ck_call(warmup_body, &s);
  return warmup;
}

/// True where token a comes before token b.
static bool precedes(const double *probabilities, ck_index a, ck_index b) {
  return probabilities[a] > probabilities[b] || (probabilities[a] == probabilities[b] && a < b);
}

/// Moves the root of a heap of `count` indices, the foremost on top, to its place.
static void sift(const double *probabilities, ck_index *heap, ck_index root, ck_index count) {
  for (ck_index child; (child = 2 * root + 1) < count; root = child) {
    if (child + 1 < count && precedes(probabilities, heap[child + 1], heap[child])) child++;
    if (!precedes(probabilities, heap[child], heap[root])) return;
    ck_index moved = heap[root];
    heap[root] = heap[child];
    heap[child] = moved;
  }
}

static double fill_probabilities(ck_index count, const float *logits, double temperature, ck_index *order, double *probabilities) {
  double largest = (double)logits[ck_argmax(count, logits)], total = 0;
  for (ck_index j = 0; j < count; j++) {
    probabilities[j] = ck_exp64(((double)logits[j] - largest) / temperature);
    total += probabilities[j];
    order[j] = j;
  }
  return total;
}

/// Puts the kept tokens at the end of `order`, the most likely last, and gives how many and their sum. A heap, since of tens of
/// thousands of tokens a few are kept.
static ck_index keep(ck_index count, double wanted, ck_index *order, const double *probabilities, double *kept_sum) {
  for (ck_index root = count / 2; root-- > 0;) sift(probabilities, order, root, count);
  ck_index kept = 0;
  for (*kept_sum = 0; kept < count && (kept == 0 || *kept_sum < wanted); kept++) {
    ck_index last = count - 1 - kept, best = order[0];
    order[0] = order[last];
    order[last] = best;
    sift(probabilities, order, 0, last);
    *kept_sum += probabilities[best];
  }
  return kept;
}

typedef struct sample_arguments {
  ck_index count;
  const float *logits;
  double temperature, top_p;
  uint64_t bits;  // the two words' upper 53
  ck_index *order;
  double *probabilities;
  ck_index *token;
} sample_arguments;

static void sample_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker, (void)first, (void)last;
  const sample_arguments *s = arguments;
  double total = fill_probabilities(s->count, s->logits, s->temperature, s->order, s->probabilities), kept_sum;
  ck_index kept = keep(s->count, s->top_p * total, s->order, s->probabilities, &kept_sum);
  double threshold = (double)s->bits * 0x1p-53 * kept_sum, sum = 0;
  *s->token = s->order[s->count - kept];
  for (ck_index rank = 0; rank < kept; rank++) {
    ck_index candidate = s->order[s->count - 1 - rank];
    sum += s->probabilities[candidate];
    if (sum > threshold) {
      *s->token = candidate;
      return;
    }
  }
}

ck_index engine_sample(
  ck_index count, const float *logits, double temperature, double top_p, const uint32_t words[_Nonnull 2], ck_index *order,
  double *probabilities) {
  ck_index token;
  const uint64_t bits = ((uint64_t)words[0] << 32 | words[1]) >> 11;
  const sample_arguments s = {count, logits, temperature, top_p, bits, order, probabilities, &token};
  ck_call(sample_body, &s);
  return token;
}
