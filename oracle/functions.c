// Sections 2, 3 and 13: reductions, own functions, randomness.
#include "oracle.h"

#include <math.h>
#include <string.h>

static int32_t bits32(float x) {
  int32_t i;
  memcpy(&i, &x, sizeof i);
  return i;
}

static float float32_of(int32_t i) {
  float x;
  memcpy(&x, &i, sizeof x);
  return x;
}

static int64_t bits64(double x) {
  int64_t i;
  memcpy(&i, &x, sizeof i);
  return i;
}

static double float64_of(int64_t i) {
  double x;
  memcpy(&x, &i, sizeof x);
  return x;
}

// MARK: Reductions

enum { LANES = 64 };

static float add_lanes(float lane[LANES]) {
  for (size_t w = LANES / 2; w >= 1; w /= 2)
    for (size_t l = 0; l < w; l++) lane[l] = lane[l] + lane[l + w];
  return lane[0];
}

float sum64(size_t count, const float *e) {
  float lane[LANES] = {0};
  for (size_t i = 0; i < count; i++) lane[i % LANES] = lane[i % LANES] + e[i];
  return add_lanes(lane);
}

float dot64(size_t count, const float *a, const float *b) {
  float lane[LANES] = {0};
  for (size_t i = 0; i < count; i++) lane[i % LANES] = fmaf(a[i], b[i], lane[i % LANES]);
  return add_lanes(lane);
}

float max64(size_t count, const float *e) {
  float lane[LANES];
  for (size_t l = 0; l < LANES; l++) lane[l] = -INFINITY;
  for (size_t i = 0; i < count; i++) lane[i % LANES] = e[i] > lane[i % LANES] ? e[i] : lane[i % LANES];
  for (size_t w = LANES / 2; w >= 1; w /= 2)
    for (size_t l = 0; l < w; l++) lane[l] = lane[l + w] > lane[l] ? lane[l + w] : lane[l];
  return lane[0];
}

double pairwise(size_t count, double *values) {
  if (count == 0) return 0;
  while (count > 1) {
    size_t next = 0;
    for (size_t i = 0; i + 1 < count; i += 2) values[next++] = values[i] + values[i + 1];
    if (count % 2 == 1) values[next++] = values[count - 1];
    count = next;
  }
  return values[0];
}

// MARK: float32

static float horner32(float x, size_t count, const float *c) {
  float y = c[0];
  for (size_t j = 1; j < count; j++) y = fmaf(y, x, c[j]);
  return y;
}

static float pow2_32(int32_t i) { return float32_of((i + 127) * (1 << 23)); }

// An arithmetic shift, which C leaves to the compiler for negative numbers.
static int64_t shift_right(int64_t i, unsigned by) {
  const int64_t unit = (int64_t)1 << by;
  return i >= 0 ? i / unit : -((-i + unit - 1) / unit);
}

float exp32(float x) {
  static const float c[] = {0x1.9f0888p-13f, 0x1.6d8d1ap-10f, 0x1.11127p-7f, 0x1.55548ep-5f, 0x1.555554p-3f, 0x1p-1f};
  x = x > 89 ? 89 : x;
  x = x < -104 ? -104 : x;
  const float t = fmaf(x, 0x1.715476p+0f, 0x1.8p+23f);
  const float n = t - 0x1.8p+23f;
  float r = fmaf(n, -0x1.62e43p-1f, x);
  r = fmaf(n, 0x1.05c61p-29f, r);
  const float q = horner32(r, sizeof c / sizeof *c, c);
  const float rr = r * r;
  const float e = 1 + fmaf(q, rr, r);
  const int32_t i = bits32(t) - 0x4B400000;
  const int32_t h = (int32_t)shift_right(i, 1);
  const float first = e * pow2_32(h);
  return first * pow2_32(i - h);
}

float log32(float x) {
  static const float c[] = {0x1.1457ap-4f,   -0x1.de3c14p-4f, 0x1.e6f06cp-4f,  -0x1.fc2208p-4f, 0x1.233768p-3f,
                            -0x1.555c4ep-3f, 0x1.99a4b6p-3f,  -0x1.000006p-2f, 0x1.555548p-2f};
  if (x == 0) return -INFINITY;
  if (x < 0) return NAN;
  if (x == INFINITY) return x;
  const bool tiny = x < 0x1p-126f;
  float y = tiny ? x * 0x1p+23f : x;
  const int32_t o = bits32(y) - 0x3F3504F3;
  const float n = (float)(shift_right(o, 23) - (tiny ? 23 : 0));
  const float f = float32_of((int32_t)((uint32_t)o & 0x7FFFFF) + 0x3F3504F3) - 1;
  const float z = f * f;
  const float p = horner32(f, sizeof c / sizeof *c, c);
  const float fz = f * z;
  const float fzp = fz * p;
  y = fmaf(n, 0x1.7f7d1cp-20f, fzp);
  y = fmaf(-0.5f, z, y);
  const float fy = f + y;
  return fmaf(n, 0x1.62e4p-1f, fy);
}

