// The floating-point environment that every kernel runs in, and the choice among the vector bodies.
#include "paths.h"

#include <stdatomic.h>

#if defined(__x86_64__)
// Intel SDM vol. 1, 10.2.3: bit 15 FTZ, 14–13 rounding (11 is towards zero), 12–7 exception masks, 6 DAZ, 5–0 sticky flags.
enum { CONTROL_DEFAULT = 0x1F80, CONTROL_HOSTILE = 0xFFC0 };
static uint64_t control_read(void) { return __builtin_ia32_stmxcsr(); }
static void control_write(uint64_t value) { __builtin_ia32_ldmxcsr((unsigned)value); }
#elif defined(__aarch64__)
// Arm ARM, FPCR: bit 24 FZ, 23–22 rounding (11 is towards zero), 25 default NaN, 12–8 trap enables; all zero is what we need.
enum { CONTROL_DEFAULT = 0, CONTROL_HOSTILE = 0x1C00000 };
static uint64_t control_read(void) {
  uint64_t value;
  __asm__ volatile("mrs %0, fpcr" : "=r"(value));
  return value;
}
static void control_write(uint64_t value) { __asm__ volatile("msr fpcr, %0" ::"r"(value)); }
#else
#error "the floating-point environment of this processor is not described here"
#endif

ck_environment ck_environment_enter(void) {
  ck_environment environment = {control_read()};
  if (environment.saved != CONTROL_DEFAULT) control_write(CONTROL_DEFAULT);
  return environment;
}

// The sticky flags that our arithmetic raised are dropped: a caller sees its own control word again, exactly.
void ck_environment_leave(ck_environment environment) { control_write(environment.saved); }

ck_environment ck_test_environment_make_hostile(void) {
  ck_environment environment = {control_read()};
  control_write(CONTROL_HOSTILE);
  return environment;
}

bool ck_path_available(ck_path path) {
  switch (path) {
    case CK_PATH_GENERIC: return true;
#if defined(__x86_64__)
    // The builtin also asks the operating system whether it saves the wide registers.
    case CK_PATH_AVX2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case CK_PATH_AVX512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("fma");
#endif
    default: return false;
  }
}

// −1 until somebody asks; threads that race here all find the same answer.
static atomic_int chosen = -1;

ck_path ck_path_active(void) {
  int path = atomic_load_explicit(&chosen, memory_order_relaxed);
  if (path >= 0) return (ck_path)path;
  path = ck_path_available(CK_PATH_AVX512) ? CK_PATH_AVX512 : ck_path_available(CK_PATH_AVX2) ? CK_PATH_AVX2 : CK_PATH_GENERIC;
  atomic_store_explicit(&chosen, path, memory_order_relaxed);
  return (ck_path)path;
}

bool ck_path_force(ck_path path) {
  if (!ck_path_available(path)) return false;
  atomic_store_explicit(&chosen, (int)path, memory_order_relaxed);
  return true;
}

const char *ck_path_name(ck_path path) {
  switch (path) {
    case CK_PATH_GENERIC: return "generic";
    case CK_PATH_AVX2: return "avx2";
    case CK_PATH_AVX512: return "avx512";
  }
  return "unknown";
}

const ck_bodies *ck_bodies_of(ck_path path) {
#if defined(__x86_64__)
  if (path == CK_PATH_AVX512) return &ck_bodies_avx512;
  if (path == CK_PATH_AVX2) return &ck_bodies_avx2;
#endif
  (void)path;
  return &ck_bodies_generic;
}

const ck_bodies *ck_bodies_active(void) { return ck_bodies_of(ck_path_active()); }
