// Sections 4 to 12: what acts on arrays.
#include "oracle.h"

#include <math.h>
#include <stdlib.h>

// MARK: Products

void product_forward(size_t tokens, size_t outputs, size_t inputs, const float *x, const float *w, float *y) {
  for (size_t t = 0; t < tokens; t++)
    for (size_t j = 0; j < outputs; j++)
      for (size_t p = 0; p < inputs; p++) y[t * outputs + j] = fmaf(x[t * inputs + p], w[j * inputs + p], y[t * outputs + j]);
}

void product_input(size_t tokens, size_t outputs, size_t inputs, const float *dy, const float *w, float *dx) {
  for (size_t t = 0; t < tokens; t++)
    for (size_t p = 0; p < inputs; p++)
      for (size_t j = 0; j < outputs; j++) dx[t * inputs + p] = fmaf(dy[t * outputs + j], w[j * inputs + p], dx[t * inputs + p]);
}

void product_weight(size_t tokens, size_t outputs, size_t inputs, const float *dy, const float *x, float *dw) {
  for (size_t j = 0; j < outputs; j++)
    for (size_t p = 0; p < inputs; p++)
      for (size_t t = 0; t < tokens; t++) dw[j * inputs + p] = fmaf(dy[t * outputs + j], x[t * inputs + p], dw[j * inputs + p]);
}

// MARK: Bias

void bias_forward(size_t tokens, size_t outputs, const float *bias, float *y) {
  for (size_t t = 0; t < tokens; t++)
    for (size_t j = 0; j < outputs; j++) y[t * outputs + j] = y[t * outputs + j] + bias[j];
}

void bias_gradient(size_t tokens, size_t outputs, const float *dy, float *sums) {
  for (size_t j = 0; j < outputs; j++)
    for (size_t t = 0; t < tokens; t++) sums[j] = sums[j] + dy[t * outputs + j];
}

// MARK: RMSNorm

void norm_forward(size_t rows, size_t width, float epsilon, const float *x, const float *w, float *r, float *y) {
  for (size_t t = 0; t < rows; t++) {
    const float *row = x + t * width;
    const float q = dot64(width, row, row);
    const float mean = q / (float)width;
    const float shifted = mean + epsilon;
    r[t] = 1 / sqrtf(shifted);
    for (size_t j = 0; j < width; j++) {
      const float scaled = row[j] * r[t];
      y[t * width + j] = scaled * w[j];
    }
  }
}

void norm_backward(
  size_t rows, size_t width, const float *dy, const float *x, const float *w, const float *r, const float *residual, float *dx, float *dw) {
  float *g = floats(width);
  for (size_t t = 0; t < rows; t++) {
    const size_t start = t * width;
    for (size_t j = 0; j < width && dw; j++) {
      const float scaled = x[start + j] * r[t];
      dw[j] = fmaf(dy[start + j], scaled, dw[j]);
    }
    for (size_t j = 0; j < width; j++) g[j] = dy[start + j] * w[j];
    const float d = dot64(width, g, x + start);
    const float rr = r[t] * r[t];
    const float drr = d * rr;
    const float c = drr / (float)width;
    for (size_t j = 0; j < width; j++) {
      const float own = r[t] * fmaf(-c, x[start + j], g[j]);
      dx[start + j] = residual ? residual[start + j] + own : own;
    }
  }
  free(g);
}

// MARK: Rotary positions

static double stretched(Stretch stretch, double frequency) {
  const double wavelength = 0x1.921fb54442d18p+2 / frequency;
  if (stretch.factor == 0 || wavelength < stretch.original / stretch.high) return frequency;
  if (wavelength > stretch.original / stretch.low) return frequency / stretch.factor;
  const double turns = stretch.original / wavelength;
  const double s = (turns - stretch.low) / (stretch.high - stretch.low);
  const double slow = (1 - s) * frequency;
  const double fast = s * frequency;
  return slow / stretch.factor + fast;
}

void rotary_make(size_t head_dimension, double theta, Stretch stretch, Rotary *rotary) {
  rotary->half = head_dimension / 2;
  rotary->frequencies = floats(rotary->half);
  for (size_t i = 0; i < rotary->half; i++) {
    const double quotient = (double)(2 * i) / (double)head_dimension;
    const double exponent = -quotient * log64(theta);
    rotary->frequencies[i] = (float)stretched(stretch, exp64(exponent));
  }
}

typedef struct Angle {
  float cosine, sine;
} Angle;

static Angle angle_of(const Rotary *rotary, size_t position, size_t i) {
  const float angle = (float)position * rotary->frequencies[i];
  return (Angle){.cosine = (float)cos64(angle), .sine = (float)sin64(angle)};
}

