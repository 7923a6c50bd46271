#include "engine_choices.h"

float engine_adapter_scale(double alpha, ck_index rank, bool rank_stabilized) {
  ck_environment environment = ck_environment_enter();
  float scale = (float)(alpha / (rank_stabilized ? __builtin_sqrt((double)rank) : (double)rank));
  ck_environment_leave(environment);
  return scale;
}

int64_t engine_warmup_steps(double fraction, int64_t steps) {
  ck_environment environment = ck_environment_enter();
  int64_t warmup = (int64_t)(fraction * (double)steps);
  ck_environment_leave(environment);
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

ck_index engine_sample(
  ck_index count, const float *logits, double temperature, double top_p, const uint32_t words[_Nonnull 2], ck_index *order,
  double *probabilities) {
  ck_environment environment = ck_environment_enter();
  double total = fill_probabilities(count, logits, temperature, order, probabilities), kept_sum;
  ck_index kept = keep(count, top_p * total, order, probabilities, &kept_sum);
  uint64_t bits = ((uint64_t)words[0] << 32 | words[1]) >> 11;
  double threshold = (double)bits * 0x1p-53 * kept_sum, sum = 0;
  ck_index chosen = order[count - kept];
  for (ck_index rank = 0; rank < kept; rank++) {
    ck_index candidate = order[count - 1 - rank];
    sum += probabilities[candidate];
    if (sum > threshold) {
      chosen = candidate;
      break;
    }
  }
  ck_environment_leave(environment);
  return chosen;
}
