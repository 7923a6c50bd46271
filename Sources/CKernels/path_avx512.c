// The bodies for x86-64 with AVX-512: sixteen lanes, 8×48 tiles (twenty-four of thirty-two registers accumulate).
#include "paths.h"

#if defined(__x86_64__)

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512vl,avx512dq,avx512bw"))), apply_to = function)

#define CK_LANES 16
#define CK_TILE_ROWS 8
#define CK_TILE_VECTORS 3
#define CK_TILE_UNROLL 2
#define CK_TABLE ck_bodies_avx512
#include "bodies.h"

#pragma clang attribute pop

#endif
