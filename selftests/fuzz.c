// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looks for programs that upset the kernel: a coverage-guided fuzzer for /dev/iommu, with the mock IOMMU's devices. See
 * docs/testing.md for how it works, and fuzz/model.h for what a program is. Needs a kernel with KCOV (the debug
 * kernel).
 *
 * usage: fuzz [--seed N] [--seconds N] [--least PROGRAMS] [--floor EDGES] [--gain EDGES] [--every-call] [--trace]
 *             [--save] FILE...
 *        fuzz --run [--times N] FILE...
 *
 * FILE holds programs, with empty lines between them: what the search starts from, or what to run.
 *   --least  go on until the search has run so many, however long that takes
 *   --floor  fail when the programs it begins with reach fewer edges
 *   --gain   fail when the search adds fewer
 *   --every-call  fail when a call does not work in the programs it begins with, but for those that cannot
 *   --trace  print each program before it runs, in one line that begins with '@'
 *   --save   print the corpus in the end, in lines that begin with '+'
 * Prints TAP. When the kernel complains, the program that ran is printed between "# program" and "# end of program".
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "lib/inject.h"
#include "lib/mock.h"
#include "lib/system.h"
#include "lib/vfio.h"

enum { BATCH = 200, SLOW = 10, STUCK = 1200, PATIENCE = 3, TRIES = 6, TEXT = 1 << 16, SEEDS = 512 };

static struct {
	__u64 seed;
	unsigned int seconds, least, floor, gain, times;
	bool every_call, trace, save, run;
} option = {.seed = 1, .seconds = 60, .times = 1};

static struct prog seeds[SEEDS];
static unsigned int seed_count;
static __u64 start;    /* us */
static __u64 first;    /* run of the search */
static __u64 found_us; /* when the kernel complained, 0: it did not */
static bool seeding;   /* the corpus' own seconds have not begun */
struct shared *shared;

static const char *call_name(unsigned int desc) { return desc == CLOSE_ALL ? "(closing all)" : descs[desc]->name; }

static unsigned int seconds_now(void) { return (now_us() - start) / 1000000; }

static void print_program(const struct prog *p, const char *before)
{
	static char text[TEXT];
	char *save;

	prog_print(p, text, sizeof(text));
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		printf("%s%s\n", before, line);
}

/* In one line, whole, before it runs: whoever reads it outlives the machine. */
static void trace(const struct prog *p)
{
	static char text[TEXT];
	int n = snprintf(text, sizeof(text), "@%llu ", shared->runs);

	n += prog_print(p, text + n, sizeof(text) - n - 1);
	for (int i = 0; i < n; i++)
		if (text[i] == '\n')
			text[i] = ';';
	text[n++] = '\n';
	if (write(STDOUT_FILENO, text, n) != n)
		exit(CANNOT);
}

static void run(const struct prog *p)
{
	shared->ring[shared->runs % RING] = *p;
	if (option.trace)
		trace(p);
	exec_run(p);
	if (kmsg_complaint()) {
		shared->complaint = 1;
		fflush(stdout);
		_exit(COMPLAINT);
	}
}

/* Takes calls out as long as what was new is still reached. */
static void shorten(struct prog *p)
{
	static __u32 wanted[64];
	const __u32 *fresh;
	unsigned int n = cover_fresh(&fresh);

	n = n < 64 ? n : 64;
	memcpy(wanted, fresh, n * sizeof(*wanted));
	for (unsigned int i = 0; i < TRIES && p->n > 2; i++) {
		struct prog shorter = *p;

		prog_drop(&shorter, below(p->n));
		run(&shorter);
		if (cover_has(wanted, n))
			*p = shorter;
	}
}

static void keep(struct prog *p)
{
	if (shared->corpus_size >= CORPUS)
		return;
	if (!seeding)
		shorten(p);
	shared->found_at[shared->corpus_size] = seconds_now();
	shared->corpus[shared->corpus_size++] = *p;
}

