// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory that programs map for devices, at fixed addresses: private, then a memfd's, shared, then read-only pages,
 * then nothing. And for each thread two pages for what its calls pass, with nothing above.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

enum { DATA_PAGES = 2, DATA_APART = 16 };
#define DATA_BASE 0x30000000ULL

static bool spoiled;
static int memfd = -1;

static void place(__u64 at, __u64 pages, int prot, int flags, int fd)
{
	void *want = (void *)at;

	if (mmap(want, pages * PAGE, prot, flags | MAP_FIXED, fd, 0) != want) {
		perror("fuzz: mmap");
		exit(CANNOT);
	}
}

static void lay_out(void)
{
	place(ARENA, ARENA_SHARED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	place(ARENA + ARENA_SHARED * PAGE, ARENA_RO - ARENA_SHARED, PROT_READ | PROT_WRITE, MAP_SHARED, memfd);
	place(ARENA + ARENA_RO * PAGE, ARENA_PAGES - ARENA_RO, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	spoiled = false;
}

void memory_init(void)
{
	memfd = own_fd(memfd_create("arena", MFD_CLOEXEC));
	if (memfd < 0 || ftruncate(memfd, (ARENA_RO - ARENA_SHARED) * PAGE)) {
		perror("fuzz: memfd_create");
		exit(CANNOT);
	}
	lay_out();
	for (unsigned int i = 0; i < THREADS; i++)
		place(DATA_BASE + i * DATA_APART * PAGE, DATA_PAGES, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

void memory_spoiled(void) { spoiled = true; }

void memory_reset(void)
{
	if (!spoiled)
		return;
	munmap((void *)ARENA, (ARENA_PAGES + 64) * PAGE);
	lay_out();
}

bool memory_within(__u64 va, __u64 length)
{
	return va >= ARENA && length <= ARENA_PAGES * PAGE && va - ARENA <= ARENA_PAGES * PAGE - length;
}

void *memory_data(unsigned int thread, bool at_end, unsigned int bytes)
{
	char *data = (char *)(DATA_BASE + thread * DATA_APART * PAGE);

	return at_end ? data + DATA_PAGES * PAGE - bytes : data;
}
