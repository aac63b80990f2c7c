/* core/pool.c - see pool.h. The only file with threads, a clock and process-wide state.
 * SPDX-License-Identifier: BSD-3-Clause */
#include "core/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

#if defined(__x86_64__)
#  define cpu_relax() __builtin_ia32_pause()
#elif defined(__aarch64__)
#  define cpu_relax() __asm__ volatile("yield")
#else
#  define cpu_relax() ((void)0)
#endif

enum { MAX_WORKERS = 255, QUICK_CALLS = 8, SPIN_TURNS = 16 };
static const int64_t POLL_EVERY_NS = 20 * 1000 * 1000;
static const int64_t QUICK_NS = 1000 * 1000;
static const int64_t SPIN_NS = 100 * 1000; /* then sleep: another library's threads may need the core */

typedef struct {
    sch_chunk body;
    void *context;
    int64_t n_chunks;
    atomic_int_fast64_t next;
    atomic_int cancelled;
    int shared; /* with workers, who do not survive a fork */
} loop;

static struct {
    pthread_mutex_t busy;  /* held by the caller whose loop is running */
    pthread_mutex_t lock;  /* guards the fields below */
    pthread_cond_t wake, done;
    int n_workers;         /* threads started */
    int wanted;            /* workers that may still join this loop */
    atomic_int running;    /* workers inside this loop; changed under the lock, watched without it */
    atomic_uint_fast64_t ticket; /* counts loops; workers watch it */
    loop *current;
} pool = {.busy = PTHREAD_MUTEX_INITIALIZER,
          .lock = PTHREAD_MUTEX_INITIALIZER,
          .wake = PTHREAD_COND_INITIALIZER,
          .done = PTHREAD_COND_INITIALIZER};

static pthread_once_t register_fork_handlers = PTHREAD_ONCE_INIT;

/* The loop this thread works for, so that sch_should_stop finds its flag; and whether the thread may ask Python. */
static unsigned generation; /* forks between the first process and this one */
static _Thread_local loop *my_loop;
static _Thread_local int is_worker;
static _Thread_local int64_t last_poll;
static _Thread_local int64_t last_clock;
static _Thread_local int calls_to_clock; /* the next asks that may go without reading the clock */

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Fork: hold the lock so that the child inherits the fields in a known state, then let the child forget the workers,
 * which do not exist there. `busy` is not taken: the forking thread may be the one that holds it (a signal handler that
 * forks while a kernel polls); the child's copy of that loop has lost its workers' chunks and must not pretend to end. */
static void before_fork(void) { pthread_mutex_lock(&pool.lock); }

static void after_fork_in_parent(void) { pthread_mutex_unlock(&pool.lock); }

static void after_fork_in_child(void)
{
    pthread_mutex_init(&pool.busy, NULL);
    pthread_mutex_init(&pool.lock, NULL);
    pthread_cond_init(&pool.wake, NULL);
    pthread_cond_init(&pool.done, NULL);
    pool.n_workers = pool.wanted = 0;
    atomic_store(&pool.running, 0);
    pool.current = NULL;
    ++generation;
    if (my_loop && my_loop->shared) atomic_store(&my_loop->cancelled, 1);
}

static void install_fork_handlers(void) { pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child); }

/* Reading the clock costs some per cent of a fast kernel's blocks: blocks that come quickly go without, in turns. */
static int ask_caller(const sch_control *control)
{
    if (is_worker || !control->poll || --calls_to_clock > 0) return 0;
    const int64_t now = now_ns();
    calls_to_clock = now - last_clock < QUICK_NS * QUICK_CALLS ? QUICK_CALLS : 1;
    last_clock = now;
    if (now - last_poll < POLL_EVERY_NS) return 0;
    last_poll = now;
    return control->poll();
}

int sch_should_stop(const sch_control *control)
{
    if (my_loop && atomic_load_explicit(&my_loop->cancelled, memory_order_relaxed)) return 1;
    if (!ask_caller(control)) return 0;
    if (my_loop) atomic_store(&my_loop->cancelled, 1);
    return 1;
}

static void run_chunks(loop *work, const sch_control *control)
{
    for (;;) {
        const int64_t chunk = atomic_fetch_add(&work->next, 1);
        if (chunk >= work->n_chunks) break;
        if (control ? sch_should_stop(control) : atomic_load_explicit(&work->cancelled, memory_order_relaxed)) {
            atomic_store(&work->cancelled, 1);
            break;
        }
        work->body(work->context, chunk);
    }
}

/* Lets a moment pass; whether to go on spinning. The clock is not read every time. */
static int spins(int64_t start, int *turn)
{
    cpu_relax();
    return ++*turn % SPIN_TURNS || now_ns() - start < SPIN_NS;
}

