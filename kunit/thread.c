// SPDX-License-Identifier: GPL-2.0-only
/* Threads for the cases, in each module of suites. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "kunit/kunit.h"

struct kt_thread {
	void (*fn)(void *arg);
	void *arg;
	struct mm_struct *mm;
	struct completion done;
};

static int kt_thread_main(void *data)
{
	struct kt_thread *thread = data;

	if (thread->mm)
		kthread_use_mm(thread->mm);
	thread->fn(thread->arg);
	if (thread->mm)
		kthread_unuse_mm(thread->mm);
	kthread_complete_and_exit(&thread->done, 0);
}

void *kt_thread_start(void (*fn)(void *arg), void *arg)
{
	struct kt_thread *thread = kzalloc(sizeof(*thread), GFP_KERNEL);
	struct task_struct *task;

	if (!thread)
		return NULL;
	thread->fn = fn;
	thread->arg = arg;
	thread->mm = current->mm;
	init_completion(&thread->done);
	task = kthread_run(kt_thread_main, thread, "iommufd_kunit");
	if (IS_ERR(task)) {
		kfree(thread);
		return NULL;
	}
	return thread;
}

void kt_thread_join(void *data)
{
	struct kt_thread *thread = data;

	wait_for_completion(&thread->done);
	kfree(thread);
}

void kt_sleep_ms(unsigned int ms) { msleep(ms); }
