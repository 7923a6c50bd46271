// The table of vector bodies of one path. Every operator is an entry point (norm.c, …), which splits its output into ranges, and a
// body (in norm.h, …), which computes a range. path_generic.c, path_avx2.c and path_avx512.c compile all bodies for their width.
#ifndef CK_PATHS_H
#define CK_PATHS_H

#include "ckernels.h"

#pragma clang assume_nonnull begin

typedef struct ck_worker ck_worker;

/// Computes outputs first … last − 1 of an operator; `arguments` is the operator's own struct.
typedef void ck_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last);

typedef struct ck_bodies {
  // The register tile of a product: rows of a by columns of b. A packed operand is laid out in panels of `tile_columns`.
  ck_index tile_rows, tile_columns;
  // Products of so few columns have a tile of their own, and lay out nothing once for all; 0 where there is none.
  ck_index narrow_columns;
  ck_body *product, *pack;
  ck_body *rows_add, *column_sums, *scale, *add, *widen, *narrow_bfloat16, *first_nonfinite;
  ck_body *exp, *log, *tanh, *sigmoid, *function64;
  ck_body *rmsnorm_forward, *rmsnorm_backward, *rmsnorm_weight_gradient;
  ck_body *rotary_frequencies, *rotary_tables, *rotate;
  ck_body *attention_forward, *attention_backward, *attention_step, *attention_scale;
  ck_body *silu_forward, *silu_backward;
  ck_body *embedding_forward, *embedding_backward;
  ck_body *cross_entropy, *supervised_coefficients, *loss_sum, *loss_mean, *score_sum, *argmax, *preference;
  ck_body *squared_blocks, *norm_of_blocks, *clip_factor, *adamw_begin, *adamw_update, *learning_rate;
  ck_body *fill_uniform, *kaiming_bound, *fill_normal, *dropout;
} ck_bodies;

extern const ck_bodies ck_bodies_generic;
#if defined(__x86_64__)
extern const ck_bodies ck_bodies_avx2, ck_bodies_avx512;
#endif

const ck_bodies *ck_bodies_of(ck_path path);
const ck_bodies *ck_bodies_active(void);

/// Splits outputs 0 … count − 1 into ranges of `grain` and has the pool's threads compute them, in any order, each in a clean
/// floating-point environment. Which thread computes a range changes nothing: no range reads what another one writes.
void ck_spread(ck_pool *pool, ck_body *body, const void *arguments, ck_index count, ck_index grain);

/// The same on the calling thread alone, for what is too small to share and needs no scratch memory.
void ck_call(ck_body *body, const void *arguments);

/// The worker's own memory, at least `bytes` long, 64-byte aligned, content undefined; valid until the worker asks again.
void *ck_scratch(ck_worker *worker, size_t bytes);

/// The pool's memory for what all workers of the next `ck_spread` read, as `ck_scratch` is a worker's own. For the caller, between two spreads.
void *ck_pool_scratch(ck_pool *pool, size_t bytes);

/// 64-byte aligned memory for `free`, or the end of the process with a message.
void *ck_allocate(size_t bytes);

static inline ck_index ck_least(ck_index a, ck_index b) { return a < b ? a : b; }
static inline ck_index ck_most(ck_index a, ck_index b) { return a > b ? a : b; }
static inline ck_index ck_blocks(ck_index count, ck_index block) { return (count + block - 1) / block; }
static inline ck_index ck_round_up(ck_index count, ck_index block) { return ck_blocks(count, block) * block; }

#pragma clang assume_nonnull end

#endif
