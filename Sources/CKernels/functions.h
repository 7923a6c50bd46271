// Our own exp, log, tanh and sigmoid for a vector of floats, and exp, log, sin and cos in binary64. Only +, −, ×, ÷ and fma, each rounded
// once, so every lane of every CPU gives the same bits. Coefficients of the float32 polynomials are weighted minimax fits made for
// this file, rounded to float32; the binary64 ones are Taylor's. Ranges and measured bounds: docs/numerics.md, "Functions".
#if !defined(CK_LANES)
#error "functions.h is for the bodies: see path_generic.c"
#endif

// 1.5·2²³: adding it leaves the nearest integer in the low bits of the sum (ties to even).
#define ROUND_MAGIC 0x1.8p+23f
#define ROUND_MAGIC_BITS 0x4B400000

CK_INLINE ck_v power_of_two(ck_vi exponent) { return as_floats((exponent + 127) << 23); }

// e^x: n = round(x·log₂e), r = x − n·ln 2 in two steps, 1 + (r + r²·q(r)), scaled by 2ⁿ in two exact-or-once-rounded steps.
CK_INLINE ck_v exp_v(ck_v x) {
  x = choose(x > splat(89.0f), splat(89.0f), x);
  x = choose(x < splat(-104.0f), splat(-104.0f), x);
  ck_v shifted = fma_v(x, splat(0x1.715476p+0f), splat(ROUND_MAGIC));
  ck_v n = shifted - splat(ROUND_MAGIC);
  ck_v r = fma_v(n, splat(-0x1.62e43p-1f), x);
  r = fma_v(n, splat(0x1.05c61p-29f), r);
  ck_v q = fma_v(splat(0x1.9f0888p-13f), r, splat(0x1.6d8d1ap-10f));
  q = fma_v(q, r, splat(0x1.111270p-7f));
  q = fma_v(q, r, splat(0x1.55548ep-5f));
  q = fma_v(q, r, splat(0x1.555554p-3f));
  q = fma_v(q, r, splat(0x1p-1f));
  ck_v e = splat(1.0f) + fma_v(q, r * r, r);
  ck_vi exponent = as_bits(shifted) - ROUND_MAGIC_BITS;
  ck_vi half = exponent >> 1;
  return (e * power_of_two(half)) * power_of_two(exponent - half);
}

// ln x: x = 2ⁿ·(1 + f), √½ ≤ 1 + f < √2; f − f²/2 + f³·p(f), and n·ln 2 in two parts of which the first is exact.
CK_INLINE ck_v log_v(ck_v x) {
  ck_vi tiny = x < splat(0x1p-126f);
  ck_v scaled = choose(tiny, x * splat(0x1p+23f), x);
  // Moves the mantissas from √½ upwards into the next exponent.
  ck_vi offset = as_bits(scaled) - 0x3F3504F3;
  ck_v n = __builtin_convertvector((offset >> 23) - (tiny & 23), ck_v);
  ck_v f = as_floats((offset & 0x7FFFFF) + 0x3F3504F3) - splat(1.0f);
  ck_v z = f * f;
  ck_v p = fma_v(splat(0x1.1457a0p-4f), f, splat(-0x1.de3c14p-4f));
  p = fma_v(p, f, splat(0x1.e6f06cp-4f));
  p = fma_v(p, f, splat(-0x1.fc2208p-4f));
  p = fma_v(p, f, splat(0x1.233768p-3f));
  p = fma_v(p, f, splat(-0x1.555c4ep-3f));
  p = fma_v(p, f, splat(0x1.99a4b6p-3f));
  p = fma_v(p, f, splat(-0x1.000006p-2f));
  p = fma_v(p, f, splat(0x1.555548p-2f));
  ck_v y = fma_v(n, splat(0x1.7f7d1cp-20f), (f * z) * p);
  y = fma_v(splat(-0.5f), z, y);
  y = fma_v(n, splat(0x1.62e4p-1f), f + y);
  y = choose(x < splat(0.0f), splat(__builtin_nanf("")), y);
  y = choose(x == splat(0.0f), splat(-__builtin_inff()), y);
  return choose(x < splat(__builtin_inff()), y, choose(x == x, splat(__builtin_inff()), x));
}

CK_INLINE ck_v magnitude(ck_v x) { return as_floats(as_bits(x) & 0x7FFFFFFF); }

// e = exp(−|x|); (x < 0 ? e : 1) / (1 + e): no overflow on either side.
CK_INLINE ck_v sigmoid_v(ck_v x) {
  ck_v e = exp_v(-magnitude(x));
  return choose(x < splat(0.0f), e, splat(1.0f)) / (splat(1.0f) + e);
}

// On a = |x|, then the sign of x. a < 0.625: a + a·z·p(z), z = a²; else (1 − e)/(1 + e) with e = exp(−2a).
CK_INLINE ck_v tanh_v(ck_v x) {
  ck_v a = magnitude(x);
  ck_v z = a * a;
  ck_v p = fma_v(splat(-0x1.75a206p-8f), z, splat(0x1.5218e6p-6f));
  p = fma_v(p, z, splat(-0x1.b83a58p-5f));
  p = fma_v(p, z, splat(0x1.110718p-3f));
  p = fma_v(p, z, splat(-0x1.555532p-2f));
  ck_v near = fma_v(a * z, p, a);
  ck_v e = exp_v(splat(-2.0f) * a);
  ck_v far = (splat(1.0f) - e) / (splat(1.0f) + e);
  ck_v y = choose(a < splat(0.625f), near, far);
  return as_floats(as_bits(y) | (as_bits(x) & (int32_t)0x80000000));
}

// MARK: binary64, one value at a time

