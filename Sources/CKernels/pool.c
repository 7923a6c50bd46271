// Worker threads that outlive the operators: starting threads for every product would cost half of its speed.
#include "paths.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct scratch {
  void *memory;
  size_t bytes;
} scratch;

struct ck_worker {
  ck_pool *pool;
  pthread_t thread;
  scratch own;
  uint32_t chance;  // of a test's delays; 0 where there are none
};

// A job's gate: its number in the upper half; below it whether workers may still join, and how many are inside. A worker that comes late,
// because the system ran something else, finds the gate shut and is not waited for: the caller did its part.
#define GATE_OPEN ((uint64_t)1 << 31)
#define GATE_INSIDE (GATE_OPEN - 1)
#define GATE_JOB(gate) ((uint32_t)((gate) >> 32))

struct ck_pool {
  int32_t threads;
  ck_worker *workers;  // workers[0] is the caller's
  scratch shared;

  // The job, written only while the gate is shut and nobody is inside.
  ck_body *body;
  const void *arguments;
  ck_index count, grain;
  atomic_ptrdiff_t next;  // the first output that nobody took yet

  _Atomic(uint64_t) gate;
  atomic_bool stopping;
  pthread_mutex_t lock;
  pthread_cond_t wake, done;
  int32_t asleep;  // workers that wait for `wake`, under `lock`
};

// A worker looks this often for the next job before it sleeps: operators follow each other within microseconds,
// and a thread woken by the kernel arrives tens of microseconds late.
enum { SPINS_BEFORE_SLEEP = 4000 };

static inline void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

void *ck_allocate(size_t bytes) {
  void *memory = NULL;
  if (posix_memalign(&memory, 64, bytes ? bytes : 64) != 0) {
    fprintf(stderr, "soulpack: out of memory: %zu bytes for a kernel\n", bytes);
    abort();
  }
  return memory;
}

static void *at_least(scratch *scratch, size_t bytes) {
  if (scratch->bytes < bytes) {
    free(scratch->memory);
    scratch->memory = ck_allocate(bytes);
    scratch->bytes = bytes;
  }
  return scratch->memory;
}

void *ck_scratch(ck_worker *worker, size_t bytes) { return at_least(&worker->own, bytes); }

void *ck_pool_scratch(ck_pool *pool, size_t bytes) { return at_least(&pool->shared, bytes); }

// Up to about a hundred microseconds, so that ranges change hands in another order each time. Xorshift (Marsaglia 2003).
static void linger(ck_worker *worker) {
  worker->chance ^= worker->chance << 13;
  worker->chance ^= worker->chance >> 17;
  worker->chance ^= worker->chance << 5;
  for (uint32_t spin = worker->chance % 8 == 0 ? worker->chance >> 8 & 2047 : 0; spin > 0; spin--) relax();
}

void ck_test_pool_delay(ck_pool *pool) {
  for (int32_t i = 0; i < pool->threads; i++) pool->workers[i].chance = 0x9E3779B9u * (uint32_t)(i + 1);
}

static void take_ranges(ck_pool *pool, ck_worker *worker) {
  ck_environment environment = ck_environment_enter();
  for (;;) {
    ck_index first = atomic_fetch_add_explicit(&pool->next, pool->grain, memory_order_relaxed);
    if (first >= pool->count) break;
    if (worker->chance != 0) linger(worker);
    pool->body(pool->arguments, worker, first, ck_least(first + pool->grain, pool->count));
  }
  ck_environment_leave(environment);
}

// Returns once the gate shows another job than `seen`.
static void wait_for_job(ck_pool *pool, uint32_t seen) {
  for (int spin = 0; spin < SPINS_BEFORE_SLEEP; spin++) {
    if (GATE_JOB(atomic_load_explicit(&pool->gate, memory_order_acquire)) != seen) return;
    relax();
  }
  pthread_mutex_lock(&pool->lock);
  pool->asleep++;
  while (GATE_JOB(atomic_load_explicit(&pool->gate, memory_order_acquire)) == seen) pthread_cond_wait(&pool->wake, &pool->lock);
  pool->asleep--;
  pthread_mutex_unlock(&pool->lock);
}

// True where the worker got in. Acquire: it sees the job that was written before the gate opened.
static bool join(ck_pool *pool, uint32_t *seen) {
  uint64_t gate = atomic_load_explicit(&pool->gate, memory_order_acquire);
  do {
    *seen = GATE_JOB(gate);
    if (!(gate & GATE_OPEN)) return false;
  } while (!atomic_compare_exchange_weak_explicit(&pool->gate, &gate, gate + 1, memory_order_acq_rel, memory_order_acquire));
  return true;
}

