// Worker threads that outlive the operators: starting threads for every product would cost half of its speed.
#include "paths.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct ck_worker {
  ck_pool *pool;
  pthread_t thread;
  void *scratch;
  size_t scratch_bytes;
};

struct ck_pool {
  int32_t threads;
  ck_worker *workers;  // workers[0] is the caller's

  // The job, written under `lock` before `generation` moves.
  ck_body *body;
  const void *arguments;
  ck_index count, grain;
  atomic_ptrdiff_t next;  // the first output that nobody took yet

  atomic_uint generation;  // the number of the job; workers wait for it to move
  atomic_int busy;         // workers that have not finished it
  atomic_bool stopping;
  pthread_mutex_t lock;
  pthread_cond_t wake, done;
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

void *ck_scratch(ck_worker *worker, size_t bytes) {
  if (worker->scratch_bytes < bytes) {
    free(worker->scratch);
    worker->scratch = ck_allocate(bytes);
    worker->scratch_bytes = bytes;
  }
  return worker->scratch;
}

static void take_ranges(ck_pool *pool, ck_worker *worker) {
  ck_environment environment = ck_environment_enter();
  for (;;) {
    ck_index first = atomic_fetch_add_explicit(&pool->next, pool->grain, memory_order_relaxed);
    if (first >= pool->count) break;
    pool->body(pool->arguments, worker, first, ck_least(first + pool->grain, pool->count));
  }
  ck_environment_leave(environment);
}

static unsigned wait_for_job(ck_pool *pool, unsigned seen) {
  for (int spin = 0; spin < SPINS_BEFORE_SLEEP; spin++) {
    unsigned now = atomic_load_explicit(&pool->generation, memory_order_acquire);
    if (now != seen) return now;
    relax();
  }
  pthread_mutex_lock(&pool->lock);
  while (atomic_load_explicit(&pool->generation, memory_order_acquire) == seen) pthread_cond_wait(&pool->wake, &pool->lock);
  unsigned now = atomic_load_explicit(&pool->generation, memory_order_acquire);
  pthread_mutex_unlock(&pool->lock);
  return now;
}

static void *worker_main(void *argument) {
  ck_worker *worker = argument;
  ck_pool *pool = worker->pool;
  // Not the present value: the first job may have been posted before this thread came to run.
  unsigned seen = 0;
  for (;;) {
    seen = wait_for_job(pool, seen);
    if (atomic_load_explicit(&pool->stopping, memory_order_relaxed)) return NULL;
    take_ranges(pool, worker);
    if (atomic_fetch_sub_explicit(&pool->busy, 1, memory_order_acq_rel) == 1) {
      pthread_mutex_lock(&pool->lock);
      pthread_cond_signal(&pool->done);
      pthread_mutex_unlock(&pool->lock);
    }
  }
}

static void post(ck_pool *pool) {
  pthread_mutex_lock(&pool->lock);
  atomic_store_explicit(&pool->busy, pool->threads - 1, memory_order_relaxed);
  atomic_fetch_add_explicit(&pool->generation, 1, memory_order_release);
  pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->lock);
}

static void wait_until_done(ck_pool *pool) {
  for (int spin = 0; spin < SPINS_BEFORE_SLEEP; spin++) {
    if (atomic_load_explicit(&pool->busy, memory_order_acquire) == 0) return;
    relax();
  }
  pthread_mutex_lock(&pool->lock);
  while (atomic_load_explicit(&pool->busy, memory_order_acquire) != 0) pthread_cond_wait(&pool->done, &pool->lock);
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
  atomic_store_explicit(&pool->stopping, true, memory_order_relaxed);
  post(pool);
  for (int32_t i = 1; i < pool->threads; i++) pthread_join(pool->workers[i].thread, NULL);
  for (int32_t i = 0; i < pool->threads; i++) free(pool->workers[i].scratch);
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
  post(pool);
  take_ranges(pool, &pool->workers[0]);
  wait_until_done(pool);
}

void ck_call(ck_body *body, const void *arguments) {
  ck_worker worker = {0};
  ck_environment environment = ck_environment_enter();
  body(arguments, &worker, 0, 1);
  ck_environment_leave(environment);
}
