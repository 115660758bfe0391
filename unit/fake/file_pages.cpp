// SPDX-License-Identifier: GPL-2.0-only
// bridge/file_pages.h: files whose memory is folios of the model of memory.hpp. A folio's pin counts at its first page
// until kx_folio_take() makes pins of single pages of it. A folio's pages are never next to those of another one, so
// that each is a run of its own, unless the folio is a single page.
#include "bridge/file_pages.h"

#include <memory>
#include <vector>

#include "bridge/file.h"
#include "fake/fault.hpp"
#include "fake/file.hpp"
#include "fake/memory.hpp"
#include "fake/sync.hpp"

using namespace fake;

namespace {

std::vector<std::unique_ptr<inode>> inodes;

// The first page of the folio around an index; made if it is missing.
page *folio_at(inode &memory, unsigned long index)
{
	const unsigned long start = index / memory.folio * memory.folio;
	if (!memory.pages.contains(start)) {
		page *first = new_pages(memory.folio, memory.folio);
		for (unsigned long i = 0; i < memory.folio; i++)
			memory.pages[start + i] = first + i;
		if (memory.folio > 1)
			new_pages(1, 1);
	}
	return memory.pages[start];
}

// How large the folio is, and that there is one, was found out when it was pinned.
unsigned long folio_size(const page *first)
{
	for (const auto &memory : inodes)
		for (const auto &[index, p] : memory->pages)
			if (p == first)
				return memory->folio;
	return 1;
}

} // namespace

void reset_inodes();
void reset_inodes() { inodes.clear(); }

file *fake::open_memfd(unsigned long pages, unsigned long folio, bool hugetlb)
{
	file *f = open_other();
	f->memory = inodes.emplace_back(std::make_unique<inode>()).get();
	f->memory->hugetlb = hugetlb;
	f->memory->folio = folio;
	f->memory->size = pages * kPage;
	return f;
}

file *fake::open_again(const file &f, bool readable, bool writable)
{
	file *other = open_other();
	other->memory = f.memory;
	other->readable = readable;
	other->writable = writable;
	return other;
}

page *fake::page_of_file(const file &f, unsigned long long byte)
{
	auto it = f.memory->pages.find(byte / kPage);
	return it == f.memory->pages.end() ? nullptr : it->second;
}

void fake::truncate(file &f, unsigned long long bytes) { f.memory->size = bytes; }

bool kx_file_is_shmem(const file *f) { return f->memory && !f->memory->hugetlb; }
bool kx_file_is_hugetlb(const file *f) { return f->memory && f->memory->hugetlb; }
bool kx_file_is_readable(const file *f) { return f->readable; }
bool kx_file_is_writable(const file *f) { return f->writable; }
unsigned long long kx_file_size(const file *f) { return f->memory->size; }
bool kx_file_is_write_sealed(file *f) { return f->memory->writers < 0 || f->memory->future_write_sealed; }

int kx_file_begin_writing(file *f)
{
	if (f->memory->writers < 0)
		return -1;
	f->memory->writers++;
	return 0;
}

void kx_file_end_writing(file *f)
{
	if (--f->memory->writers < 0)
		problem("a file has fewer writers than none");
	kx_file_put(f);
}

long kx_file_pin(file *f, unsigned long long first, unsigned long long last, page **folios, unsigned max,
		 unsigned long *skip)
{
	might_sleep("pinning a file");
	inode &memory = *f->memory;
	if (first > last || !max || last >= memory.size)
		return -22;
	unsigned count = 0;
	*skip = first / kPage % memory.folio;
	for (unsigned long at = first / kPage; at <= last / kPage && count < max;
	     at = at / memory.folio * memory.folio + memory.folio) {
		if (step(Fault::kGup)) {
			while (count)
				kx_folio_unpin(folios[--count]);
			return -12;
		}
		folios[count] = folio_at(memory, at);
		folios[count++]->folio_pins++;
	}
	return count;
}

unsigned long kx_folio_take(page *first, unsigned long skip, unsigned long wanted, unsigned long *pfn)
{
	const unsigned long size = folio_size(first), count = std::min(size - skip, wanted);
	if (skip >= size)
		problem("pages behind the end of a folio");
	if (size > 1 && step(Fault::kAlloc))
		return 0;
	if (--first->folio_pins < 0)
		problem("a folio taken that is not pinned");
	for (unsigned long i = 0; i < count; i++)
		first[skip + i].pins++;
	*pfn = pfn_of_page(first + skip);
	return count;
}

void kx_folio_unpin(page *first)
{
	if (--first->folio_pins < 0)
		problem("a folio unpinned once too often");
}
