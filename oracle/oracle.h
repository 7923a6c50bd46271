// The oracle: docs/numerics.md computed the slow and obvious way, to hold the engine against the page.
//
// Everything here is scalar C11, follows the page and nothing else, and shares no code with the engine. float is binary32 and
// double is binary64; the compiler must not contract a product and a sum (-ffp-contract=off): a fused operation is written fmaf
// or fma. The numbers of sections are the page's.
#ifndef ORACLE_H
#define ORACLE_H

#include <float.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if FLT_EVAL_METHOD != 0
#error "every intermediate value must be rounded to its own format"
#endif

// MARK: functions.c: sections 2, 3 and 13

float sum64(size_t count, const float *e);
float dot64(size_t count, const float *a, const float *b);  // sum64(fma(a, b))
float max64(size_t count, const float *e);
double pairwise(size_t count, double *values);  // Overwrites the values.

float exp32(float x);
float log32(float x);
float sigmoid32(float x);
float tanh32(float x);
double exp64(double x);
double log64(double x);
double sin64(double x);
double cos64(double x);

typedef struct Stream {
  uint64_t seed;
  uint32_t stream, step;
} Stream;
void philox(const uint32_t counter[4], const uint32_t key[2], uint32_t word[4]);
void fill_uniform(Stream stream, size_t count, size_t fan_in, float *x);  // Kaiming's bound
void fill_normal(Stream stream, size_t count, double deviation, float *x);
void permutation(Stream stream, size_t count, size_t *order);

void dropout(size_t width, uint32_t example, uint32_t token, uint64_t seed, uint32_t module, double probability, const float *x, float *y);

// What the page has and this engine's training does not use. The coefficient is that of a chosen token.
float preference_coefficient(double chosen, double rejected, double reference_chosen, double reference_rejected, double beta, size_t pairs, double *loss);
uint16_t narrow_bfloat16(float x);
float widen_bfloat16(uint16_t x);
float widen_float16(uint16_t x);

// MARK: operators.c: sections 4 to 12

// y[t, j] goes on over p: fma(x[t, p], w[j, p], ·)
void product_forward(size_t tokens, size_t outputs, size_t inputs, const float *x, const float *w, float *y);
// dx[t, p] goes on over j: fma(dy[t, j], w[j, p], ·)
void product_input(size_t tokens, size_t outputs, size_t inputs, const float *dy, const float *w, float *dx);
// dw[j, p] goes on over t: fma(dy[t, j], x[t, p], ·)
void product_weight(size_t tokens, size_t outputs, size_t inputs, const float *dy, const float *x, float *dw);

// y[t, j] = y[t, j] + bias[j]; sums[j] goes on over t: sums[j] + dy[t, j]
void bias_forward(size_t tokens, size_t outputs, const float *bias, float *y);
void bias_gradient(size_t tokens, size_t outputs, const float *dy, float *sums);

// A norm of heads is this norm with tokens × heads rows, each as wide as a head.
void norm_forward(size_t rows, size_t width, float epsilon, const float *x, const float *w, float *r, float *y);
// `residual` and `dw` may be null; dx may be residual.
void norm_backward(
  size_t rows, size_t width, const float *dy, const float *x, const float *w, const float *r, const float *residual, float *dx, float *dw);

typedef struct Rotary {
  size_t half;  // of a head's dimension
  float *frequencies;
} Rotary;
typedef struct Stretch {
  double factor, low, high, original;  // factor 0: none
} Stretch;
void rotary_make(size_t head_dimension, double theta, Stretch stretch, Rotary *rotary);
void rotary_forward(const Rotary *rotary, size_t tokens, size_t heads, const size_t *positions, float *x);
void rotary_backward(const Rotary *rotary, size_t tokens, size_t heads, const size_t *positions, float *dx);

typedef struct Attention {
  size_t query_heads, key_heads, head_dimension;
} Attention;
// One segment. q, o: tokens × query heads × dimension; k, v: tokens × key heads × dimension.
void attention_forward(Attention shape, size_t tokens, const float *q, const float *k, const float *v, float *o);
void attention_backward(
  Attention shape, size_t tokens, const float *q, const float *k, const float *v, const float *o, const float *d_o, float *dq, float *dk,
  float *dv);

void silu_forward(size_t count, const float *gate, const float *up, float *y);
void silu_backward(size_t count, const float *gate, const float *up, const float *dy, float *dgate, float *dup);

// The loss of one row; with `coefficient` not null, dx replaces x.
float cross_entropy(size_t vocabulary, float *x, size_t target, const float *coefficient);
int64_t score_of(float nll);

double norm_of_squares(size_t tensors, const size_t *counts, float *const *values);
float clip_factor(double norm, double limit);
typedef struct Adam {
  double beta1, beta2, epsilon, weight_decay;
  double power1, power2;  // 1 before the first step
  float decay, c1, beta, c2, eta, rho, f32_epsilon;
} Adam;
void adam_begin(Adam *adam, double learning_rate);
void adam_update(const Adam *adam, size_t count, bool decays, float clip, const float *gradient, float *parameter, float *m, float *v);
typedef enum Schedule { CONSTANT, LINEAR, COSINE } Schedule;
double rate_of(Schedule schedule, double peak, size_t step, size_t steps, size_t warmup);

// MARK: model.c: section 14

enum { NAME_SIZE = 96, PROJECTIONS = 7 };
extern const char *const projection_names[PROJECTIONS];  // q, k, v, o, gate, up, down

typedef struct Config {
  size_t vocabulary, hidden, intermediate, layers, heads, key_heads, head_dimension;
  double theta, norm_epsilon, range;
  Stretch stretch;
  bool tied, head_norms;
  bool biased[PROJECTIONS];
} Config;

typedef struct Tensor {
  char name[NAME_SIZE];
  size_t rows, columns;  // A norm's weight and a bias have one row and do not decay.
  bool decays;
  float *value, *gradient, *m, *v;
} Tensor;

// In name order.
typedef struct Tensors {
  size_t count;
  Tensor *all;
} Tensors;

typedef struct Adapter {
  size_t rank;  // 0: none
  double alpha, dropout;
  bool rank_stabilized;
  bool targets[PROJECTIONS];
} Adapter;

typedef struct Example {
  size_t count;
  size_t *tokens;
  bool *supervised;
} Example;

typedef struct Model {
  Config config;
  Adapter adapter_shape;
  uint64_t seed;  // of dropout
  Tensors base, adapter;
  Rotary rotary;
} Model;

// Shapes and names; all values +0.
void model_make(Model *model, Config config, Adapter adapter);
void base_fresh(Model *model, uint64_t seed);
void adapter_fresh(Model *model, uint64_t seed);
Tensors *trained(Model *model);
// The terms that the example adds to the loss.
size_t supervised_count(const Example *example);
// nll of every supervised token, in (example, token) order. With a divisor, the trained tensors' gradients are those of the mean, and
// inputs are dropped: `first` examples of the plan stand before these.
void model_pass(Model *model, size_t first, size_t count, const Example *const *examples, size_t divisor, float *nll);

// MARK: sweep.c

// Prints a checksum of each function over many arguments: every `stride`-th pattern of a float32.
void sweep(uint32_t stride);

// MARK: answers.c: section 15

// Prints the known answer of each operator.
void answers(void);

// Memory of +0, or the end of the process.
void *zeros(size_t count, size_t size);
float *floats(size_t count);

#endif