void rotary_forward(const Rotary *rotary, size_t tokens, size_t heads, const size_t *positions, float *x) {
  const size_t half = rotary->half;
  for (size_t t = 0; t < tokens; t++)
    for (size_t head = 0; head < heads; head++)
      for (size_t i = 0; i < half; i++) {
        const Angle a = angle_of(rotary, positions[t], i);
        float *lower = x + (t * heads + head) * 2 * half + i;
        float *upper = lower + half;
        const float from_upper = *upper * a.sine;
        const float from_lower = *lower * a.sine;
        const float new_lower = fmaf(*lower, a.cosine, -from_upper);
        const float new_upper = fmaf(*upper, a.cosine, from_lower);
        *lower = new_lower;
        *upper = new_upper;
      }
}

void rotary_backward(const Rotary *rotary, size_t tokens, size_t heads, const size_t *positions, float *dx) {
  const size_t half = rotary->half;
  for (size_t t = 0; t < tokens; t++)
    for (size_t head = 0; head < heads; head++)
      for (size_t i = 0; i < half; i++) {
        const Angle a = angle_of(rotary, positions[t], i);
        float *lower = dx + (t * heads + head) * 2 * half + i;
        float *upper = lower + half;
        const float from_upper = *upper * a.sine;
        const float from_lower = *lower * a.sine;
        const float new_lower = fmaf(*lower, a.cosine, from_upper);
        const float new_upper = fmaf(*upper, a.cosine, -from_lower);
        *lower = new_lower;
        *upper = new_upper;
      }
}

// MARK: Attention

// The weights of query i of one head over keys 0 … i; the rows of one head lie `query_stride` and `key_stride` apart.
static void attention_weights(size_t i, size_t d, const float *q, size_t query_stride, const float *k, size_t key_stride, float *w) {
  const float scale = (float)(1 / sqrt((double)d));
  for (size_t j = 0; j <= i; j++) {
    float s = 0;
    for (size_t e = 0; e < d; e++) s = fmaf(q[i * query_stride + e], k[j * key_stride + e], s);
    w[j] = s * scale;
  }
  const float m = max64(i + 1, w);
  for (size_t j = 0; j <= i; j++) w[j] = exp32(w[j] - m);
  const float z = 1 / sum64(i + 1, w);
  for (size_t j = 0; j <= i; j++) w[j] = w[j] * z;
}

void attention_forward(Attention shape, size_t tokens, const float *q, const float *k, const float *v, float *o) {
  const size_t d = shape.head_dimension, query_stride = shape.query_heads * d, key_stride = shape.key_heads * d;
  float *w = floats(tokens);
  for (size_t head = 0; head < shape.query_heads; head++) {
    const size_t first = head * d, key_first = head / (shape.query_heads / shape.key_heads) * d;
    for (size_t i = 0; i < tokens; i++) {
      attention_weights(i, d, q + first, query_stride, k + key_first, key_stride, w);
      for (size_t e = 0; e < d; e++) {
        float sum = 0;
        for (size_t j = 0; j <= i; j++) sum = fmaf(w[j], v[j * key_stride + key_first + e], sum);
        o[i * query_stride + first + e] = sum;
      }
    }
  }
  free(w);
}

// dk and dv begin at +0: as heads and queries ascend, every one of their chains goes on in the page's order.
void attention_backward(
  Attention shape, size_t tokens, const float *q, const float *k, const float *v, const float *o, const float *d_o, float *dq, float *dk,
  float *dv) {
  const size_t d = shape.head_dimension, query_stride = shape.query_heads * d, key_stride = shape.key_heads * d;
  float *w = floats(tokens), *u = floats(tokens);
  const float scale = (float)(1 / sqrt((double)d));
  for (size_t head = 0; head < shape.query_heads; head++) {
    const size_t first = head * d, key_first = head / (shape.query_heads / shape.key_heads) * d;
    for (size_t i = 0; i < tokens; i++) {
      const size_t row = i * query_stride + first;
      attention_weights(i, d, q + first, query_stride, k + key_first, key_stride, w);
      const float whole = dot64(d, d_o + row, o + row);
      for (size_t j = 0; j <= i; j++) {
        float dw = 0;
        for (size_t e = 0; e < d; e++) dw = fmaf(d_o[row + e], v[j * key_stride + key_first + e], dw);
        const float centred = dw - whole;
        const float weighted = w[j] * centred;
        u[j] = weighted * scale;
      }
      for (size_t e = 0; e < d; e++) {
        float sum = 0;
        for (size_t j = 0; j <= i; j++) sum = fmaf(u[j], k[j * key_stride + key_first + e], sum);
        dq[row + e] = sum;
        for (size_t j = 0; j <= i; j++) {
          const size_t at = j * key_stride + key_first + e;
          dk[at] = fmaf(u[j], q[row + e], dk[at]);
          dv[at] = fmaf(w[j], d_o[row + e], dv[at]);
        }
      }
    }
  }
  free(w);
  free(u);
}

