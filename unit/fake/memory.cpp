// SPDX-License-Identifier: GPL-2.0-only
// Physical memory and processes; see memory.hpp.
#include "fake/memory.hpp"

#include <cstdlib>
#include <cstring>
#include <deque>

#include "fake/fault.hpp"

void reset_gup();

namespace fake {

namespace {

constexpr unsigned long kCount = 1 << 16;
constexpr unsigned long kLarge = KX_LARGE_PAGE_SIZE / kPage;

page memory[kCount];
unsigned long used;
std::deque<Process> processes;
std::deque<user_struct> users;

} // namespace

Current current;

Process &new_process(user_struct &user)
{
	Process &made = processes.emplace_back();
	made.user = &user;
	return made;
}

user_struct &new_user() { return users.emplace_back(); }

void become(Process &process)
{
	current.mm = &process.mm;
	current.task = &process.task;
	current.user = process.user;
}

void become_kthread() { current.mm = nullptr; }

void exit_process(Process &process)
{
	if (!--process.mm.users)
		process.mm.entries.clear();
	if (current.mm == &process.mm)
		current.mm = nullptr;
}

void map_memory(Process &process, unsigned long va, unsigned long count, MapSpec spec)
{
	used = (used + kLarge - 1) / kLarge * kLarge;
	for (unsigned long i = 0; i < count; i++) {
		if (i && i % spec.run == 0)
			used++;
		if (used >= kCount)
			abort();
		process.mm.entries[va / kPage + i] = {&memory[used++], spec.writable, spec.special};
	}
	used++;
}

page *new_pages(unsigned long count, unsigned long alignment)
{
	used = (used + alignment - 1) / alignment * alignment;
	if (used + count > kCount)
		abort();
	page *first = &memory[used];
	used += count;
	return first;
}

void unmap_memory(Process &process, unsigned long va, unsigned long count)
{
	for (unsigned long i = 0; i < count; i++)
		process.mm.entries.erase(va / kPage + i);
}

page *page_at(const mm_struct &mm, unsigned long va)
{
	auto it = mm.entries.find(va / kPage);
	return it == mm.entries.end() ? nullptr : it->second.to;
}

char *data_of(page &p)
{
	if (!p.data)
		p.data = static_cast<char *>(calloc(1, kPage));
	return p.data;
}

page *page_of_pfn(unsigned long pfn) { return &memory[pfn - kFirstPfn]; }
unsigned long pfn_of_page(const page *p) { return kFirstPfn + (p - memory); }
bool is_memory(unsigned long pfn) { return pfn >= kFirstPfn && pfn - kFirstPfn < kCount; }
unsigned long first_unused_pfn() { return kFirstPfn + used; }

long pins_total()
{
	long sum = 0;
	for (unsigned long i = 0; i < used; i++)
		sum += memory[i].pins + memory[i].folio_pins;
	return sum;
}

void reset_memory()
{
	for (unsigned long i = 0; i < used; i++)
		free(memory[i].data);
	memset(static_cast<void *>(memory), 0, used * sizeof(page));
	used = 0;
	processes.clear();
	users.clear();
	current = {nullptr, nullptr, nullptr, false, true, false};
	reset_gup();
}

} // namespace fake
