// Speed of the kernels: GFLOP/s for each shape, and its share of the fused multiply-add peak measured in the same run, since other work on
// the machine moves both: both are the best of many short runs. Build and run from the repository's root:
//   clang -std=gnu17 -O2 -ISources/CKernels/include bench/kernels.c Sources/CKernels/*.c -lm -lpthread -o /tmp/bench-kernels && /tmp/bench-kernels [threads|peak]
#include "ckernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// One thread alone is timed by its own processor time, which other work on the machine does not lengthen as much.
static clockid_t measured_clock = CLOCK_THREAD_CPUTIME_ID;

static double now_seconds(void) {
  struct timespec t;
  clock_gettime(measured_clock, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// MARK: Peak: more independent chains than any unit has stages, nothing loaded or stored

enum { CHAINS = 12, PEAK_ROUNDS = 40000, PEAK_RUNS = 100 };

#define DEFINE_PEAK(name, lanes, isa)                                                                    \
  __attribute__((target(isa), noinline)) static float name(int rounds, const volatile float *factors) {  \
    typedef float vector __attribute__((ext_vector_type(lanes)));                                        \
    vector c[CHAINS], a = (vector)factors[0], b = (vector)factors[1];                                    \
    _Pragma("unroll") for (int i = 0; i < CHAINS; i++) c[i] = (vector)factors[0];                        \
    for (int r = 0; r < rounds; r++) {                                                                   \
      _Pragma("unroll") for (int i = 0; i < CHAINS; i++) c[i] = __builtin_elementwise_fma(a, b, c[i]);   \
    }                                                                                                    \
    vector s = c[0];                                                                                     \
    _Pragma("unroll") for (int i = 1; i < CHAINS; i++) s += c[i];                                        \
    return s[0];                                                                                         \
  }

#if defined(__x86_64__)
DEFINE_PEAK(peak_avx512, 16, "avx512f,fma")
DEFINE_PEAK(peak_avx2, 8, "avx2,fma")
#endif

// The best of short runs, as for the shapes: a run shorter than a time slice is seldom interrupted.
static double peak_gflops(ck_path path) {
  double best = 0;
#if defined(__x86_64__)
  volatile float sink, factors[2] = {0.5f, 0.5f};
  for (int run = 0; run < PEAK_RUNS; run++) {
    double start = now_seconds();
    sink = path == CK_PATH_AVX512 ? peak_avx512(PEAK_ROUNDS, factors) : peak_avx2(PEAK_ROUNDS, factors);
    double gflops = 2e-9 * CHAINS * (path == CK_PATH_AVX512 ? 16 : 8) * PEAK_ROUNDS / (now_seconds() - start);
    best = gflops > best ? gflops : best;
  }
  (void)sink;
#endif
  (void)path;
  return best;
}

// MARK: Shapes

typedef struct work {
  ck_pool *pool;
  ck_index m, n, k;
  float *a, *b, *c;
  ck_packed *packed;
  ck_attention attention;
} work;

typedef void operation(work *w);

static void forward(work *w) {
  ck_gemm(w->pool, w->m, w->n, w->k, (ck_matrix){w->a, w->k, 1}, (ck_matrix){w->b, 1, w->k}, w->c, w->n, false);
}
static void forward_packed(work *w) { ck_gemm_packed(w->pool, w->m, (ck_matrix){w->a, w->k, 1}, w->packed, w->c, w->n, false); }
static void input_gradient(work *w) {
  ck_gemm(w->pool, w->m, w->n, w->k, (ck_matrix){w->a, w->k, 1}, (ck_matrix){w->b, w->n, 1}, w->c, w->n, false);
}
static void weight_gradient(work *w) {
  ck_gemm(w->pool, w->m, w->n, w->k, (ck_matrix){w->a, 1, w->m}, (ck_matrix){w->b, w->n, 1}, w->c, w->n, true);
}
static void continued(work *w) {
  ck_gemm(w->pool, w->m, w->n, w->k, (ck_matrix){w->a, w->k, 1}, (ck_matrix){w->b, 1, w->k}, w->c, w->n, true);
}

static double best_seconds(operation *run, work *w) {
  double best = INFINITY;
  run(w);
  int count = 0;
  for (double total = 0; count < 2000 && (total < 0.2 || count < 5); count++) {
    double start = now_seconds();
    run(w);
    double seconds = now_seconds() - start;
    total += seconds;
    best = seconds < best ? seconds : best;
  }
  return best;
}

static float *random_floats(ck_pool *pool, ck_index count, uint32_t stream) {
  float *x = malloc((size_t)count * sizeof *x);
  ck_fill_uniform(pool, count, (ck_random){1, stream, 0}, 1, x);
  return x;
}

static void measure(ck_pool *pool, const char *name, operation *run, ck_index m, ck_index n, ck_index k) {
  work w = {.pool = pool, .m = m, .n = n, .k = k};
  w.a = random_floats(pool, m * k, 1);
  w.b = random_floats(pool, n * k, 2);
  w.c = random_floats(pool, m * n, 3);
  if (run == forward_packed) w.packed = ck_pack_create(pool, k, n, w.b, CK_FLOAT32, 1, k);
  double peak = peak_gflops(ck_path_active());
  double gflops = 2e-9 * (double)m * (double)n * (double)k / best_seconds(run, &w);
  printf("  %-34s %6td %6td %6td %8.1f GFLOP/s %5.1f %%\n", name, m, n, k, gflops, 100 * gflops / (peak * ck_pool_threads(pool)));
  ck_pack_destroy(w.packed);
  free(w.a), free(w.b), free(w.c);
}

static void attention_forward(work *w) {
  ck_index t = w->attention.segment_starts[w->attention.segments], q = w->attention.query_heads * w->attention.head_dimension;
  ck_attention_forward(w->pool, &w->attention, w->a, w->b, w->b + t * q, w->c, w->c + t * q, w->c + t * q + t * w->attention.query_heads);
}
static void attention_backward(work *w) {
  ck_index t = w->attention.segment_starts[w->attention.segments], q = w->attention.query_heads * w->attention.head_dimension;
  float *maxima = w->c + t * q, *reciprocals = maxima + t * w->attention.query_heads, *gradients = reciprocals + t * w->attention.query_heads;
  ck_attention_backward(
    w->pool, &w->attention, w->a, w->b, w->b + t * q, w->c, maxima, reciprocals, w->a, gradients, gradients + t * q, gradients + 2 * t * q);
}

// Products of a causal triangle: two forward, five backward.
static void measure_attention(ck_pool *pool, ck_index segments, ck_index length, ck_index heads, ck_index key_heads, ck_index d) {
  ck_index *starts = malloc((size_t)(segments + 1) * sizeof *starts), t = segments * length;
  for (ck_index i = 0; i <= segments; i++) starts[i] = i * length;
  work w = {.pool = pool};
  w.attention = (ck_attention){segments, starts, heads, key_heads, d, heads * d, key_heads * d, key_heads * d, heads * d, ck_attention_scale(d)};
  w.a = random_floats(pool, t * heads * d, 1);
  w.b = random_floats(pool, 2 * t * heads * d, 2);
  w.c = random_floats(pool, 4 * t * heads * d + 2 * t * heads, 3);
  double peak = peak_gflops(ck_path_active()) * ck_pool_threads(pool);
  double triangle = 1e-9 * (double)segments * (double)heads * (double)d * (double)length * (double)(length + 1);
  double forward = 2 * triangle / best_seconds(attention_forward, &w), backward = 5 * triangle / best_seconds(attention_backward, &w);
  printf("  attention %td×%td, %td/%td heads of %td: forward %.1f GFLOP/s %.1f %%, backward %.1f GFLOP/s %.1f %%\n", segments, length, heads,
    key_heads, d, forward, 100 * forward / peak, backward, 100 * backward / peak);
  free(w.a), free(w.b), free(w.c), free(starts);
}

static void do_exp(work *w) { ck_exp(w->pool, w->m, w->a, w->c); }
static void do_log(work *w) { ck_log(w->pool, w->m, w->b, w->c); }
static void do_sigmoid(work *w) { ck_sigmoid(w->pool, w->m, w->a, w->c); }
static void do_silu_forward(work *w) { ck_silu_forward(w->pool, w->m, w->a, w->b, w->c); }
static void do_add(work *w) { ck_add(w->pool, w->m, w->a, w->b, w->c); }
static void do_adamw(work *w) {
  ck_adamw_powers powers = {1, 1};
  ck_adamw_step step = ck_adamw_begin_step((ck_adamw){0.9, 0.999, 1e-8, 0.01}, 0, &powers);
  ck_adamw_update(w->pool, w->m, step, true, 1, w->a, w->c, w->c + w->m, w->b);
}
static void do_rmsnorm(work *w) { ck_rmsnorm_forward(w->pool, w->m / 576, 576, w->a, w->b, 1e-5f, w->c, w->b + 1024); }
static void do_cross_entropy(work *w) {
  static const int32_t target[4] = {1, 2, 3, 4};
  static const float coefficient[4] = {0, 0, 0, 0};
  ck_cross_entropy(w->pool, 4, w->m / 4, w->c, target, coefficient, w->b);
}

static void measure_elements(ck_pool *pool, const char *name, operation *run) {
  enum { COUNT = 192 * 1024 };
  work w = {.pool = pool, .m = COUNT};
  w.a = random_floats(pool, COUNT, 1), w.b = random_floats(pool, COUNT, 2), w.c = random_floats(pool, 2 * COUNT, 3);
  for (ck_index i = 0; i < COUNT; i++) w.b[i] = fabsf(w.b[i]);
  printf("  %-34s %8.2f G elements/s\n", name, 1e-9 * COUNT / best_seconds(run, &w));
  free(w.a), free(w.b), free(w.c);
}

int main(int count, char **arguments) {
  // For bench/peft/run.py: the peak of one thread and nothing else.
  if (count > 1 && strcmp(arguments[1], "peak") == 0) return printf("%.1f\n", peak_gflops(ck_path_active())) < 0;
  ck_pool *pool = ck_pool_create(count > 1 ? atoi(arguments[1]) : 1);
  if (ck_pool_threads(pool) > 1) measured_clock = CLOCK_MONOTONIC;
  for (ck_path path = CK_PATH_AVX512; path >= CK_PATH_AVX2; path--) {
    if (!ck_path_force(path)) continue;
    printf("%s, threads %d; measured peak of one thread %.1f GFLOP/s\n", ck_path_name(path), ck_pool_threads(pool), peak_gflops(path));
    measure(pool, "forward X·Wᵀ", forward, 1024, 1024, 1024);
    measure(pool, "forward X·Wᵀ", forward, 512, 576, 576);
    measure(pool, "forward packed", forward_packed, 1024, 1024, 1024);
    measure(pool, "forward packed", forward_packed, 512, 576, 576);
    measure(pool, "forward packed (MLP up)", forward_packed, 512, 1536, 576);
    measure(pool, "forward packed (MLP down)", forward_packed, 512, 576, 1536);
    measure(pool, "forward packed, small batch", forward_packed, 64, 576, 576);
    measure(pool, "forward packed, one token", forward_packed, 1, 576, 576);
    measure(pool, "forward packed (LM head)", forward_packed, 128, 49152, 576);
    measure(pool, "input gradient dY·W", input_gradient, 512, 576, 1536);
    measure(pool, "weight gradient dYᵀ·X", weight_gradient, 576, 1536, 512);
    measure(pool, "LoRA h = X·Aᵀ, r = 8", forward, 512, 8, 576);
    measure(pool, "LoRA h = X·Aᵀ, r = 16", forward, 512, 16, 576);
    measure(pool, "LoRA Y += h·Bᵀ, r = 8", continued, 512, 576, 8);
    measure(pool, "LoRA Y += h·Bᵀ, r = 16", continued, 512, 576, 16);
    measure(pool, "LoRA dh = dY·B, r = 8", input_gradient, 512, 8, 576);
    measure(pool, "LoRA dX += dh·A, r = 8", continued, 512, 576, 8);
    measure(pool, "LoRA dA = dhᵀ·X, r = 8", weight_gradient, 8, 576, 512);
    measure(pool, "LoRA dA = dhᵀ·X, r = 16", weight_gradient, 16, 576, 512);
    measure(pool, "LoRA dB = dYᵀ·h, r = 8", weight_gradient, 576, 8, 512);
    measure(pool, "LoRA dB = dYᵀ·h, r = 16", weight_gradient, 576, 16, 512);
    measure_attention(pool, 4, 128, 9, 3, 64);
    measure_attention(pool, 1, 512, 9, 3, 64);
    measure_attention(pool, 1, 2048, 9, 3, 64);
    measure_elements(pool, "exp", do_exp);
    measure_elements(pool, "log", do_log);
    measure_elements(pool, "sigmoid", do_sigmoid);
    measure_elements(pool, "SiLU·up", do_silu_forward);
    measure_elements(pool, "add", do_add);
    measure_elements(pool, "AdamW", do_adamw);
    measure_elements(pool, "RMSNorm of 576", do_rmsnorm);
    measure_elements(pool, "cross-entropy with gradient", do_cross_entropy);
  }
  ck_pool_destroy(pool);
}