static void try(struct prog *p)
{
	const __u32 *fresh;

	run(p);
	if (cover_fresh(&fresh))
		keep(p);
}

static void choose(struct prog *p)
{
	const unsigned int n = shared->corpus_size;

	if (!n || chance(3)) {
		prog_generate(p);
		return;
	}
	/* what was found last leads further, more often */
	*p = shared->corpus[chance(40) && n > 8 ? n - 1 - below(n / 8 + 1) : below(n)];
	prog_mutate(p);
}

static bool search_goes_on(void) { return seconds_now() < option.seconds || shared->runs - first < option.least; }

static void fuzz_batch(void)
{
	char text[96];
	struct prog p;

	snprintf(text, sizeof(text), "fuzz: seed %llu, programs from %llu on\n", option.seed, shared->runs);
	kmsg_say(text);
	for (unsigned int i = 0; i < BATCH && search_goes_on(); i++) {
		choose(&p);
		try(&p);
	}
}

static void seed_batch(void)
{
	for (unsigned int i = 0; i < seed_count; i++) {
		if (option.run)
			for (unsigned int n = option.times; n; n--)
				run(&seeds[i]);
		else
			try(&seeds[i]);
	}
}

static int worker(void (*batch)(void))
{
	if (kmsg_init() || exec_init()) /* a log of its own: who reads a line takes it from the other */
		return CANNOT;
	batch();
	return WELL;
}

static void report_rates(unsigned int at, __u64 before, unsigned int seconds)
{
	printf("# fuzz: %u s: %u edges, %u signals, %u programs in the corpus, %llu runs", at, shared->edges,
	       shared->signals, shared->corpus_size, shared->runs);
	if (seconds)
		printf(", %llu per second", (shared->runs - before) / seconds);
	printf("\n");
	fflush(stdout);
}

/* At 60 s, then every minute */
static void report(void)
{
	static unsigned int next = 60, last;
	static __u64 before;
	const unsigned int now = seconds_now();

	if (now < next)
		return;
	report_rates(next, before, now - last);
	before = shared->runs;
	last = now;
	next += 60;
}

/* A worker that the kernel complains of may not get so far as to see it. */
static bool complained(void)
{
	if (!found_us && kmsg_complaint()) {
		found_us = now_us();
		shared->complaint = 1;
	}
	return found_us && now_us() - found_us > PATIENCE * 1000000ULL;
}

static const struct prog *last_begun(unsigned int back) { return &shared->ring[(shared->runs - 1 - back) % RING]; }

/* One program, for so many seconds: which, and what it is at. Each time twice as long as before it is told again. */
static void report_slow(pid_t pid, unsigned int seconds)
{
	static const char *const names[THREADS] = {"a", "b", "c"};

	printf("# fuzz: run %llu has taken %u s\n", shared->runs, seconds);
	print_program(last_begun(0), "#   ");
	for (unsigned int t = 0; t < THREADS; t++) {
		const struct activity at = shared->at[t];

		if (at.since)
			printf("#   %s: %s for %llu ms\n", names[t], call_name(at.desc), (now_us() - at.since) / 1000);
	}
	stacks_show(pid);
}

/* With its children */
static int end_worker(pid_t pid)
{
	kill(-pid, SIGKILL);
	return -1;
}

