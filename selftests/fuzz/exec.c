// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a program: its calls with what its registers hold, and afterwards everything is closed. Registers are in memory
 * that children share, so that ids which a child was given can be used; descriptors of a child are its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../include/uapi/linux/iommufd_test.h"
#include "../lib/system.h"
#include "fuzz.h"
#include "system_calls.h"

static volatile __u64 (*regs)[REGS];
static __thread int nth_fd = -1;
static __thread bool in_child;
static bool moved_limit;

static struct {
	sem_t go, done;
	const struct prog *prog;
	unsigned int from;
	int at_start;
} other;

__u64 reg_load(unsigned int type, unsigned int number) { return regs[type % R_TYPES][number % REGS]; }

void reg_store(unsigned int type, unsigned int number, __u64 value)
{
	if (in_child && is_fd(type))
		return;
	if (type == R_PARENT)
		value |= MOCK_PARENT_NUMBER;
	regs[type % R_TYPES][number % REGS] = value;
}

static void put(char *at, unsigned int bytes, __u64 v) { memcpy(at, &v, bytes); }

static __u64 get(const char *at, unsigned int bytes)
{
	__u64 v = 0;

	memcpy(&v, at, bytes);
	return v;
}

static __u64 value_of(const struct call *c, unsigned int i)
{
	return c->is_reg >> i & 1 ? reg_load(c->v[i] >> 8, c->v[i] & 0xff) : c->v[i];
}

static void store(const struct call *c, unsigned int i, __u64 value)
{
	if (c->is_reg >> i & 1)
		reg_store(c->v[i] >> 8, c->v[i] & 0xff, value);
}

struct place {
	char *structure, *data;
};

/* What the fields of the structure and of its data are, before the call */
static void fill(const struct desc *d, const struct call *c, const struct place *p)
{
	memset(p->structure, 0, 256);
	memset(p->data, 0, d->extra);
	for (unsigned int i = 0; i < d->fields; i++) {
		const struct field *f = &d->field[i];
		__u64 v = value_of(c, i);

		if (f->kind == OUT)
			continue;
		if (f->kind == DATA && (v == DATA_AT || v == DATA_END))
			v = (__u64)p->data;
		if (f->where == STRUCT)
			put(p->structure + f->at, f->bytes, v);
		else if (f->where == EXTRA)
			put(p->data + f->at, f->bytes, v);
	}
}

static bool at_end(const struct desc *d, const struct call *c)
{
	for (unsigned int i = 0; i < d->fields; i++)
		if (d->field[i].kind == DATA && c->v[i] == DATA_END)
			return true;
	return false;
}

static long run_ioctl(const struct desc *d, const struct call *c, unsigned int thread)
{
	/* The structure begins the second page, DATA_END's data end it. */
	const struct place p = {(char *)memory_data(thread, false, 0) + PAGE,
				memory_data(thread, at_end(d, c), d->extra)};
	const unsigned long cmd = d->cmd == 1 ? value_of(c, 1) : d->cmd;
	long rc;

	fill(d, c, &p);
	cover_begin(thread);
	rc = ioctl(value_of(c, 0), cmd, p.structure);
	if (rc < 0)
		rc = -errno;
	cover_end(thread, c->desc);
	for (unsigned int i = 0; rc >= 0 && i < d->fields; i++) {
		const struct field *f = &d->field[i];
		if (f->kind == OUT)
			store(c, i,
			      f->where == RESULT ? (__u64)rc
						 : get((f->where == EXTRA ? p.data : p.structure) + f->at, f->bytes));
	}
	return rc;
}

static long run_system(const struct desc *d, const struct call *c, unsigned int thread)
{
	__u64 v[MAX_FIELDS];
	long rc;

	for (unsigned int i = 0; i < d->fields; i++)
		v[i] = d->field[i].kind == OUT ? 0 : value_of(c, i);
	cover_begin(thread);
	rc = d->run(v);
	cover_end(thread, c->desc);
	for (unsigned int i = 0; rc >= 0 && i < d->fields; i++)
		if (d->field[i].kind == OUT)
			store(c, i, rc);
	return rc;
}

static void fail_nth(unsigned int n)
{
	char text[8];
	const int len = snprintf(text, sizeof(text), "%u", n);

	if (nth_fd < 0)
		nth_fd = own_fd(open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC));
	if (pwrite(nth_fd, text, len, 0) != len)
		perror("fuzz: fail-nth");
}

