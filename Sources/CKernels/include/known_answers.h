// One number for each operator of the contract over fixed inputs, and the number that it must be on every machine: docs/numerics.md, section 15.
// Held beside each other, the paths of one build can only show that they agree; these show that they have not moved together.
#ifndef KNOWN_ANSWERS_H
#define KNOWN_ANSWERS_H

#include "ckernels.h"

#pragma clang assume_nonnull begin

#ifdef __cplusplus
extern "C" {
#endif

/// How many operators have an answer.
ck_index ck_known_answer_count(void);
/// The operator's name without its prefix; lives as long as the process. 0 ≤ index < count.
const char *ck_known_answer_name(ck_index index);
/// What docs/numerics.md gives, as the independent program of `oracle/` computes it.
uint64_t ck_known_answer_expected(ck_index index);
/// What the active path gives, on the threads of the pool.
uint64_t ck_known_answer_compute(ck_pool *pool, ck_index index);

#ifdef __cplusplus
}
#endif

#pragma clang assume_nonnull end

#endif
