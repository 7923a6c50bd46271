// Prints the known answer of each operator on every vector path that this machine has, with one to three threads, and in an environment that
// flushes denormals and rounds towards zero. Exit code 1 where one is not the number of docs/numerics.md, section 15.
// tools/arm64 builds it for another processor; `soulpack engine selfcheck` asks the same of the kernels it is linked with.
#include "known_answers.h"

#include <inttypes.h>
#include <stdio.h>

static int differing;

static void report(ck_index index, uint64_t answer, const char *path, int threads, const char *environment) {
  const uint64_t expected = ck_known_answer_expected(index);
  differing += answer != expected;
  if (answer == expected && threads > 1) return;
  printf("answer %s %016" PRIx64 " %s, %d threads, %s\n", ck_known_answer_name(index), answer, path, threads, answer == expected ? environment : "differs");
}

// The worker threads of a pool have an environment of their own; a pool made in a hostile one would hand it on.
static void ask(ck_path path, int threads, bool hostile) {
  ck_environment before = ck_environment_enter();
  if (hostile) (void)ck_test_environment_make_hostile();
  ck_pool *pool = ck_pool_create(threads);
  for (ck_index i = 0; i < ck_known_answer_count(); i++)
    report(i, ck_known_answer_compute(pool, i), ck_path_name(path), threads, hostile ? "hostile" : "plain");
  ck_pool_destroy(pool);
  ck_environment_leave(before);
}

int main(void) {
  for (ck_path path = CK_PATH_GENERIC; path <= CK_PATH_AVX512; path++)
    for (int threads = 1; threads <= 3 && ck_path_force(path); threads++) {
      ask(path, threads, false);
      ask(path, threads, true);
    }
  fprintf(stderr, "%d of the known answers differ\n", differing);
  return differing > 0;
}
