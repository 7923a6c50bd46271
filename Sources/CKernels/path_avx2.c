// The bodies for x86-64 with AVX2 and FMA: eight lanes, 6×16 tiles (twelve accumulators, two columns, one factor of sixteen registers;
// 4×24 tiles need all sixteen, and the compiler spills).
#include "paths.h"

#if defined(__x86_64__)

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define CK_LANES 8
#define CK_TILE_ROWS 6
#define CK_TILE_VECTORS 2
#define CK_TILE_UNROLL 1
#define CK_TABLE ck_bodies_avx2
#include "bodies.h"

#pragma clang attribute pop

#endif
