// SPDX-License-Identifier: GPL-2.0-only
// bridge/mm.h on the model of memory.hpp.
#include "bridge/mm.h"

#include <algorithm>
#include <cstring>

#include "fake/fault.hpp"
#include "fake/memory.hpp"
#include "fake/sync.hpp"

using namespace fake;

namespace {

unsigned gup_batch = ~0u;
unsigned long gup_count;
unsigned long broken_page; // where the armed fault has struck

long pin(mm_struct *mm, unsigned long addr, unsigned count, bool write, page **pages)
{
	unsigned done = 0;

	gup_count++;
	touch_mmap_lock("pinning");
	for (; done < std::min(count, gup_batch); done++) {
		const unsigned long at = addr / kPage + done;
		if (!fired() || !is_armed())
			broken_page = 0;
		if (step(Fault::kGup))
			broken_page = at;
		auto it = mm->entries.find(at);
		if (it == mm->entries.end() || it->second.special || (write && !it->second.writable) ||
		    at == broken_page)
			break;
		it->second.to->pins++;
		pages[done] = it->second.to;
	}
	return done ? static_cast<long>(done) : -14;
}

} // namespace

void fake::limit_gup_batch(unsigned pages) { gup_batch = pages; }
unsigned long fake::gup_calls() { return gup_count; }

void reset_gup();
void reset_gup()
{
	gup_batch = ~0u;
	gup_count = 0;
	broken_page = 0;
}

mm_struct *kx_mm_grab_current()
{
	current.mm->grabs++;
	return current.mm;
}

void kx_mm_drop(mm_struct *mm)
{
	if (--mm->grabs < 0)
		problem("mm dropped once too often");
}

bool kx_mm_is_current(const mm_struct *mm) { return mm == current.mm; }

bool kx_mm_get(mm_struct *mm)
{
	mm->users += mm->users > 0;
	return mm->users > 0;
}

void kx_mm_put(mm_struct *mm)
{
	might_sleep("mmput");
	if (--mm->users < 0)
		problem("mm put once too often");
	if (!mm->users)
		mm->entries.clear();
}

void kx_mm_use(mm_struct *mm)
{
	if (current.mm || !mm->users)
		problem("an address space borrowed by a thread that has one, or after its end");
	current.mm = mm;
}

void kx_mm_unuse(mm_struct *mm)
{
	if (current.mm != mm)
		problem("an address space given back that was not borrowed");
	current.mm = nullptr;
}

long long *kx_mm_pinned_vm(mm_struct *mm) { return &mm->pinned_vm; }

int kx_mm_account_locked(mm_struct *mm, task_struct *task, unsigned long npages, bool inc)
{
	touch_mmap_lock("accounting");
	if (!mm->users)
		problem("accounting to an address space that is gone");
	if (!inc) {
		if (npages > mm->locked_vm)
			problem("VmLck would be negative");
		mm->locked_vm -= npages;
		return 0;
	}
	if (mm->locked_vm + npages > task->memlock_pages && !current.ipc_lock)
		return -12;
	mm->locked_vm += npages;
	return 0;
}

long kx_pin_current(unsigned long addr, unsigned npages, bool write, page **pages)
{
	return pin(current.mm, addr, npages, write, pages);
}

long kx_pin_remote(mm_struct *mm, unsigned long addr, unsigned npages, bool write, bool, page **pages)
{
	if (mm->users < 2)
		problem("remote address space accessed without a use of it");
	return pin(mm, addr, npages, write, pages);
}

void kx_unpin_run(unsigned long pfn, unsigned long npages, bool dirty)
{
	might_sleep("unpinning");
	for (; npages; pfn++, npages--) {
		if (!is_memory(pfn)) {
			problem("unpinning %#lx, which is no memory", pfn);
			continue;
		}
		page *p = page_of_pfn(pfn);
		p->dirty |= dirty;
		if (--p->pins < 0)
			problem("page %#lx unpinned once too often", pfn);
		if (!p->pins && p->mapped)
			problem("page %#lx unpinned while a domain maps it", pfn);
	}
}

unsigned long kx_page_to_pfn(page *p) { return pfn_of_page(p); }
page *kx_pfn_to_page(unsigned long pfn) { return page_of_pfn(pfn); }

void kx_copy_page(unsigned long pfn, unsigned offset, void *data, unsigned length, bool to_page)
{
	if (!is_memory(pfn) || offset + length > kPage) {
		problem("copying %u bytes at %u of page %#lx", length, offset, pfn);
		return;
	}
	page *p = page_of_pfn(pfn);
	if (p->pins <= 0)
		problem("page %#lx accessed without a pin", pfn);
	if (to_page)
		memcpy(data_of(*p) + offset, data, length);
	else
		memcpy(data, data_of(*p) + offset, length);
	p->dirty |= to_page;
}

task_struct *kx_task_get_leader()
{
	current.task->refs++;
	return current.task;
}

void kx_task_put(task_struct *task)
{
	if (--task->refs < 0)
		problem("task put once too often");
}

unsigned long kx_task_memlock_pages(const task_struct *task) { return task->memlock_pages; }

user_struct *kx_user_get_current()
{
	current.user->refs++;
	return current.user;
}

void kx_user_put(user_struct *user)
{
	if (--user->refs < 0)
		problem("user put once too often");
}

long long *kx_user_locked_vm(user_struct *user) { return &user->locked_vm; }
bool kx_capable_ipc_lock() { return current.ipc_lock; }
bool kx_capable_sys_resource() { return current.sys_resource; }
bool kx_capable_sys_rawio() { return current.sys_rawio; }