#define ROUND_MAGIC64 0x1.8p+52

CK_INLINE double fma_d(double a, double b, double c) { return __builtin_fma(a, b, c); }

CK_INLINE uint64_t as_bits_d(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof x);
  return bits;
}

CK_INLINE double as_double(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static inline double exp_d(double x) {
  static const double reciprocal_factorial[] = {  // 1/13!, 1/12!, … 1/2!
    0x1.6124613a86d09p-33, 0x1.1eed8eff8d898p-29, 0x1.ae64567f544e4p-26, 0x1.27e4fb7789f5cp-22,
    0x1.71de3a556c734p-19, 0x1.a01a01a01a01ap-16, 0x1.a01a01a01a01ap-13, 0x1.6c16c16c16c17p-10,
    0x1.1111111111111p-7,  0x1.5555555555555p-5,  0x1.5555555555555p-3,  0x1p-1,
  };
  x = x > 710.0 ? 710.0 : x;
  x = x < -746.0 ? -746.0 : x;
  double shifted = fma_d(x, 0x1.71547652b82fep+0, ROUND_MAGIC64);
  double n = shifted - ROUND_MAGIC64;
  double r = fma_d(n, -0x1.62e42fefa39efp-1, x);
  r = fma_d(n, -0x1.abc9e3b39803fp-56, r);
  double q = reciprocal_factorial[0];
  for (int i = 1; i < 12; i++) q = fma_d(q, r, reciprocal_factorial[i]);
  double e = 1.0 + fma_d(q, r * r, r);
  int64_t exponent = (int64_t)(as_bits_d(shifted) - as_bits_d(ROUND_MAGIC64));
  int64_t half = exponent >> 1;
  return (e * as_double((uint64_t)(half + 1023) << 52)) * as_double((uint64_t)(exponent - half + 1023) << 52);
}

static inline double log_d(double x) {
  static const double odd_reciprocal[] = {  // 1/21, 1/19, … 1/3
    0x1.8618618618618p-5, 0x1.af286bca1af28p-5, 0x1.e1e1e1e1e1e1ep-5, 0x1.1111111111111p-4, 0x1.3b13b13b13b14p-4,
    0x1.745d1745d1746p-4, 0x1.c71c71c71c71cp-4, 0x1.2492492492492p-3, 0x1.999999999999ap-3, 0x1.5555555555555p-2,
  };
  const uint64_t root_half = 0x3FE6A09E667F3BCD;
  if (!(x > 0)) return x == 0 ? -__builtin_inf() : __builtin_nan("");
  if (x == __builtin_inf()) return x;
  int64_t adjust = 0;
  if (x < 0x1p-1022) {
    x = x * 0x1p+54;
    adjust = 54;
  }
  int64_t offset = (int64_t)(as_bits_d(x) - root_half);
  double n = (double)((offset >> 52) - adjust);
  double f = as_double(((uint64_t)offset & 0xFFFFFFFFFFFFF) + root_half) - 1.0;
  double s = f / (2.0 + f);
  double z = s * s;
  double p = odd_reciprocal[0];
  for (int i = 1; i < 10; i++) p = fma_d(p, z, odd_reciprocal[i]);
  double twice = s + s;
  double y = fma_d(twice * z, p, twice);
  // 40 bits of ln 2, so that the product with n is exact, and the rest.
  return fma_d(n, 0x1.62e42fefa4p-1, fma_d(n, -0x1.8432a1b0e2634p-43, y));
}

// Cody–Waite: r = x − n·π/2 in two parts; |x| ≤ 2²⁰ keeps the first step exact.
typedef struct ck_quadrant {
  double sine, cosine;
  uint64_t number;
} ck_quadrant;

static inline ck_quadrant quadrant_d(double x) {
  static const double sine[] = {  // 1/17!, −1/15!, … −1/3!
    0x1.952c77030ad4ap-49,  -0x1.ae7f3e733b81fp-41, 0x1.6124613a86d09p-33, -0x1.ae64567f544e4p-26,
    0x1.71de3a556c734p-19,  -0x1.a01a01a01a01ap-13, 0x1.1111111111111p-7,  -0x1.5555555555555p-3,
  };
  static const double cosine[] = {  // −1/18!, 1/16!, … 1/4!
    -0x1.6827863b97d97p-53, 0x1.ae7f3e733b81fp-45,  -0x1.93974a8c07c9dp-37, 0x1.1eed8eff8d898p-29,
    -0x1.27e4fb7789f5cp-22, 0x1.a01a01a01a01ap-16,  -0x1.6c16c16c16c17p-10, 0x1.5555555555555p-5,
  };
  double shifted = fma_d(x, 0x1.45f306dc9c883p-1, ROUND_MAGIC64);
  double n = shifted - ROUND_MAGIC64;
  double r = fma_d(n, -0x1.921fb54442d18p+0, x);
  r = fma_d(n, -0x1.1a62633145c07p-54, r);
  double z = r * r;
  double p = sine[0], q = cosine[0];
  for (int i = 1; i < 8; i++) {
    p = fma_d(p, z, sine[i]);
    q = fma_d(q, z, cosine[i]);
  }
  return (ck_quadrant){fma_d(r * z, p, r), fma_d(z * z, q, fma_d(-0.5, z, 1.0)), as_bits_d(shifted) & 3};
}

static inline double sin_d(double x) {
  ck_quadrant t = quadrant_d(x);
  double y = t.number & 1 ? t.cosine : t.sine;
  return t.number & 2 ? -y : y;
}

static inline double cos_d(double x) {
  ck_quadrant t = quadrant_d(x);
  double y = t.number & 1 ? t.sine : t.cosine;
  return (t.number + 1) & 2 ? -y : y;
}