/* Waits for a worker: how it ended, -1: it hangs or was killed. */
static int watch(pid_t pid)
{
	__u64 seen = shared->runs, since = now_us();
	unsigned int patience = SLOW;
	int status;

	while (!waitpid(pid, &status, WNOHANG)) {
		usleep(20000);
		if (!seeding)
			report();
		if (complained())
			return end_worker(pid);
		const unsigned int seconds = (now_us() - since) / 1000000;
		if (shared->runs != seen) {
			if (patience > SLOW)
				printf("# fuzz: run %llu took %u s\n", seen, seconds);
			seen = shared->runs;
			since = now_us();
			patience = SLOW;
		} else if (seconds >= STUCK) {
			printf("# fuzz: run %llu hangs\n", seen);
			return end_worker(pid);
		} else if (seconds >= patience) {
			report_slow(pid, seconds);
			patience *= 2;
		}
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The last one is what ran; those before it may have laid the ground. */
static void blame(void)
{
	complained();
	printf("# fuzz: %s in run %llu after %llu s, seed %llu\n",
	       shared->complaint ? "the kernel complained" : "a worker died", shared->runs,
	       ((found_us ? found_us : now_us()) - start) / 1000000, option.seed);
	for (unsigned int back = 4; back; back--) {
		if (shared->runs < back)
			continue;
		printf("# program%s\n", back == 1 ? "" : " before it");
		print_program(last_begun(back - 1), "  ");
		printf("# end of program\n");
	}
}

static int in_worker(void (*batch)(void))
{
	pid_t pid;
	int how;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		setpgid(0, 0);
		how = worker(batch);
		fflush(stdout);
		_exit(how);
	}
	how = watch(pid);
	if (how == CANNOT) {
		fprintf(stderr, "fuzz: a worker could not start\n");
		exit(CANNOT);
	}
	if (how != WELL)
		blame();
	return how;
}

static void read_programs(const char *file)
{
	FILE *f = fopen(file, "r");
	static char text[1 << 20];
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
	char *at = text;

	if (!n || n == sizeof(text) - 1) {
		fprintf(stderr, "fuzz: %s cannot be read, is empty, or is longer than 1 MB\n", file);
		exit(CANNOT);
	}
	fclose(f);
	text[n] = 0;
	while (at) {
		char *next = prog_cut(at);

		if (seed_count == SEEDS) {
			fprintf(stderr, "fuzz: %s: more than %d programs in all\n", file, SEEDS);
			exit(CANNOT);
		}
		if (prog_parse(at, &seeds[seed_count]))
			exit(CANNOT);
		seed_count += seeds[seed_count].n > 0;
		at = next;
	}
}

static void setup(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (shared == MAP_FAILED || !mock_load() || inject_open() || kmsg_init()) {
		fprintf(stderr, "fuzz: no memory, mock_iommu.ko, fault injection or /dev/kmsg\n");
		exit(CANNOT);
	}
	if (cover_open()) {
		perror("fuzz: no KCOV in this kernel: /sys/kernel/debug/kcov");
		exit(CANNOT);
	}
	/* A line for each call that fails is much to print. */
	attr_write("/sys/module/iommufd/parameters/log_rejected", "N");
	attr_write("/sys/module/mock_iommu/parameters/log_rejected", "N");
	shared->rng = option.seed * 0x9e3779b97f4a7c15ULL | 1;
}

static void print_calls(void)
{
	const struct stats *all = &shared->stats[CLOSE_ALL];
	unsigned int never = 0;

	for (unsigned int i = 0; i < desc_count; i++) {
		const struct stats *s = &shared->stats[i];
		unsigned int kinds = 0;

		for (unsigned int e = 0; e < ERRNOS; e++)
			kinds += s->errnos[e] > 0;
		printf("# call %-20s %8u runs, %8u worked, %2u errnos, %6llu us, %5llu ms at most\n", descs[i]->name,
		       s->runs, s->successes, kinds, s->runs ? s->us / s->runs : 0, s->longest_us / 1000);
		never += !s->successes;
	}
	printf("# fuzz: %u calls, %u of them never worked; to close all took %llu us, %llu ms at most\n", desc_count,
	       never, all->runs ? all->us / all->runs : 0, all->longest_us / 1000);
	if (shared->cut_traces)
		printf("# fuzz: %u traces were cut\n", shared->cut_traces);
}

static void save(void)
{
	for (unsigned int i = 0; i < shared->corpus_size; i++) {
		printf("+# after %u s\n", shared->found_at[i]);
		print_program(&shared->corpus[i], "+");
		printf("+\n");
	}
}

static int result(bool ok, const char *what)
{
	static unsigned int number;

	printf("%sok %u - %s\n", ok ? "" : "not ", ++number, what);
	return !ok;
}

static int run_programs(void)
{
	int how;

	seeding = true;
	start = now_us();
	how = in_worker(seed_batch);
	printf("1..1\n");
	return result(how == WELL, "the kernel does not mind the programs");
}

/* Tells the calls that have not worked yet, but for those that cannot here: numbers that do not exist, no-IOMMU. */
static bool every_call_worked(void)
{
	static const char *const cannot[] = {"raw_ioctl", "test_op", "noiommu_get_pa"};
	bool all = true;

	for (unsigned int i = 0; i < desc_count; i++) {
		bool can = true;

		for (unsigned int j = 0; j < sizeof(cannot) / sizeof(*cannot); j++)
			can = can && strcmp(descs[i]->name, cannot[j]);
		if (!can || shared->stats[i].successes)
			continue;
		printf("%s %s", all ? "# fuzz: none of the programs to start from lets these work:" : ",",
		       descs[i]->name);
		all = false;
	}
	if (!all)
		printf("\n");
	return all;
}

static int fuzz(void)
{
	char text[96];
	unsigned int begun_with;
	bool every_call;
	int how, failed;

	seeding = true;
	start = now_us();
	how = in_worker(seed_batch);
	seeding = false;
	start = now_us();
	first = shared->runs;
	printf("# fuzz: seed %llu, %u programs to start from\n", option.seed, seed_count);
	report_rates(0, 0, 0);
	begun_with = shared->edges;
	every_call = option.every_call && every_call_worked();
	while (how == WELL && search_goes_on())
		how = in_worker(fuzz_batch);
	report();
	report_rates(seconds_now(), 0, seconds_now());
	print_calls();
	if (option.save)
		save();
	printf("1..%u\n", 3 + option.every_call);
	failed = result(how == WELL, "the kernel does not complain, and no program hangs");
	snprintf(text, sizeof(text), "the programs to start from reach %u edges, of at least %u", begun_with,
		 option.floor);
	failed += result(begun_with >= option.floor, text);
	if (option.every_call)
		failed += result(every_call, "each call that can work does, in the programs to start from");
	snprintf(text, sizeof(text), "the search finds %u edges, of at least %u", shared->edges - begun_with,
		 option.gain);
	return failed + result(shared->edges - begun_with >= option.gain, text);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"seed", 1, NULL, 's'},
		{"seconds", 1, NULL, 't'},
		{"floor", 1, NULL, 'f'},
		{"times", 1, NULL, 'n'},
		{"gain", 1, NULL, 'g'},
		{"every-call", 0, NULL, 'e'},
		{"least", 1, NULL, 'l'},
		{"trace", 0, NULL, 'T'},
		{"save", 0, NULL, 'S'},
		{"run", 0, NULL, 'r'},
		{0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 's':
			option.seed = strtoull(optarg, NULL, 0);
			break;
		case 't':
			option.seconds = atoi(optarg);
			break;
		case 'f':
			option.floor = atoi(optarg);
			break;
		case 'g':
			option.gain = atoi(optarg);
			break;
		case 'e':
			option.every_call = true;
			break;
		case 'l':
			option.least = atoi(optarg);
			break;
		case 'n':
			option.times = atoi(optarg);
			break;
		case 'T':
			option.trace = true;
			break;
		case 'S':
			option.save = true;
			break;
		case 'r':
			option.run = true;
			break;
		default:
			return 2;
		}
	}
	while (optind < argc)
		read_programs(argv[optind++]);
	printf("TAP version 13\n");
	setup();
	return option.run ? run_programs() : fuzz();
}
