#include "CSHA256.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

#define WITH_SHA __attribute__((target("sha,sse4.1,ssse3")))
#define INLINE WITH_SHA static inline __attribute__((always_inline))

/* FIPS 180-4, section 4.2.2. */
static const uint32_t constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/* The hash as SHA256RNDS2 wants it (Intel SDM, volume 2): words a, b, e, f and c, d, g, h, each from the highest place down. */
typedef struct {
  __m128i abef, cdgh;
} hash;

INLINE hash load(const uint32_t state[8]) {
  const __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xB1);
  const __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1B);
  return (hash){_mm_alignr_epi8(badc, hgfe, 8), _mm_blend_epi16(hgfe, badc, 0xF0)};
}

INLINE void store(uint32_t state[8], hash h) {
  const __m128i feba = _mm_shuffle_epi32(h.abef, 0x1B), dchg = _mm_shuffle_epi32(h.cdgh, 0xB1);
  _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

/* Four big-endian words. */
INLINE __m128i words(const uint8_t *bytes) {
  const __m128i swapped = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)bytes), swapped);
}

/* The next four words of the message schedule, from the sixteen before them (section 6.2.2, step 1); `w` holds them in a circle. */
INLINE __m128i scheduled(const __m128i w[4], int group) {
  const __m128i last = w[(group + 3) & 3];
  const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w[group & 3], w[(group + 1) & 3]), _mm_alignr_epi8(last, w[(group + 2) & 3], 4));
  return _mm_sha256msg2_epu32(sum, last);
}

/* Four rounds (step 3). */
INLINE void four_rounds(hash *h, __m128i w, int group) {
  const __m128i sums = _mm_add_epi32(w, _mm_load_si128((const __m128i *)(constants + 4 * group)));
  h->cdgh = _mm_sha256rnds2_epu32(h->cdgh, h->abef, sums);
  h->abef = _mm_sha256rnds2_epu32(h->abef, h->cdgh, _mm_shuffle_epi32(sums, 0x0E));
}

INLINE hash added(hash a, hash b) { return (hash){_mm_add_epi32(a.abef, b.abef), _mm_add_epi32(a.cdgh, b.cdgh)}; }

WITH_SHA void sha256_compress(uint32_t state[8], const uint8_t *bytes, size_t blocks) {
  hash h = load(state);
  for (; blocks > 0; blocks--, bytes += 64) {
    hash next = h;
    __m128i w[4];
#pragma GCC unroll 16
    for (int group = 0; group < 16; group++) {
      w[group & 3] = group < 4 ? words(bytes + 16 * group) : scheduled(w, group);
      four_rounds(&next, w[group & 3], group);
    }
    h = added(h, next);
  }
  store(state, h);
}

WITH_SHA void sha256_compress_two(uint32_t a[8], const uint8_t *bytes_of_a, uint32_t b[8], const uint8_t *bytes_of_b, size_t blocks) {
  hash ha = load(a), hb = load(b);
  for (; blocks > 0; blocks--, bytes_of_a += 64, bytes_of_b += 64) {
    hash next_a = ha, next_b = hb;
    __m128i wa[4], wb[4];
#pragma GCC unroll 16
    for (int group = 0; group < 16; group++) {
      wa[group & 3] = group < 4 ? words(bytes_of_a + 16 * group) : scheduled(wa, group);
      wb[group & 3] = group < 4 ? words(bytes_of_b + 16 * group) : scheduled(wb, group);
      four_rounds(&next_a, wa[group & 3], group);
      four_rounds(&next_b, wb[group & 3], group);
    }
    ha = added(ha, next_a);
    hb = added(hb, next_b);
  }
  store(a, ha);
  store(b, hb);
}

int sha256_is_supported(void) {
  unsigned a, b, c, d;
  /* SHA is bit 29 of EBX of leaf 7 (Intel SDM, volume 2, CPUID); what has it has SSE4.1 as well. */
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1);
}

#else

int sha256_is_supported(void) { return 0; }
void sha256_compress(uint32_t state[8], const uint8_t *bytes, size_t blocks) { (void)state, (void)bytes, (void)blocks, __builtin_trap(); }
void sha256_compress_two(uint32_t a[8], const uint8_t *bytes_of_a, uint32_t b[8], const uint8_t *bytes_of_b, size_t blocks) {
  (void)a, (void)bytes_of_a, (void)b, (void)bytes_of_b, (void)blocks, __builtin_trap();
}

#endif
