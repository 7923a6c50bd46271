// Rotary position embedding (Su et al., arXiv 2104.09864) in Hugging Face's rotate-half layout: arguments and bodies.
#ifndef CK_ROTARY_H
#define CK_ROTARY_H

#include "paths.h"

typedef struct frequency_arguments {
  ck_index head_dimension;
  double theta;
  const ck_rotary_stretch *stretch;  // NULL: none
  float *frequencies;
} frequency_arguments;

typedef struct table_arguments {
  ck_index half;
  const float *frequencies;
  float *cosines, *sines;
} table_arguments;

typedef struct rotate_arguments {
  ck_index heads, half;
  const int32_t *positions;
  const float *cosines, *sines;
  float *x;
  ck_index row_stride;
  bool backward;
} rotate_arguments;

#endif

#if defined(CK_LANES)

static double stretched(const ck_rotary_stretch *s, double frequency) {
  double wavelength = 0x1.921fb54442d18p+2 / frequency;
  if (wavelength < s->original_positions / s->high_frequency_factor) return frequency;
  if (wavelength > s->original_positions / s->low_frequency_factor) return frequency / s->factor;
  double kept = (s->original_positions / wavelength - s->low_frequency_factor) / (s->high_frequency_factor - s->low_frequency_factor);
  return ((1 - kept) * frequency) / s->factor + kept * frequency;
}

// frequencies[i] = exp(−((2i)/d)·log θ), stretched where asked
static void rotary_frequencies_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker, (void)first, (void)last;
  const frequency_arguments *s = arguments;
  double logarithm = log_d(s->theta);
  for (ck_index i = 0; i < s->head_dimension / 2; i++) {
    double frequency = exp_d(-((double)(2 * i) / (double)s->head_dimension) * logarithm);
    s->frequencies[i] = (float)(s->stretch ? stretched(s->stretch, frequency) : frequency);
  }
}

static void rotary_tables_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker;
  const table_arguments *s = arguments;
  for (ck_index position = first; position < last; position++)
    for (ck_index i = 0; i < s->half; i++) {
      float angle = (float)position * s->frequencies[i];
      s->cosines[position * s->half + i] = (float)cos_d((double)angle);
      s->sines[position * s->half + i] = (float)sin_d((double)angle);
    }
}

// Forward turns each pair (x[i], x[i + half]) by +angle, backward by −angle.
static void rotate_body(const void *arguments, ck_worker *worker, ck_index first, ck_index last) {
  (void)worker;
  const rotate_arguments *s = arguments;
  for (ck_index t = first; t < last; t++) {
    const float *cosines = s->cosines + s->positions[t] * s->half, *sines = s->sines + s->positions[t] * s->half;
    for (ck_index head = 0; head < s->heads; head++) {
      float *low = s->x + t * s->row_stride + head * 2 * s->half, *high = low + s->half;
      EACH_VECTOR(0, s->half, {
        ck_v a = load_some(low + i, have), b = load_some(high + i, have);
        ck_v cosine = load_some(cosines + i, have), sine = load_some(sines + i, have);
        ck_v from_b = b * sine, from_a = a * sine;
        store_some(low + i, fma_v(a, cosine, s->backward ? from_b : -from_b), have);
        store_some(high + i, fma_v(b, cosine, s->backward ? -from_a : from_a), have);
      });
    }
  }
}

#endif