static void beginning_of(unsigned int desc, unsigned int thread)
{
	shared->at[thread] = (struct activity){now_us(), desc};
}

static void end_of(unsigned int desc, unsigned int thread)
{
	struct stats *s = &shared->stats[desc];
	const __u64 us = now_us() - shared->at[thread].since;

	shared->at[thread].since = 0;
	s->runs++;
	s->us += us;
	if (us > s->longest_us)
		s->longest_us = us;
}

static void run_call(const struct call *c, unsigned int thread)
{
	const struct desc *d = descs[c->desc];
	struct stats *s = &shared->stats[c->desc];
	long rc;

	beginning_of(c->desc, thread);
	if (c->fail_nth)
		fail_nth(c->fail_nth);
	rc = d->run ? run_system(d, c, thread) : run_ioctl(d, c, thread);
	if (c->fail_nth)
		fail_nth(0);
	if (!strcmp(d->name, "memory_limit"))
		moved_limit = true;
	end_of(c->desc, thread);
	if (rc >= 0)
		s->successes++;
	else if (-rc < ERRNOS)
		s->errnos[-rc]++;
}

/* Not from both threads at once: there is one trace for children. */
static void run_in_child(const struct call *c)
{
	static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
	pid_t pid;

	pthread_mutex_lock(&one);
	pid = fork();
	if (!pid) {
		in_child = true;
		nth_fd = -1;
		if (!cover_enable(CHILD))
			run_call(c, CHILD);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
	pthread_mutex_unlock(&one);
}

static void run_part(const struct prog *p, unsigned int from, unsigned int to, unsigned int thread)
{
	for (unsigned int i = from; i < to; i++) {
		const struct call *c = &p->call[i];

		if ((c->thread == THREAD_B) != (thread == THREAD_B))
			continue;
		if (c->thread == CHILD)
			run_in_child(c);
		else
			run_call(c, thread);
	}
}

/* Both threads at the start line; neither knows whether it has a processor of its own. */
static void meet(int n)
{
	__atomic_add_fetch(&other.at_start, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&other.at_start, __ATOMIC_SEQ_CST) < n)
		sched_yield();
}

static void *second_thread(void *unused)
{
	(void)unused;
	if (cover_enable(THREAD_B))
		exit(CANNOT);
	for (;;) {
		sem_wait(&other.go);
		meet(2);
		run_part(other.prog, other.from, other.prog->n, THREAD_B);
		sem_post(&other.done);
	}
	return NULL;
}

int exec_init(void)
{
	pthread_t thread;

	regs = mmap(NULL, sizeof(*regs) * R_TYPES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (regs == MAP_FAILED)
		return -errno;
	memory_init();
	sem_init(&other.go, 0, 0);
	sem_init(&other.done, 0, 0);
	if (pthread_create(&thread, NULL, second_thread, NULL))
		return -EAGAIN;
	return cover_enable(THREAD_A);
}

static void set_limit_back(void)
{
	struct iommu_test_cmd cmd = {.size = sizeof(cmd), .op = IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT};
	const int fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);

	cmd.memory_limit.limit = 65536;
	ioctl(fd, IOMMU_TEST_CMD, &cmd);
	close(fd);
	moved_limit = false;
}

/* All that is open goes, in the order of the descriptors; what runs then counts as the last call. */
static void clean_up(void)
{
	beginning_of(CLOSE_ALL, THREAD_A);
	cover_begin(THREAD_A);
	system_reset();
	close_range(FIRST_FD, OWN_FDS - 1, 0);
	cover_end(THREAD_A, CLOSE_ALL);
	end_of(CLOSE_ALL, THREAD_A);
	memory_reset();
	if (moved_limit)
		set_limit_back();
}

void exec_run(const struct prog *p)
{
	unsigned int split = 0;

	for (unsigned int t = 0; t < R_TYPES; t++)
		for (unsigned int i = 0; i < REGS; i++)
			regs[t][i] = is_fd(t) ? ~0ULL : 0;
	shared->runs++;
	cover_start();
	while (split < p->n && p->call[split].thread != THREAD_B)
		split++;
	run_part(p, 0, split, THREAD_A);
	if (split < p->n) {
		other.prog = p;
		other.from = split;
		other.at_start = 0;
		sem_post(&other.go);
		meet(2);
		run_part(p, split, p->n, THREAD_A);
		sem_wait(&other.done);
	}
	clean_up();
}
