/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once
#include "bridge/bridge.h"

KX_DECLS_BEGIN
struct mm_struct *kx_mm_grab_current(void);
void kx_mm_drop(struct mm_struct *mm);
bool kx_mm_is_current(const struct mm_struct *mm);
bool kx_mm_get(struct mm_struct *mm);
void kx_mm_put(struct mm_struct *mm);
void kx_mm_use(struct mm_struct *mm);
void kx_mm_unuse(struct mm_struct *mm);
long long *kx_mm_pinned_vm(struct mm_struct *mm);
int kx_mm_account_locked(struct mm_struct *mm, struct task_struct *task, unsigned long npages, bool inc);

long kx_pin_current(unsigned long addr, unsigned int npages, bool write, struct page **pages);
long kx_pin_remote(struct mm_struct *mm, unsigned long addr, unsigned int npages, bool write, bool longterm,
		   struct page **pages);
void kx_unpin_run(unsigned long pfn, unsigned long npages, bool dirty);
unsigned long kx_page_to_pfn(struct page *page);
struct page *kx_pfn_to_page(unsigned long pfn);
void kx_copy_page(unsigned long pfn, unsigned int offset, void *data, unsigned int length, bool to_page);

struct task_struct *kx_task_get_leader(void);
void kx_task_put(struct task_struct *task);
unsigned long kx_task_memlock_pages(const struct task_struct *task);
struct user_struct *kx_user_get_current(void);
void kx_user_put(struct user_struct *user);
long long *kx_user_locked_vm(struct user_struct *user);

bool kx_capable_ipc_lock(void);
bool kx_capable_sys_resource(void);
bool kx_capable_sys_rawio(void);
KX_DECLS_END
