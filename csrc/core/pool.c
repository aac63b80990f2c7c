/* core/pool.c - see pool.h. The only file with threads, a clock and process-wide state.
 * SPDX-License-Identifier: BSD-3-Clause */
#include "core/pool.h"
#include "core/prelude.h"

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

enum { MAX_WORKERS = 255, QUICK_CALLS = 8, SPIN_TURNS = 16, WAIT_TURNS = 4096, WAIT_NS = 20 * 1000 };
static const int64_t POLL_EVERY_NS = 20 * 1000 * 1000;
static const int64_t QUICK_NS = 1000 * 1000;
static const int64_t SPIN_NS = 100 * 1000; /* then sleep: another library's threads may need the core */

/* All that a loop needs to begin and to end among threads that are awake stands in one line of memory, which goes from core to
 * core as seldom as can be: loops of a few microseconds are worth sharing then. */
typedef struct {
    sch_chunk body;
    void *context;
    int64_t n_chunks;
    atomic_int_fast64_t next;
    atomic_int cancelled;
} loop;

/* Who works, in one number: workers inside the loop; workers that may still join it; whether the caller sleeps until they are
 * done; and how many loops there were. A worker that has joined keeps the loop from ending, one that has not must not touch it. */
static const uint64_t RUNNING = 1, WANTED = 1 << 16, CALLER_SLEEPS = UINT64_C(1) << 32, TICKET = UINT64_C(1) << 33;

static struct {
    _Alignas(SCH_LINE) loop work; /* of the caller that is not alone */
    atomic_uint_fast64_t state;
    _Alignas(SCH_LINE) atomic_int sleepers; /* workers that have to be woken */
    int n_workers; /* threads started */
    pthread_mutex_t busy; /* held by the caller whose loop is running */
    pthread_mutex_t lock; /* held by those who go to sleep, and those who wake them */
    pthread_cond_t wake, done;
} pool = {.busy = PTHREAD_MUTEX_INITIALIZER,
          .lock = PTHREAD_MUTEX_INITIALIZER,
          .wake = PTHREAD_COND_INITIALIZER,
          .done = PTHREAD_COND_INITIALIZER};

_Static_assert(sizeof(loop) + sizeof(atomic_uint_fast64_t) <= SCH_LINE, "one line");

static uint64_t running(uint64_t state) { return state / RUNNING % WANTED; }
static uint64_t wanted(uint64_t state) { return state % CALLER_SLEEPS / WANTED; }
static uint64_t ticket(uint64_t state) { return state / TICKET; }

static pthread_once_t register_fork_handlers = PTHREAD_ONCE_INIT;

/* The loop this thread works for, so that sch_should_stop finds its flag; and whether the thread may ask Python. */
static _Thread_local loop *my_loop;
static _Thread_local int is_worker;
static _Thread_local int is_busy; /* holds `busy` */
static _Thread_local int64_t last_poll;
static _Thread_local int64_t last_clock;
static _Thread_local int calls_to_clock; /* the next asks that may go without reading the clock */

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Fork: the child forgets the workers, which do not exist there. The forking thread may be one whose loop is running (a signal
 * handler that forks while a kernel polls): the child's copy of that loop has lost its workers' chunks and must not pretend to
 * end; until it is over, the place of the shared loop is taken. */
static void after_fork_in_child(void)
{
    pthread_mutex_init(&pool.busy, NULL);
    pthread_mutex_init(&pool.lock, NULL);
    pthread_cond_init(&pool.wake, NULL);
    pthread_cond_init(&pool.done, NULL);
    pool.n_workers = 0;
    atomic_store(&pool.sleepers, 0);
    atomic_store(&pool.state, 0);
    if (!is_busy) return;
    pthread_mutex_lock(&pool.busy);
    atomic_store(&pool.work.cancelled, 1);
}

static void install_fork_handlers(void) { pthread_atfork(NULL, NULL, after_fork_in_child); }

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

int sch_wait(const sch_control *control, int64_t turn)
{
    const struct timespec moment = {.tv_nsec = WAIT_NS};
    if (turn < WAIT_TURNS) cpu_relax();
    else nanosleep(&moment, NULL);
    return turn % SPIN_TURNS || !sch_should_stop(control);
}

static int64_t claim(loop *work) { return atomic_fetch_add(&work->next, 1); }

/* From a claimed chunk on. They are claimed in order: who had the last one need not ask for another. */
static void run_chunks(loop *work, int64_t chunk, const sch_control *control)
{
    const int64_t n_chunks = work->n_chunks;
    for (; chunk < n_chunks; chunk = chunk + 1 < n_chunks ? claim(work) : n_chunks) {
        if (control ? sch_should_stop(control) : atomic_load_explicit(&work->cancelled, memory_order_relaxed)) {
            atomic_store(&work->cancelled, 1);
            break;
        }
        work->body(work->context, chunk);
    }
}

typedef struct {
    int turn;
    int64_t start;
} spin;

