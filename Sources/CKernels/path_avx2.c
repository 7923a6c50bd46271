// The bodies for x86-64 with AVX2 and FMA: eight lanes, 4×24 tiles (twelve accumulators, three columns, one factor: all sixteen registers).
#include "paths.h"

#if defined(__x86_64__)

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define CK_LANES 8
#define CK_TILE_ROWS 4
#define CK_TABLE ck_bodies_avx2
#include "bodies.h"

#pragma clang attribute pop

#endif
