// SPDX-License-Identifier: GPL-2.0-only
/*
 * The main job, `make run`: four slices of one PCI device, for three processes. Each process gives its slices DMA to
 * memory of its own, through /dev/iommu and nothing else; the slices reach that memory and no other. Each step is one
 * line for each slice; the first that goes wrong ends the run.
 *
 * All memory is shared with this program, which tells the processes what to do (siov_run/) and compares every byte.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "siov_run/director.h"

static const struct {
	const char *name;
	int (*run)(struct run *r);
} steps[] = {
	{"device", step_device},     {"define", step_define},   {"start", step_start},   {"list", step_list},
	{"open", step_open},         {"map", step_map},         {"attach", step_attach}, {"dma", step_dma},
	{"isolated", step_isolated}, {"blocked", step_blocked}, {"fault", step_fault},   {"replace", step_replace},
	{"kill", step_kill},         {"open", step_reopen},     {"close", step_close},   {"stop", step_stop},
};

static int prepare(struct run *r)
{
	size_t all = SLICES * MEMORIES * MEMORY;
	char *memory = mmap(NULL, 2 * all, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		perror("memory");
		return -1;
	}
	memset(memory, 0, 2 * all);
	r->expected = memory + all;
	for (int i = 0; i < SLICES; i++) {
		struct part *part = &r->parts[i];

		*part = (struct part){.number = i + 1, .port = -1};
		slice_uuid((unsigned int)part->number, part->uuid);
		for (int which = 0; which < MEMORIES; which++)
			part->memory[which] = memory + (i * MEMORIES + which) * MEMORY;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct run r;

	if (argc > 1) {
		printf("usage: %s\n"
		       "Divides a siov-edu device into four slices with mdevctl, lets three processes use them\n"
		       "through /dev/iommu, checks every byte, and takes them away again.\n",
		       argv[0]);
		return strcmp(argv[1], "--help") ? 2 : 0;
	}
	printf("Four slices of one PCI device; each reaches exactly the memory that its process gives it.\n"
	       "(With ./vm run --icount, as make run does it, 1 us is 1000 instructions.)\n\n");
	if (prepare(&r)) {
		printf("run: FAIL\n");
		return 1;
	}
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		r.step = steps[i].name;
		if (steps[i].run(&r)) {
			printf("run: FAIL (%s)\n", steps[i].name);
			return 1;
		}
	}
	printf("run: PASS\n");
	return 0;
}
