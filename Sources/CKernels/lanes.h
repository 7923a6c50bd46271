// The vocabulary of vector bodies: a vector of CK_LANES floats, and the 64 logical lanes of the contract on top of it.
// A body is written once and compiled for each width; an operation on a vector is the same operation on each of its elements, so
// the width cannot be seen in a result. Every addition of elements goes through the 64 logical lanes below.
#if !defined(CK_LANES)
#error "lanes.h is for the bodies: see path_generic.c"
#endif

#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

#define CK_INLINE static inline __attribute__((always_inline))

typedef float ck_v __attribute__((ext_vector_type(CK_LANES)));
typedef int32_t ck_vi __attribute__((ext_vector_type(CK_LANES)));

CK_INLINE ck_v load(const float *p) {
  ck_v v;
  memcpy(&v, p, sizeof v);
  return v;
}

CK_INLINE void store(float *p, ck_v v) { memcpy(p, &v, sizeof v); }

// The first `count` < CK_LANES elements; the others are +0 and must not enter a reduction.
CK_INLINE ck_v load_first(const float *p, ck_index count) {
  ck_v v = 0;
  memcpy(&v, p, (size_t)count * sizeof(float));
  return v;
}

CK_INLINE void store_first(float *p, ck_v v, ck_index count) { memcpy(p, &v, (size_t)count * sizeof(float)); }

// A cast of a scalar to an ext_vector_type repeats it, without arithmetic: −0 stays −0.
CK_INLINE ck_v splat(float s) { return (ck_v)s; }

CK_INLINE ck_vi as_bits(ck_v v) {
  ck_vi bits;
  memcpy(&bits, &v, sizeof v);
  return bits;
}

CK_INLINE ck_v as_floats(ck_vi bits) {
  ck_v v;
  memcpy(&v, &bits, sizeof v);
  return v;
}

CK_INLINE ck_v choose(ck_vi mask, ck_v yes, ck_v no) { return as_floats((mask & as_bits(yes)) | (~mask & as_bits(no))); }

CK_INLINE ck_v fma_v(ck_v a, ck_v b, ck_v c) { return __builtin_elementwise_fma(a, b, c); }

CK_INLINE ck_vi lanes_below(ck_index count) {
  static const int32_t index[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  ck_vi lane;
  memcpy(&lane, index, sizeof lane);
  return lane < (ck_vi)(int32_t)count;
}

// MARK: The 64 logical lanes

enum { CK_GROUPS = 64 / CK_LANES };

typedef struct ck_lanes {
  ck_v group[CK_GROUPS];
} ck_lanes;

CK_INLINE ck_lanes lanes_start(float value) {
  ck_lanes lanes;
#pragma unroll
  for (int g = 0; g < CK_GROUPS; g++) lanes.group[g] = splat(value);
  return lanes;
}

// For w = 32, 16, … 1: lane[l] = lane[l] + lane[l + w] for l < w.
CK_INLINE float lanes_sum(const ck_lanes *lanes) {
  float lane[64];
  memcpy(lane, lanes, sizeof lane);
  for (int w = 32; w > 0; w /= 2)
    for (int l = 0; l < w; l++) lane[l] = lane[l] + lane[l + w];
  return lane[0];
}

// The same tree of compare-selects: lane[l] = lane[l + w] > lane[l] ? lane[l + w] : lane[l].
CK_INLINE float lanes_max(const ck_lanes *lanes) {
  float lane[64];
  memcpy(lane, lanes, sizeof lane);
  for (int w = 32; w > 0; w /= 2)
    for (int l = 0; l < w; l++) lane[l] = lane[l + w] > lane[l] ? lane[l + w] : lane[l];
  return lane[0];
}

// Runs the statements for each group of up to CK_LANES elements of 0 … count − 1, whole groups first. Within it: `i` the first element's index,
// `have` how many there are (CK_LANES or, once, fewer), `lane` its accumulator; it ends by giving LANE_IS the lane's next value.
#define LANE_IS(value) *lane = have == CK_LANES ? (value) : choose(lanes_below(have), (value), *lane)
#define EACH_LANE_GROUP(lanes, count, ...)                                           \
  do {                                                                               \
    ck_index whole_ = (count) / 64 * 64;                                             \
    for (ck_index base_ = 0; base_ < whole_; base_ += 64) {                          \
      _Pragma("unroll") for (int g_ = 0; g_ < CK_GROUPS; g_++) {                     \
        const ck_index i = base_ + g_ * CK_LANES;                                    \
        const ck_index have = CK_LANES;                                              \
        ck_v *lane = &(lanes).group[g_];                                             \
        __VA_ARGS__\
      }                                                                              \
    }                                                                                \
    for (ck_index i = whole_; i < (count); i += CK_LANES) {                          \
      const ck_index have = (count) - i < CK_LANES ? (count) - i : CK_LANES;         \
      ck_v *lane = &(lanes).group[(i - whole_) / CK_LANES];                          \
      __VA_ARGS__\
    }                                                                                \
  } while (0)

CK_INLINE ck_v load_some(const float *p, ck_index have) { return have == CK_LANES ? load(p) : load_first(p, have); }

CK_INLINE void store_some(float *p, ck_v v, ck_index have) {
  if (have == CK_LANES)
    store(p, v);
  else
    store_first(p, v, have);
}

// An elementwise body: runs the statements with `i` and `have` for each vector of first … last − 1.
#define EACH_VECTOR(first, last, ...)                                                \
  do {                                                                               \
    ck_index i = (first);                                                            \
    for (; i + CK_LANES <= (last); i += CK_LANES) {                                  \
      const ck_index have = CK_LANES;                                                \
      __VA_ARGS__\
    }                                                                                \
    if (i < (last)) {                                                                \
      const ck_index have = (last) - i;                                              \
      __VA_ARGS__\
    }                                                                                \
  } while (0)

CK_INLINE float sum_of_products(const float *x, const float *y, ck_index count) {
  ck_lanes sum = lanes_start(0);
  EACH_LANE_GROUP(sum, count, { LANE_IS(fma_v(load_some(x + i, have), load_some(y + i, have), *lane)); });
  return lanes_sum(&sum);
}

CK_INLINE float max_of(const float *x, ck_index count) {
  ck_lanes most = lanes_start(-__builtin_inff());
  EACH_LANE_GROUP(most, count, {
    ck_v v = load_some(x + i, have);
    LANE_IS(choose(v > *lane, v, *lane));
  });
  return lanes_max(&most);
}
