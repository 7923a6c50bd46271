// The bodies for any CPU: four lanes, the compiler's own instruction set. The other paths are this file with more lanes and a `target`
// attribute on every function, which SwiftPM takes without unsafe flags. On x86-64 without FMA in the baseline a fused multiply-add is
// a call to the C library's fmaf, exact and slow; on Arm64 it is one instruction.
#include "paths.h"

#define CK_LANES 4
#define CK_TILE_ROWS 8
#define CK_TILE_VECTORS 3
#define CK_TILE_UNROLL 1
#define CK_TABLE ck_bodies_generic
#include "bodies.h"
