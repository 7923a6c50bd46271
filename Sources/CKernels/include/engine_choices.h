// Small arithmetic of the engine that is not an operator: derived constants, and the choice of the next token.
// The contract of ckernels.h holds here too: binary64 with its own functions, no libm, the same bits everywhere.
#ifndef ENGINE_CHOICES_H
#define ENGINE_CHOICES_H

#include "ckernels.h"

#pragma clang assume_nonnull begin

#ifdef __cplusplus
extern "C" {
#endif

/// float32(alpha / rank), or float32(alpha / √rank) where rank-stabilised.
float engine_adapter_scale(double alpha, ck_index rank, bool rank_stabilized);

/// ⌊fraction · steps⌋ in binary64.
int64_t engine_warmup_steps(double fraction, int64_t steps);

/// A token drawn from a row of logits: p[j] = exp((x[j] − max x) / temperature) in binary64; the most likely tokens (the lower index
/// first where equal) whose sum first reaches top_p of the whole are kept; the first of them whose running sum exceeds u of theirs is
/// drawn, u being the two words' upper 53 bits · 2⁻⁵³. `order` has room for `count` indices.
ck_index engine_sample(
  ck_index count, const float *logits, double temperature, double top_p, const uint32_t words[_Nonnull 2], ck_index *order,
  double *probabilities);

#ifdef __cplusplus
}
#endif

#pragma clang assume_nonnull end

#endif