/* A short spin catches the next loop of a tight sequence; after that the worker sleeps. */
static void wait_for_ticket(uint64_t seen)
{
    const int64_t start = now_ns();
    int turn = 0;
    while (atomic_load_explicit(&pool.ticket, memory_order_acquire) == seen && spins(start, &turn)) continue;
}

static void *worker(void *unused)
{
    uint64_t seen = 0;
    (void)unused;
    is_worker = 1;
    for (;;) {
        wait_for_ticket(seen);
        pthread_mutex_lock(&pool.lock);
        while (atomic_load(&pool.ticket) == seen) pthread_cond_wait(&pool.wake, &pool.lock);
        seen = atomic_load(&pool.ticket);
        loop *const work = pool.current;
        if (!work || pool.wanted == 0) {
            pthread_mutex_unlock(&pool.lock);
            continue;
        }
        --pool.wanted;
        atomic_fetch_add(&pool.running, 1);
        pthread_mutex_unlock(&pool.lock);

        my_loop = work;
        run_chunks(work, NULL);
        my_loop = NULL;

        pthread_mutex_lock(&pool.lock);
        if (atomic_fetch_sub(&pool.running, 1) == 1) pthread_cond_signal(&pool.done);
        pthread_mutex_unlock(&pool.lock);
    }
    return NULL;
}

/* Starts threads up to `count`; fewer is not an error, the loop then runs on what there is. Workers take no signals:
 * those are the business of the threads that Python made. */
static void ensure_workers(int count)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    if (pool.n_workers >= count) return;
    sigfillset(&all);
    for (int s = 0; s < 4; ++s)
        sigdelset(&all, (const int[]){SIGSEGV, SIGBUS, SIGFPE, SIGILL}[s]); /* crashes stay loud */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    while (pool.n_workers < count) {
        pthread_t thread;
        if (pthread_create(&thread, &attributes, worker, NULL)) break;
        ++pool.n_workers;
    }
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void publish(loop *work, int workers)
{
    pthread_mutex_lock(&pool.lock);
    ensure_workers(workers);
    pool.current = work;
    pool.wanted = workers;
    atomic_fetch_add_explicit(&pool.ticket, 1, memory_order_release);
    pthread_cond_broadcast(&pool.wake);
    pthread_mutex_unlock(&pool.lock);
}

static struct timespec poll_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t); /* the clock of a default condition variable */
    t.tv_nsec += (long)POLL_EVERY_NS;
    if (t.tv_nsec >= 1000000000) {
        t.tv_nsec -= 1000000000;
        ++t.tv_sec;
    }
    return t;
}

/* Nobody may join any more; wait for those who did, and keep asking the caller meanwhile. */
static void retire(loop *work, const sch_control *control)
{
    const int64_t start = now_ns();
    int turn = 0;
    pthread_mutex_lock(&pool.lock);
    pool.current = NULL;
    pool.wanted = 0;
    pthread_mutex_unlock(&pool.lock);
    while (atomic_load_explicit(&pool.running, memory_order_acquire) && spins(start, &turn)) continue;
    pthread_mutex_lock(&pool.lock);
    while (atomic_load(&pool.running)) {
        const struct timespec until = poll_time();
        if (pthread_cond_timedwait(&pool.done, &pool.lock, &until) == 0 || atomic_load(&work->cancelled)) continue;
        pthread_mutex_unlock(&pool.lock); /* the poll runs Python, which may fork: never under the lock */
        if (control->poll && control->poll()) atomic_store(&work->cancelled, 1);
        pthread_mutex_lock(&pool.lock);
    }
    pthread_mutex_unlock(&pool.lock);
}

sch_status sch_par_for(const sch_control *control, int64_t n_chunks, sch_chunk body, void *context)
{
    loop work = {.body = body, .context = context, .n_chunks = n_chunks};
    int64_t workers = control->n_threads - 1;
    if (workers > n_chunks - 1) workers = n_chunks - 1;
    if (workers > MAX_WORKERS) workers = MAX_WORKERS;

    loop *const outer = my_loop;
    my_loop = &work;
    calls_to_clock = 1;
    pthread_once(&register_fork_handlers, install_fork_handlers);
    if (workers > 0 && !is_worker && pthread_mutex_trylock(&pool.busy) == 0) {
        const unsigned before = generation;
        work.shared = 1;
        publish(&work, (int)workers);
        run_chunks(&work, control);
        retire(&work, control);
        if (before == generation) pthread_mutex_unlock(&pool.busy); /* a forked child has a new one */
    } else {
        run_chunks(&work, control);
    }
    my_loop = outer;
    return atomic_load(&work.cancelled) ? SCH_CANCELLED : SCH_OK;
}
