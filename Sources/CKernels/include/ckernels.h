// All arithmetic of training a Llama-architecture transformer, bit for bit the same on any CPU, vector width,
// number of threads and micro-batch. docs/numerics.md is the contract; this header is how to call it; known_answers.h has what each operator must give.
//
// Conventions
// - Everything is float32 unless said. Matrices are row-major; a "row stride" counts elements between rows.
// - chain(p = first … last; start; fma(x[p], y[p])) means: c = start; for p in order: c = fma(x[p], y[p], c).
// - sum64(e[i]) is 64 logical lanes and a tree; a term's lane is its index modulo 64 (docs/numerics.md, "Reductions").
// - "accumulate" continues from what is stored in the output: exactly the same bits as one longer call.
// - Inputs and outputs do not overlap unless a comment says "in place".
// - Sizes may be 0. Every function sets the floating-point environment on entry and restores it on return.
// - Running out of memory ends the process with a message, as it does in Swift.
// First call ck_pool_create, then give the pool to every operator. One pool serves one caller at a time.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

#ifdef __cplusplus
extern "C" {
#endif

/// The version of the numeric semantics: changing any result of any operator bumps it.
enum { CK_SEMANTICS_VERSION = 1 };

/// A count of elements or a stride in elements (`Int` in Swift).
typedef ptrdiff_t ck_index;

// MARK: Threads, paths, environment

typedef struct ck_pool ck_pool;

/// Starts `threads` − 1 workers that live until `ck_pool_destroy`; the caller is the remaining one. Values below 1 count as 1.
ck_pool *ck_pool_create(int32_t threads);
void ck_pool_destroy(ck_pool *_Nullable pool);
int32_t ck_pool_threads(const ck_pool *pool);
/// FOR TESTS ONLY: from now on each thread lingers by chance before each range of outputs that it takes. Changes no result.
void ck_test_pool_delay(ck_pool *pool);

/// The vector bodies. All give the same bits; `CK_PATH_GENERIC` runs on any CPU.
typedef enum ck_path { CK_PATH_GENERIC = 0, CK_PATH_AVX2 = 1, CK_PATH_AVX512 = 2 } ck_path;
bool ck_path_available(ck_path path);
/// The path that the next operator will take: the widest that the CPU has, unless one was forced.
ck_path ck_path_active(void);
/// For tests and benchmarks: takes effect at the next operator; false, and no change, where the CPU lacks it.
bool ck_path_force(ck_path path);
const char *ck_path_name(ck_path path);

/// The caller's floating-point control word, as `ck_environment_enter` found it.
typedef struct ck_environment { uint64_t saved; } ck_environment;
/// Rounding to nearest even, denormals kept (FTZ and DAZ off), exceptions masked. Operators do this for themselves.
ck_environment ck_environment_enter(void);
void ck_environment_leave(ck_environment environment);
/// FOR TESTS ONLY: makes the calling thread's environment hostile (rounding towards zero, denormals flushed) until the
/// returned value is given to `ck_environment_leave`.
ck_environment ck_test_environment_make_hostile(void);

// MARK: Products

/// A view of a matrix: element (i, j) is data[i·row_stride + j·column_stride].
typedef struct ck_matrix {
  const float *data;
  ck_index row_stride, column_stride;
} ck_matrix;

/// c[i, j] = chain(p = 0 … k−1; start; fma(a[i, p], b[p, j])), start +0, or c[i, j] where `accumulate`.
/// a is m×k, b is k×n, c is m×n with c[i·c_row_stride + j]. k = 0 stores +0 (or leaves c when accumulating).
///
/// Forward Y = X·Wᵀ (X tokens×in, W out×in):  ck_gemm(tokens, out, in, {X, in, 1}, {W, 1, in}, Y, out, false)
/// LoRA, the same chain goes on over r:        h = X·Aᵀ; s·h = ck_scale(h); ck_gemm(tokens, out, r, {sh, r, 1}, {B, 1, r}, Y, out, true)
/// (modules that share X: keep their A rows in one buffer, and one product gives all their h; each row of it is as wide as its n)
/// dX (+)= dY·W:                               ck_gemm(tokens, in, out, {dY, out, 1}, {W, in, 1}, dX, in, accumulate)
/// dW += dYᵀ·X, a chain over tokens in order:  ck_gemm(out, in, tokens, {dY, 1, out}, {X, in, 1}, dW, in, true)
void ck_gemm(
  ck_pool *pool, ck_index m, ck_index n, ck_index k, ck_matrix a, ck_matrix b, float *c, ck_index c_row_stride, bool accumulate);

/// What a chain goes on over, after the last p of a product: t = 0 … k−1 of fma(a[i, t], b[t, j], ·). a is m×k, b is k×n; k = 0 is no tail.
typedef struct ck_tail {
  ck_index k;
  ck_matrix a, b;
} ck_tail;
/// `ck_gemm`, and then `ck_gemm` of the tail into the same c, accumulating: same bits, in one pass over c. A LoRA's Y = X·Wᵀ, on over sh·Bᵀ.
void ck_gemm_with_tail(
  ck_pool *pool, ck_index m, ck_index n, ck_index k, ck_matrix a, ck_matrix b, ck_tail tail, float *c, ck_index c_row_stride, bool accumulate);

/// How the elements of a stored weight are encoded; every one of them widens to float32 exactly.
typedef enum ck_element { CK_FLOAT32 = 0, CK_BFLOAT16 = 1, CK_FLOAT16 = 2 } ck_element;

/// A frozen right-hand operand b (k×n), widened and laid out once in the order in which products read it.
typedef struct ck_packed ck_packed;
/// Forward of W (out×in): k = in, n = out, row_stride 1, column_stride in. dX of W: k = out, n = in, row_stride in, column_stride 1.
/// Takes 4·k·(n rounded up) bytes; `data` may be freed afterwards.
ck_packed *ck_pack_create(
  ck_pool *pool, ck_index k, ck_index n, const void *data, ck_element element, ck_index row_stride, ck_index column_stride);
void ck_pack_destroy(ck_packed *_Nullable packed);
/// `ck_gemm` with that operand: same bits.
void ck_gemm_packed(
  ck_pool *pool, ck_index m, ck_matrix a, const ck_packed *b, float *c, ck_index c_row_stride, bool accumulate);
/// `ck_gemm_with_tail` with that operand: same bits.
void ck_gemm_packed_with_tail(
  ck_pool *pool, ck_index m, ck_matrix a, const ck_packed *b, ck_tail tail, float *c, ck_index c_row_stride, bool accumulate);

/// y[t, j] = y[t, j] + bias[j], in place: the end of a projection with bias, after all of its chain.
void ck_rows_add(ck_pool *pool, ck_index rows, ck_index columns, const float *bias, float *y, ck_index y_row_stride);
/// sums[j] = chain over rows in order from the stored value: sums[j] = sums[j] + x[t, j]. A bias's gradient.
void ck_column_sums(ck_pool *pool, ck_index rows, ck_index columns, const float *x, ck_index x_row_stride, float *sums);

// MARK: Elements

/// y[i] = x[i]·s. In place is fine.
void ck_scale(ck_pool *pool, ck_index count, const float *x, float s, float *y);
/// y[i] = a[i] + b[i]. In place is fine (y may be a or b). Residuals, and the sum over a parameter's contribution sites.
void ck_add(ck_pool *pool, ck_index count, const float *a, const float *b, float *y);
/// y[i] = x[i] widened exactly.
void ck_widen(ck_pool *pool, ck_index count, ck_element element, const void *x, float *y);
/// y[i] = x[i] rounded to the nearest bfloat16, ties to even. Finite values only.
void ck_narrow_bfloat16(ck_pool *pool, ck_index count, const float *x, uint16_t *y);
/// The index of the first infinity or NaN, −1 where there is none.
ck_index ck_first_nonfinite(ck_pool *pool, ck_index count, const float *x);

/// y[i] = f(x[i]); in place is fine. Bounds in docs/numerics.md.
void ck_exp(ck_pool *pool, ck_index count, const float *x, float *y);
void ck_log(ck_pool *pool, ck_index count, const float *x, float *y);
void ck_tanh(ck_pool *pool, ck_index count, const float *x, float *y);
void ck_sigmoid(ck_pool *pool, ck_index count, const float *x, float *y);
/// The same in binary64. sin and cos take |x| ≤ 2²⁰.
double ck_exp64(double x);
double ck_log64(double x);
double ck_sin64(double x);
double ck_cos64(double x);

// MARK: Normalisation

/// rows×width, contiguous: q = sum64(fma(x, x)); r = 1 / √(q / width + epsilon); y = (x·r)·weight.
/// Stores r of each row into `scales`, for the backward pass.
void ck_rmsnorm_forward(
  ck_pool *pool, ck_index rows, ck_index width, const float *x, const float *weight, float epsilon, float *y, float *scales);
/// g = dy·weight; d = sum64(fma(g, x)); c = (d·(r·r)) / width; dx = r·fma(−c, x, g), plus `residual` (dx = residual + …) where given;
/// in place is fine (dx may be dy or residual).
void ck_rmsnorm_backward(
  ck_pool *pool, ck_index rows, ck_index width, const float *dy, const float *x, const float *weight, const float *scales,
  const float *_Nullable residual, float *dx);
/// dweight[j] = chain over rows in order from the stored value: fma(dy[t, j], x[t, j]·r[t]).
void ck_rmsnorm_weight_gradient(
  ck_pool *pool, ck_index rows, ck_index width, const float *dy, const float *x, const float *scales, float *dweight);

/// The same norm over each head by itself, all heads with one weight: row (t, h) is the `width` elements at t·row_stride + h·width.
/// `scales` is tokens×heads. x and y may have their own strides.
void ck_head_norm_forward(
  ck_pool *pool, ck_index tokens, ck_index heads, ck_index width, const float *x, ck_index x_row_stride, const float *weight,
  float epsilon, float *y, ck_index y_row_stride, float *scales);
/// dx takes the place of dy.
void ck_head_norm_backward(
  ck_pool *pool, ck_index tokens, ck_index heads, ck_index width, const float *x, ck_index x_row_stride, const float *weight,
  const float *scales, float *dy, ck_index dy_row_stride);
/// dweight[j] = chain over (token, head) in order, from the stored value: fma(dy[t, h, j], x[t, h, j]·r[t, h]).
void ck_head_norm_weight_gradient(
  ck_pool *pool, ck_index tokens, ck_index heads, ck_index width, const float *dy, ck_index dy_row_stride, const float *x,
  ck_index x_row_stride, const float *scales, float *dweight);

// MARK: Rotary positions

/// frequencies[i] = theta^(−2i / head_dimension), i < head_dimension / 2: binary64 inside, rounded to float32 (as Hugging Face keeps them).
void ck_rotary_frequencies(ck_index head_dimension, double theta, float *frequencies);
/// How Llama 3 stretches its positions: slow frequencies divided by `factor`, fast ones left, those between them mixed.
typedef struct ck_rotary_stretch { double factor, low_frequency_factor, high_frequency_factor, original_positions; } ck_rotary_stretch;
/// φ as above, before its rounding; w = 2π / φ. w < original / high: φ; w > original / low: φ / factor; else, with
/// s = (original / w − low) / (high − low): ((1 − s)·φ) / factor + s·φ. Binary64 inside, rounded to float32.
void ck_rotary_frequencies_stretched(ck_index head_dimension, double theta, ck_rotary_stretch stretch, float *frequencies);
/// For positions 0 … positions − 1: angle = float32(position)·frequency; cosine and sine in binary64 of it, rounded to float32.
/// Tables are positions×half.
void ck_rotary_tables(
  ck_pool *pool, ck_index positions, ck_index half, const float *frequencies, float *cosines, float *sines);
/// In place on tokens×heads×head_dimension with the given row stride between tokens; position[t] picks the row of the tables.
/// y[i] = fma(x[i], cos, −(x[i+half]·sin)); y[i+half] = fma(x[i+half], cos, x[i]·sin).
void ck_rotary_forward(
  ck_pool *pool, ck_index tokens, ck_index heads, ck_index head_dimension, const int32_t *positions, const float *cosines,
  const float *sines, float *x, ck_index row_stride);
/// The transpose: dx[i] = fma(dy[i], cos, dy[i+half]·sin); dx[i+half] = fma(dy[i+half], cos, −(dy[i]·sin)). In place.
void ck_rotary_backward(
  ck_pool *pool, ck_index tokens, ck_index heads, ck_index head_dimension, const int32_t *positions, const float *cosines,
  const float *sines, float *dx, ck_index row_stride);

// MARK: Attention

/// Causal grouped-query attention over ragged segments: token t of segment s sees segment_starts[s] … t.
typedef struct ck_attention {
  ck_index segments;
  /// segments + 1 offsets into the tokens, ascending, the first 0.
  const ck_index *segment_starts;
  /// query_heads is a multiple of key_heads; query head h reads key head h / (query_heads / key_heads).
  ck_index query_heads, key_heads, head_dimension;
  /// Row strides between tokens (q and output hold query_heads·head_dimension columns, k and v key_heads·head_dimension).
  ck_index query_stride, key_stride, value_stride, output_stride;
  /// Usually ck_attention_scale(head_dimension).
  float scale;
} ck_attention;

/// float32(1 / √head_dimension), in binary64.
float ck_attention_scale(ck_index head_dimension);
/// For each head and query i, over its keys j = 0 … i counted from the segment's start:
/// s[j] = chain(e; +0; fma(q[i, e], k[j, e]))·scale; m = max64(s); p[j] = exp(s[j] − m); z = 1 / sum64(p); w[j] = p[j]·z;
/// output[i, e] = chain(j; +0; fma(w[j], v[j, e])). Stores m and z into `maxima` and `reciprocals` (query_heads×tokens).
void ck_attention_forward(
  ck_pool *pool, const ck_attention *shape, const float *q, const float *k, const float *v, float *output, float *maxima,
  float *reciprocals);
/// D[i] = sum64 over e of fma(dO, O); dw[j] = chain(e; +0; fma(dO[i, e], v[j, e])); ds[j] = (w[j]·(dw[j] − D[i]))·scale;
/// dq[i, e] = chain(j; +0; fma(ds[j], k[j, e])); and for each key j, over (head in group, query i = j …) in order:
/// dk[j, e] = chain(+0; fma(ds, q[i, e])); dv[j, e] = chain(+0; fma(w, dO[i, e])). Strides as for q, k, v and output.
void ck_attention_backward(
  ck_pool *pool, const ck_attention *shape, const float *q, const float *k, const float *v, const float *output,
  const float *maxima, const float *reciprocals, const float *doutput, float *dq, float *dk, float *dv);
/// One token against a cache, for generation: q is query_heads×head_dimension, k and v hold `keys` rows; the bits of
/// the last token of `ck_attention_forward` over those keys.
void ck_attention_step(
  ck_pool *pool, const ck_attention *shape, ck_index keys, const float *q, const float *k, const float *v, float *output);

// MARK: Activation

/// s = sigmoid(gate); y = (gate·s)·up, elementwise.
void ck_silu_forward(ck_pool *pool, ck_index count, const float *gate, const float *up, float *y);
/// s = sigmoid(gate); dup = dy·(gate·s); dgate = (dy·up)·(s·fma(gate, 1 − s, 1)). In place: dgate may be gate, dup may be up or dy.
void ck_silu_backward(
  ck_pool *pool, ck_index count, const float *gate, const float *up, const float *dy, float *dgate, float *dup);

// MARK: Embedding

/// y[t] = table[ids[t]], widened; table is vocabulary×width, y is tokens×width. 0 ≤ id < vocabulary, checked by the caller.
void ck_embedding_forward(
  ck_pool *pool, ck_index tokens, ck_index width, const void *table, ck_element element, const int32_t *ids, float *y);
/// For tokens in order: dtable[ids[t], j] = dtable[ids[t], j] + dy[t, j], continuing from the stored value.
void ck_embedding_backward(
  ck_pool *pool, ck_index tokens, ck_index width, const int32_t *ids, const float *dy, float *dtable);

// MARK: Loss

/// tokens×vocabulary logits, contiguous. targets[t] < 0 is not supervised: nll +0 and a row of +0.
/// m = max64(x); z = sum64(exp(x − m)); nll = log(z) − (x[target] − m).
/// With `coefficients` (one per token; `ck_supervised_coefficients`, or a preference loss's own), the logits are replaced by
/// dlogits[j] = (exp(x[j] − m)·(1/z) − [j = target])·coefficient; without, they stay.
void ck_cross_entropy(
  ck_pool *pool, ck_index tokens, ck_index vocabulary, float *logits, const int32_t *targets, const float *_Nullable coefficients,
  float *nll);
/// coefficient[t] = 1 / float32(divisor) where targets[t] ≥ 0, else +0. The divisor is the step's supervised tokens.
void ck_supervised_coefficients(ck_index tokens, const int32_t *targets, ck_index divisor, float *coefficients);
/// *sum = chain over tokens in order, in binary64, from the stored value: *sum + nll[t] where targets[t] ≥ 0.
void ck_loss_sum(ck_index tokens, const float *nll, const int32_t *targets, double *sum);
/// *sum / divisor in binary64.
double ck_loss_mean(double sum, ck_index divisor);
/// *score = *score + Σ round(nll·2²⁰) (ties to even) over targets[t] ≥ 0. False, score unchanged, where an nll is not finite or ≥ 2²⁰.
bool ck_score_sum(ck_index tokens, const float *nll, const int32_t *targets, int64_t *score);
/// The first index of the largest value of a row of logits; a NaN never wins.
ck_index ck_argmax(ck_index count, const float *x);

/// The direct-preference loss of one pair, in binary64, from sums of nll (`ck_loss_sum`) under policy and reference:
/// u = beta·((reference_chosen − chosen) − (… rejected)); loss = log(1 + exp(−u)).
typedef struct ck_preference { double loss, margin; float chosen_coefficient, rejected_coefficient; } ck_preference;
/// The coefficients go to `ck_cross_entropy`: chosen = float32(σ(−u)·beta / pairs), rejected = −that.
ck_preference ck_preference_loss(
  double chosen, double rejected, double reference_chosen, double reference_rejected, double beta, ck_index pairs);

// MARK: Optimiser

/// Elements of a tensor whose squares are summed together before the tree.
enum { CK_NORM_BLOCK = 4096 };
/// blocks[b] = sum64(fma(x, x)) over elements 4096·b … of one tensor; writes ⌈count / 4096⌉ values.
void ck_squared_blocks(ck_pool *pool, ck_index count, const float *x, float *blocks);
/// The norm √(tree of all tensors' blocks in tensor-name order), in binary64; `blocks` is left as it was.
double ck_norm_of_blocks(ck_index blocks, const float *values);
/// float32(limit / (norm + 1e-6)) where that is below 1, else 1; limit ≤ 0 means no clipping: 1.
float ck_clip_factor(double norm, double limit);

/// AdamW as in Loshchilov & Hutter, arXiv 1711.05101, with PyTorch's placement of epsilon.
typedef struct ck_adamw { double beta1, beta2, epsilon, weight_decay; } ck_adamw;
/// β₁ᵗ and β₂ᵗ of the steps done; starts at {1, 1}, part of a checkpoint.
typedef struct ck_adamw_powers { double beta1_power, beta2_power; } ck_adamw_powers;
/// One step's float32 constants, from `ck_adamw_begin_step`.
typedef struct ck_adamw_step {
  float decay, beta1_complement, beta2, beta2_complement, step_size, root_correction, epsilon;
} ck_adamw_step;
/// Advances the powers by one step and derives its constants, in binary64, each rounded once to float32.
ck_adamw_step ck_adamw_begin_step(ck_adamw hyper, double learning_rate, ck_adamw_powers *powers);
/// g = gradient·clip; m += c₁·(g − m) by fma; v = fma(c₂·g, g, β₂·v); parameter = fma(−step_size, m / (√v / root_correction + ε), parameter·decay).
/// `decays` false leaves out ·decay (norm weights, biases).
void ck_adamw_update(
  ck_pool *pool, ck_index count, ck_adamw_step step, bool decays, float clip, const float *gradient, float *parameter, float *m,
  float *v);

typedef enum ck_schedule { CK_SCHEDULE_CONSTANT = 0, CK_SCHEDULE_COSINE = 1, CK_SCHEDULE_LINEAR = 2 } ck_schedule;
/// The learning rate of step `step` (from 0) of `steps`, in binary64. The first `warmup` steps rise linearly, (step + 1) / (warmup + 1).
double ck_learning_rate(ck_schedule schedule, double peak, int64_t step, int64_t steps, int64_t warmup);

// MARK: Randomness

/// Philox4x32-10 (Salmon et al., SC'11), raw.
void ck_philox(const uint32_t counter[_Nonnull 4], const uint32_t key[_Nonnull 2], uint32_t out[_Nonnull 4]);
/// A stream of random words: word i is lane i mod 4 of Philox at counter {⌊i/4⌋ low, ⌊i/4⌋ high, step, stream}, key {seed low, seed high}.
typedef struct ck_random { uint64_t seed; uint32_t stream, step; } ck_random;
/// out[i] = word first + i.
void ck_random_words(ck_random random, uint64_t first, ck_index count, uint32_t *out);
/// x[i] = ((2·(word i >> 8) − 2²⁴)·2⁻²⁴)·bound: uniform in [−bound, bound).
void ck_fill_uniform(ck_pool *pool, ck_index count, ck_random random, float bound, float *x);
/// Kaiming-uniform with a = √5: bound float32(1 / √fan_in).
float ck_kaiming_bound(ck_index fan_in);
/// Box–Muller in binary64 from words 2i, 2i+1 of each pair; x[i] = float32(deviation·z).
void ck_fill_normal(ck_pool *pool, ck_index count, ck_random random, double deviation, float *x);
/// Fisher–Yates of 0 … count − 1 (design of the order of examples in an epoch).
void ck_permutation(ck_random random, ck_index count, ck_index *order);
/// y[t, j] = kept ? x[t, j]·float32(1 / (1 − probability)) : +0. Kept is decided by (seed, module, example, token, j) alone, never by a row:
/// word j mod 4 of Philox at counter {⌊j/4⌋, token_indices[t], example_ordinals[t], module}, key = seed, kept when word ≥ ⌊probability·2³²⌋.
/// The backward pass is the same call on dy. In place is fine.
void ck_dropout(
  ck_pool *pool, ck_index tokens, ck_index width, const uint32_t *example_ordinals, const uint32_t *token_indices, uint64_t seed,
  uint32_t module, double probability, const float *x, float *y);

#ifdef __cplusplus
}
#endif

#pragma clang assume_nonnull end

#endif
