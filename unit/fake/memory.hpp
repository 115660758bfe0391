// SPDX-License-Identifier: GPL-2.0-only
// bridge/mm.h: physical pages, processes with address spaces, and what pins are charged to.
//
// Physical memory is one array of struct page from kFirstPfn on. A process's address space maps virtual pages to them.
// Rules that are checked: nothing is unpinned that is not pinned, a page that a domain maps keeps a pin, a remote
// address space is in use (kx_mm_get) while it is accessed.
#pragma once
#include <cstddef>
#include <map>

#include "bridge/layout.gen.h"

struct page {
	int pins;
	int folio_pins; // of the folio that begins here, not yet of single pages
	int mapped;     // leaf entries of domains that point here
	bool dirty;
	char *data; // 4096 bytes, made on first use
	char padding[KX_SIZE_page - 24];
};
static_assert(sizeof(page) == KX_SIZE_page);

struct mm_struct {
	struct Entry {
		page *to;
		bool writable;
		bool special; // PFN-mapped: there is no page to pin
	};

	int grabs = 0; // the struct's users
	int users = 1; // the address space's users
	long long pinned_vm = 0;
	unsigned long locked_vm = 0;
	std::map<unsigned long, Entry> entries; // by virtual page number
};

struct task_struct {
	int refs = 0;
	unsigned long memlock_pages = 1ul << 40;
};

struct user_struct {
	int refs = 0;
	long long locked_vm = 0;
};

namespace fake {

constexpr unsigned long kFirstPfn = 0x100000;
constexpr unsigned long kPage = 4096;

struct Process {
	mm_struct mm;
	task_struct task;
	user_struct *user;
};

// Who is calling. A kernel thread has no mm.
struct Current {
	mm_struct *mm;
	task_struct *task;
	user_struct *user;
	bool ipc_lock, sys_resource, sys_rawio;
};
extern Current current;

Process &new_process(user_struct &user);
user_struct &new_user();
void become(Process &process);
void become_kthread();
// The process's last thread exits: the address space goes unless somebody uses it.
void exit_process(Process &process);

// Maps `count` fresh pages at `va`. Every `run` pages are physically contiguous, then one is left out; the first has a
// physical address that is a multiple of 2 MiB.
struct MapSpec {
	unsigned long run = ~0ul;
	bool writable = true;
	bool special = false;
};
void map_memory(Process &process, unsigned long va, unsigned long count, MapSpec spec = {});
// `count` contiguous pages that nobody maps; the first has an address that is a multiple of so many pages.
page *new_pages(unsigned long count, unsigned long alignment);
void unmap_memory(Process &process, unsigned long va, unsigned long count);
page *page_at(const mm_struct &mm, unsigned long va);
char *data_of(page &p);

page *page_of_pfn(unsigned long pfn);
unsigned long pfn_of_page(const page *p);
bool is_memory(unsigned long pfn);
// Pages that have been handed out are kFirstPfn..first_unused_pfn()-1.
unsigned long first_unused_pfn();
long pins_total();

// No call pins more pages than that.
void limit_gup_batch(unsigned pages);
unsigned long gup_calls();
void reset_memory();

} // namespace fake