float sigmoid32(float x) {
  const float e = exp32(-fabsf(x));
  return (x < 0 ? e : 1) / (1 + e);
}

float tanh32(float x) {
  static const float c[] = {-0x1.75a206p-8f, 0x1.5218e6p-6f, -0x1.b83a58p-5f, 0x1.110718p-3f, -0x1.555532p-2f};
  const float a = fabsf(x);
  if (a < 0.625f) {
    const float z = a * a;
    const float az = a * z;
    return copysignf(fmaf(az, horner32(z, sizeof c / sizeof *c, c), a), x);
  }
  const float e = exp32(-2 * a);
  return copysignf((1 - e) / (1 + e), x);
}

// MARK: binary64

// 1/n! for n = 2 … 18, and 1/n for n = 3, 5 … 21, as the page lists them.
static const double factorials[] = {
  0x1p-1,
  0x1.5555555555555p-3,
  0x1.5555555555555p-5,
  0x1.1111111111111p-7,
  0x1.6c16c16c16c17p-10,
  0x1.a01a01a01a01ap-13,
  0x1.a01a01a01a01ap-16,
  0x1.71de3a556c734p-19,
  0x1.27e4fb7789f5cp-22,
  0x1.ae64567f544e4p-26,
  0x1.1eed8eff8d898p-29,
  0x1.6124613a86d09p-33,
  0x1.93974a8c07c9dp-37,
  0x1.ae7f3e733b81fp-41,
  0x1.ae7f3e733b81fp-45,
  0x1.952c77030ad4ap-49,
  0x1.6827863b97d97p-53,
};
static const double odd_parts[] = {
  0x1.5555555555555p-2, 0x1.999999999999ap-3, 0x1.2492492492492p-3, 0x1.c71c71c71c71cp-4, 0x1.745d1745d1746p-4,
  0x1.3b13b13b13b14p-4, 0x1.1111111111111p-4, 0x1.e1e1e1e1e1e1ep-5, 0x1.af286bca1af28p-5, 0x1.8618618618618p-5,
};

// 1/n!
static double factorial_part(int n) { return factorials[n - 2]; }

static double pow2_64(int64_t i) { return float64_of((i + 1023) * ((int64_t)1 << 52)); }

double exp64(double x) {
  x = x > 710 ? 710 : x;
  x = x < -746 ? -746 : x;
  const double t = fma(x, 0x1.71547652b82fep+0, 0x1.8p+52);
  const double n = t - 0x1.8p+52;
  double r = fma(n, -0x1.62e42fefa39efp-1, x);
  r = fma(n, -0x1.abc9e3b39803fp-56, r);
  double q = factorial_part(13);
  for (int j = 12; j >= 2; j--) q = fma(q, r, factorial_part(j));
  const double rr = r * r;
  const double e = 1 + fma(q, rr, r);
  const int64_t i = bits64(t) - 0x4338000000000000;
  const int64_t h = shift_right(i, 1);
  const double first = e * pow2_64(h);
  return first * pow2_64(i - h);
}

double log64(double x) {
  if (x == 0) return -(double)INFINITY;
  if (x == (double)INFINITY) return x;
  int64_t a = 0;
  if (x < 0x1p-1022) {
    x = x * 0x1p+54;
    a = 54;
  }
  const int64_t o = bits64(x) - 0x3FE6A09E667F3BCD;
  const double n = (double)(shift_right(o, 52) - a);
  const double f = float64_of((int64_t)((uint64_t)o & 0xFFFFFFFFFFFFF) + 0x3FE6A09E667F3BCD) - 1;
  const double s = f / (2 + f);
  const double z = s * s;
  double p = odd_parts[9];
  for (int j = 8; j >= 0; j--) p = fma(p, z, odd_parts[j]);
  const double w = s + s;
  const double wz = w * z;
  const double y = fma(wz, p, w);
  return fma(n, 0x1.62e42fefa4p-1, fma(n, -0x1.8432a1b0e2634p-43, y));
}

typedef struct Turn {
  double sine, cosine;
  int64_t quarter;  // 0 … 3
} Turn;

static Turn reduce(double x) {
  const double t = fma(x, 0x1.45f306dc9c883p-1, 0x1.8p+52);
  const double n = t - 0x1.8p+52;
  double r = fma(n, -0x1.921fb54442d18p+0, x);
  r = fma(n, -0x1.1a62633145c07p-54, r);
  const double z = r * r;
  double p = factorial_part(17);
  for (int j = 15; j >= 3; j -= 2) p = fma(p, z, j % 4 == 3 ? -factorial_part(j) : factorial_part(j));
  double q = -factorial_part(18);
  for (int j = 16; j >= 4; j -= 2) q = fma(q, z, j % 4 == 2 ? -factorial_part(j) : factorial_part(j));
  const double rz = r * z;
  const double zz = z * z;
  return (Turn){.sine = fma(rz, p, r), .cosine = fma(zz, q, fma(-0.5, z, 1)), .quarter = bits64(t) & 3};
}