// MARK: Activation

void silu_forward(size_t count, const float *gate, const float *up, float *y) {
  for (size_t i = 0; i < count; i++) {
    const float activated = gate[i] * sigmoid32(gate[i]);
    y[i] = activated * up[i];
  }
}

void silu_backward(size_t count, const float *gate, const float *up, const float *dy, float *dgate, float *dup) {
  for (size_t i = 0; i < count; i++) {
    const float s = sigmoid32(gate[i]);
    const float activated = gate[i] * s;
    const float slope = s * fmaf(gate[i], 1 - s, 1);
    const float scaled = dy[i] * up[i];
    dup[i] = dy[i] * activated;
    dgate[i] = scaled * slope;
  }
}

// MARK: Loss

float cross_entropy(size_t vocabulary, float *x, size_t target, const float *coefficient) {
  const float m = max64(vocabulary, x);
  float *e = floats(vocabulary);
  for (size_t j = 0; j < vocabulary; j++) e[j] = exp32(x[j] - m);
  const float z = sum64(vocabulary, e);
  const float distance = x[target] - m;
  const float nll = log32(z) - distance;
  const float y = 1 / z;
  for (size_t j = 0; j < vocabulary && coefficient; j++) {
    const float probability = e[j] * y;
    const float error = j == target ? probability - 1 : probability;
    x[j] = error * *coefficient;
  }
  free(e);
  return nll;
}

int64_t score_of(float nll) {
  const double scaled = (double)nll * 0x1p+20;
  const double whole = floor(scaled);
  const double part = scaled - whole;
  const bool up = part > 0.5 || (part == 0.5 && fmod(whole, 2) != 0);
  return (int64_t)whole + (up ? 1 : 0);
}

// MARK: Optimiser

double norm_of_squares(size_t tensors, const size_t *counts, float *const *values) {
  enum { BLOCK = 4096 };
  size_t total = 0;
  for (size_t i = 0; i < tensors; i++) total += (counts[i] + BLOCK - 1) / BLOCK;
  double *blocks = zeros(total, sizeof(double));
  size_t next = 0;
  for (size_t i = 0; i < tensors; i++)
    for (size_t first = 0; first < counts[i]; first += BLOCK) {
      const size_t count = counts[i] - first < BLOCK ? counts[i] - first : BLOCK;
      blocks[next++] = dot64(count, values[i] + first, values[i] + first);
    }
  const double norm = sqrt(pairwise(total, blocks));
  free(blocks);
  return norm;
}

float clip_factor(double norm, double limit) {
  if (limit <= 0) return 1;
  const double q = limit / (norm + 1e-6);
  return q < 1 ? (float)q : 1;
}

void adam_begin(Adam *adam, double learning_rate) {
  adam->power1 = adam->power1 * adam->beta1;
  adam->power2 = adam->power2 * adam->beta2;
  const double decay = learning_rate * adam->weight_decay;
  adam->decay = (float)(1 - decay);
  adam->c1 = (float)(1 - adam->beta1);
  adam->beta = (float)adam->beta2;
  adam->c2 = (float)(1 - adam->beta2);
  adam->eta = (float)(learning_rate / (1 - adam->power1));
  adam->rho = (float)sqrt(1 - adam->power2);
  adam->f32_epsilon = (float)adam->epsilon;
}

void adam_update(const Adam *adam, size_t count, bool decays, float clip, const float *gradient, float *parameter, float *m, float *v) {
  for (size_t i = 0; i < count; i++) {
    const float g = gradient[i] * clip;
    const float change = g - m[i];
    m[i] = fmaf(adam->c1, change, m[i]);
    const float scaled = adam->c2 * g;
    const float kept = adam->beta * v[i];
    v[i] = fmaf(scaled, g, kept);
    const float root = sqrtf(v[i]);
    const float corrected = root / adam->rho;
    const float divisor = corrected + adam->f32_epsilon;
    const float direction = m[i] / divisor;
    const float decayed = parameter[i] * (decays ? adam->decay : 1);
    parameter[i] = fmaf(-adam->eta, direction, decayed);
  }
}

double rate_of(Schedule schedule, double peak, size_t step, size_t steps, size_t warmup) {
  if (step < warmup) return peak * ((double)(step + 1) / (double)(warmup + 1));
  if (schedule == CONSTANT) return peak * 1;
  const double rest = steps > warmup ? (double)(steps - warmup) : 1;
  double p = (double)(step - warmup) / (rest > 1 ? rest : 1);
  p = p > 1 ? 1 : p;
  if (schedule == LINEAR) return peak * (1 - p);
  const double angle = 0x1.921fb54442d18p+1 * p;
  const double sum = 1 + cos64(angle);
  return peak * (0.5 * sum);
}