// Release: what the worker wrote is seen by the caller that finds nobody inside.
static void leave(ck_pool *pool) {
  uint64_t gate = atomic_fetch_sub_explicit(&pool->gate, 1, memory_order_acq_rel) - 1;
  if (gate & (GATE_OPEN | GATE_INSIDE)) return;
  pthread_mutex_lock(&pool->lock);
  pthread_cond_signal(&pool->done);
  pthread_mutex_unlock(&pool->lock);
}

static void *worker_main(void *argument) {
  ck_worker *worker = argument;
  ck_pool *pool = worker->pool;
  for (uint32_t seen = 0;;) {
    wait_for_job(pool, seen);
    if (atomic_load_explicit(&pool->stopping, memory_order_acquire)) return NULL;
    if (!join(pool, &seen)) continue;
    take_ranges(pool, worker);
    leave(pool);
  }
}

static void open_gate(ck_pool *pool) {
  uint64_t next = (uint64_t)(GATE_JOB(atomic_load_explicit(&pool->gate, memory_order_relaxed)) + 1) << 32;
  pthread_mutex_lock(&pool->lock);
  atomic_store_explicit(&pool->gate, next | GATE_OPEN, memory_order_release);
  if (pool->asleep > 0) pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->lock);
}

static void shut_gate(ck_pool *pool) {
  uint64_t gate = atomic_fetch_and_explicit(&pool->gate, ~GATE_OPEN, memory_order_acq_rel);
  if ((gate & GATE_INSIDE) == 0) return;
  for (int spin = 0; spin < SPINS_BEFORE_SLEEP; spin++) {
    if ((atomic_load_explicit(&pool->gate, memory_order_acquire) & GATE_INSIDE) == 0) return;
    relax();
  }
  pthread_mutex_lock(&pool->lock);
  while ((atomic_load_explicit(&pool->gate, memory_order_acquire) & GATE_INSIDE) != 0) pthread_cond_wait(&pool->done, &pool->lock);
  pthread_mutex_unlock(&pool->lock);
}

ck_pool *ck_pool_create(int32_t threads) {
  ck_pool *pool = ck_allocate(sizeof *pool);
  *pool = (ck_pool){.threads = threads < 1 ? 1 : threads};
  pool->workers = ck_allocate((size_t)pool->threads * sizeof *pool->workers);
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->wake, NULL);
  pthread_cond_init(&pool->done, NULL);
  for (int32_t i = 0; i < pool->threads; i++) {
    pool->workers[i] = (ck_worker){.pool = pool};
    if (i > 0 && pthread_create(&pool->workers[i].thread, NULL, worker_main, &pool->workers[i]) != 0) {
      // Fewer threads give the same results.
      pool->threads = i;
    }
  }
  return pool;
}

void ck_pool_destroy(ck_pool *pool) {
  if (pool == NULL) return;
  atomic_store_explicit(&pool->stopping, true, memory_order_release);
  open_gate(pool);
  for (int32_t i = 1; i < pool->threads; i++) pthread_join(pool->workers[i].thread, NULL);
  for (int32_t i = 0; i < pool->threads; i++) free(pool->workers[i].own.memory);
  free(pool->shared.memory);
  pthread_cond_destroy(&pool->done);
  pthread_cond_destroy(&pool->wake);
  pthread_mutex_destroy(&pool->lock);
  free(pool->workers);
  free(pool);
}

int32_t ck_pool_threads(const ck_pool *pool) { return pool->threads; }

void ck_spread(ck_pool *pool, ck_body *body, const void *arguments, ck_index count, ck_index grain) {
  if (count <= 0) return;
  if (pool->threads == 1 || count <= grain) {
    ck_environment environment = ck_environment_enter();
    body(arguments, &pool->workers[0], 0, count);
    ck_environment_leave(environment);
    return;
  }
  pool->body = body;
  pool->arguments = arguments;
  pool->count = count;
  pool->grain = grain;
  atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
  open_gate(pool);
  take_ranges(pool, &pool->workers[0]);
  shut_gate(pool);
}

void ck_call(ck_body *body, const void *arguments) {
  ck_worker worker = {0};
  ck_environment environment = ck_environment_enter();
  body(arguments, &worker, 0, 1);
  ck_environment_leave(environment);
}