double sin64(double x) {
  const Turn turn = reduce(x);
  const double y = turn.quarter & 1 ? turn.cosine : turn.sine;
  return turn.quarter & 2 ? -y : y;
}

double cos64(double x) {
  const Turn turn = reduce(x);
  const double y = turn.quarter & 1 ? turn.sine : turn.cosine;
  return (turn.quarter + 1) & 2 ? -y : y;
}

// MARK: Randomness

void philox(const uint32_t counter[4], const uint32_t key[2], uint32_t word[4]) {
  uint32_t c[4] = {counter[0], counter[1], counter[2], counter[3]};
  uint32_t k[2] = {key[0], key[1]};
  for (int round = 0; round < 10; round++) {
    const uint64_t first = (uint64_t)0xD2511F53 * c[0];
    const uint64_t second = (uint64_t)0xCD9E8D57 * c[2];
    const uint32_t next[4] = {
      (uint32_t)(second >> 32) ^ c[1] ^ k[0], (uint32_t)second, (uint32_t)(first >> 32) ^ c[3] ^ k[1], (uint32_t)first};
    memcpy(c, next, sizeof c);
    k[0] += 0x9E3779B9;
    k[1] += 0xBB67AE85;
  }
  memcpy(word, c, sizeof c);
}

static void block_of(Stream stream, uint64_t b, uint32_t word[4]) {
  const uint32_t counter[4] = {(uint32_t)b, (uint32_t)(b >> 32), stream.step, stream.stream};
  const uint32_t key[2] = {(uint32_t)stream.seed, (uint32_t)(stream.seed >> 32)};
  philox(counter, key, word);
}

void fill_uniform(Stream stream, size_t count, size_t fan_in, float *x) {
  const float bound = (float)(1 / sqrt((double)fan_in));
  for (size_t i = 0; i < count; i++) {
    uint32_t word[4];
    block_of(stream, i / 4, word);
    const float c = (float)(2 * (int32_t)(word[i % 4] >> 8) - (1 << 24));
    const float unit = c * 0x1p-24f;
    x[i] = unit * bound;
  }
}

void fill_normal(Stream stream, size_t count, double deviation, float *x) {
  for (size_t i = 0; i < count; i++) {
    uint32_t word[4];
    block_of(stream, i / 4, word);
    const size_t pair = i % 4 / 2 * 2;
    const double uniform = ((double)word[pair] + 1) * 0x1p-32;
    const double radius = sqrt(-2 * log64(uniform));
    const double turns = (double)word[pair + 1] * 0x1p-32;
    const double angle = 0x1.921fb54442d18p+2 * turns;
    const double normal = radius * (i % 2 == 0 ? cos64(angle) : sin64(angle));
    x[i] = (float)(deviation * normal);
  }
}

void permutation(Stream stream, size_t count, size_t *order) {
  for (size_t i = 0; i < count; i++) order[i] = i;
  for (size_t i = count; i-- > 1;) {
    uint32_t word[4];
    block_of(stream, i, word);
    // The upper 64 bits of W·(i + 1), for counts below 2³².
    const uint64_t n = i + 1;
    const size_t j = (size_t)((word[1] * n + (word[0] * n >> 32)) >> 32);
    const size_t kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
}

float preference_coefficient(double chosen, double rejected, double reference_chosen, double reference_rejected, double beta, size_t pairs, double *loss) {
  const double first = reference_chosen - chosen;
  const double second = reference_rejected - rejected;
  const double difference = first - second;
  const double u = beta * difference;
  const double e = exp64(u < 0 ? u : -u);
  *loss = log64(1 + e) + (u < 0 ? -u : 0);
  const double a = (u < 0 ? 1 : e) / (1 + e);
  const double share = a * beta;
  return (float)(share / (double)pairs);
}

void dropout(size_t width, uint32_t example, uint32_t token, uint64_t seed, uint32_t module, double probability, const float *x, float *y) {
  const double threshold = floor(probability * 0x1p+32);
  const float factor = (float)(1 / (1 - probability));
  for (size_t j = 0; j < width; j++) {
    const uint32_t counter[4] = {(uint32_t)(j / 4), token, example, module};
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t word[4];
    philox(counter, key, word);
    y[j] = (double)word[j % 4] >= threshold ? x[j] * factor : 0;
  }
}

uint16_t narrow_bfloat16(float x) {
  const uint32_t i = (uint32_t)bits32(x);
  return (uint16_t)((i + 0x7FFF + ((i >> 16) & 1)) >> 16);
}

float widen_bfloat16(uint16_t x) { return float32_of((int32_t)((uint32_t)x << 16)); }

float widen_float16(uint16_t x) {
  const int exponent = x >> 10 & 31, fraction = x & 1023;
  float y = ldexpf((float)fraction, -24);  // IEEE 754, 3.4: a denormal's unit is 2⁻²⁴.
  if (exponent > 0) y = ldexpf((float)(1024 + fraction), exponent - 25);
  if (exponent == 31) y = fraction ? NAN : INFINITY;
  return x >> 15 ? -y : y;
}