/* Lets a moment pass; whether to go on spinning. The clock is not read every time. */
static int spins(spin *s)
{
    cpu_relax();
    if (++s->turn % SPIN_TURNS) return 1;
    const int64_t now = now_ns();
    if (!s->start) s->start = now;
    return now - s->start < SPIN_NS;
}

/* A short spin catches the next loop of a tight sequence; after that the worker sleeps. Before it does, it says so, and looks
 * once more; the caller starts a loop, and looks for sleepers then: one of the two sees the other. */
static uint64_t wait_for_loop(uint64_t seen)
{
    spin s = {0};
    do {
        const uint64_t now = ticket(atomic_load_explicit(&pool.state, memory_order_acquire));
        if (now != seen) return now;
    } while (spins(&s));
    pthread_mutex_lock(&pool.lock);
    atomic_fetch_add(&pool.sleepers, 1);
    while (ticket(atomic_load(&pool.state)) == seen) pthread_cond_wait(&pool.wake, &pool.lock);
    atomic_fetch_sub(&pool.sleepers, 1);
    pthread_mutex_unlock(&pool.lock);
    return ticket(atomic_load(&pool.state));
}

/* Whether there was room; in which loop. */
static int join(uint64_t *seen)
{
    uint64_t state = atomic_load(&pool.state);
    while (wanted(state)) {
        *seen = ticket(state);
        if (atomic_compare_exchange_weak(&pool.state, &state, state - WANTED + RUNNING)) return 1;
    }
    return 0;
}

static void leave(void)
{
    const uint64_t before = atomic_fetch_sub(&pool.state, RUNNING);
    if (running(before) > 1 || !(before & CALLER_SLEEPS)) return;
    pthread_mutex_lock(&pool.lock);
    pthread_cond_signal(&pool.done);
    pthread_mutex_unlock(&pool.lock);
}

static void *worker(void *unused)
{
    uint64_t seen = 0;
    (void)unused;
    is_worker = 1;
    for (;;) {
        seen = wait_for_loop(seen);
        if (!join(&seen)) continue;
        my_loop = &pool.work;
        run_chunks(&pool.work, claim(&pool.work), NULL);
        my_loop = NULL;
        leave();
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

/* Nobody else changes the state between two loops. */
static void publish(uint64_t workers)
{
    const uint64_t before = atomic_load(&pool.state);
    ensure_workers((int)workers);
    atomic_store(&pool.state, (ticket(before) + 1) * TICKET + workers * WANTED);
    if (!atomic_load(&pool.sleepers)) return;
    pthread_mutex_lock(&pool.lock);
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

static void sleep_until_done(const sch_control *control)
{
    pthread_mutex_lock(&pool.lock);
    atomic_fetch_or(&pool.state, CALLER_SLEEPS);
    while (running(atomic_load(&pool.state))) {
        const struct timespec until = poll_time();
        if (pthread_cond_timedwait(&pool.done, &pool.lock, &until) == 0 || atomic_load(&pool.work.cancelled)) continue;
        pthread_mutex_unlock(&pool.lock); /* the poll runs Python, which may take its time */
        if (control->poll && control->poll()) atomic_store(&pool.work.cancelled, 1);
        pthread_mutex_lock(&pool.lock);
    }
    pthread_mutex_unlock(&pool.lock);
}

/* Nobody may join any more; wait for those who did, and keep asking the caller meanwhile. */
static void retire(const sch_control *control)
{
    const uint64_t before = atomic_fetch_and(&pool.state, ~(CALLER_SLEEPS - WANTED));
    spin s = {0};
    if (!running(before)) return;
    while (running(atomic_load_explicit(&pool.state, memory_order_acquire)))
        if (!spins(&s)) {
            sleep_until_done(control);
            return;
        }
}

static int run_shared(const sch_control *control, uint64_t workers, loop work)
{
    is_busy = 1;
    pool.work = work;
    my_loop = &pool.work;
    const int64_t first = claim(&pool.work);
    publish(workers);
    run_chunks(&pool.work, first, control);
    retire(control);
    const int cancelled = atomic_load(&pool.work.cancelled);
    is_busy = 0;
    pthread_mutex_unlock(&pool.busy);
    return cancelled;
}

static int run_alone(const sch_control *control, loop work)
{
    my_loop = &work;
    run_chunks(&work, claim(&work), control);
    return atomic_load(&work.cancelled);
}

sch_status sch_par_for(const sch_control *control, int64_t n_chunks, sch_chunk body, void *context)
{
    const loop work = {.body = body, .context = context, .n_chunks = n_chunks};
    const int64_t workers = sch_min(sch_min(control->n_threads, n_chunks) - 1, MAX_WORKERS);
    loop *const outer = my_loop;
    calls_to_clock = 1;
    pthread_once(&register_fork_handlers, install_fork_handlers);
    const int with_workers = workers > 0 && !is_worker && pthread_mutex_trylock(&pool.busy) == 0;
    const int cancelled = with_workers ? run_shared(control, (uint64_t)workers, work) : run_alone(control, work);
    my_loop = outer;
    return cancelled ? SCH_CANCELLED : SCH_OK;
}
