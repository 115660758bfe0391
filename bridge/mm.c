// SPDX-License-Identifier: GPL-2.0-only
/* <linux/mm.h>, <linux/sched/mm.h>, <linux/sched/user.h>: an owner's memory, its pins, and who pays for them */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/highmem.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/user.h>

#include "bridge/mm.h"

struct mm_struct *kx_mm_grab_current(void)
{
	mmgrab(current->mm);
	return current->mm;
}

void kx_mm_drop(struct mm_struct *mm)
{
	mmdrop(mm);
}

bool kx_mm_is_current(const struct mm_struct *mm)
{
	return mm == current->mm;
}

bool kx_mm_get(struct mm_struct *mm)
{
	return mmget_not_zero(mm);
}

void kx_mm_put(struct mm_struct *mm)
{
	mmput(mm);
}

void kx_mm_use(struct mm_struct *mm)
{
	kthread_use_mm(mm);
}

void kx_mm_unuse(struct mm_struct *mm)
{
	kthread_unuse_mm(mm);
}

long long *kx_mm_pinned_vm(struct mm_struct *mm)
{
	return &mm->pinned_vm.counter;
}

int kx_mm_account_locked(struct mm_struct *mm, struct task_struct *task, unsigned long npages, bool inc)
{
	int rc;

	mmap_write_lock(mm);
	rc = __account_locked_vm(mm, npages, inc, task, false);
	mmap_write_unlock(mm);
	return rc;
}

long kx_pin_current(unsigned long addr, unsigned int npages, bool write, struct page **pages)
{
	return pin_user_pages_fast(addr, npages, FOLL_LONGTERM | (write ? FOLL_WRITE : 0), pages);
}

long kx_pin_remote(struct mm_struct *mm, unsigned long addr, unsigned int npages, bool write, bool longterm,
		   struct page **pages)
{
	unsigned int flags = (write ? FOLL_WRITE : 0) | (longterm ? FOLL_LONGTERM : 0);
	int locked = 1;
	long rc;

	mmap_read_lock(mm);
	rc = pin_user_pages_remote(mm, addr, npages, flags, pages, &locked);
	if (locked)
		mmap_read_unlock(mm);
	return rc;
}

void kx_unpin_run(unsigned long pfn, unsigned long npages, bool dirty)
{
	unpin_user_page_range_dirty_lock(pfn_to_page(pfn), npages, dirty);
}

unsigned long kx_page_to_pfn(struct page *page)
{
	return page_to_pfn(page);
}

struct page *kx_pfn_to_page(unsigned long pfn)
{
	return pfn_to_page(pfn);
}

void kx_copy_page(unsigned long pfn, unsigned int offset, void *data, unsigned int length, bool to_page)
{
	struct page *page = pfn_to_page(pfn);
	char *at = kmap_local_page(page);

	if (to_page)
		memcpy(at + offset, data, length);
	else
		memcpy(data, at + offset, length);
	kunmap_local(at);
	if (to_page)
		set_page_dirty_lock(page);
}

struct task_struct *kx_task_get_leader(void)
{
	return get_task_struct(current->group_leader);
}

void kx_task_put(struct task_struct *task)
{
	put_task_struct(task);
}

unsigned long kx_task_memlock_pages(const struct task_struct *task)
{
	return task_rlimit(task, RLIMIT_MEMLOCK) >> PAGE_SHIFT;
}

struct user_struct *kx_user_get_current(void)
{
	return get_uid(current_user());
}

void kx_user_put(struct user_struct *user)
{
	free_uid(user);
}

long long *kx_user_locked_vm(struct user_struct *user)
{
	return &user->locked_vm.counter;
}

bool kx_capable_ipc_lock(void)
{
	return capable(CAP_IPC_LOCK);
}

bool kx_capable_sys_resource(void)
{
	return capable(CAP_SYS_RESOURCE);
}

bool kx_capable_sys_rawio(void)
{
	return capable(CAP_SYS_RAWIO);
}
