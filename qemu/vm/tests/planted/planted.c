// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bugs planted on purpose, one for each kind that the debug kernel and ./vm have to
 * notice: a bench that never fails proves nothing. `insmod planted.ko kind=leak`.
 */
#include <linux/bug.h>
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

static char *kind = "";
module_param(kind, charp, 0);
static int shift = 77;
module_param(shift, int, 0);

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);
static DEFINE_SPINLOCK(spin);
static void *hidden;

static void plant_warn(void)
{
	WARN(1, "planted");
}

static void plant_leak(void)
{
	hidden = kmalloc(192, GFP_KERNEL);
	OPTIMIZER_HIDE_VAR(hidden);
	hidden = NULL;
}

static void plant_uaf(void)
{
	char *p = kmalloc(64, GFP_KERNEL);

	kfree(p);
	OPTIMIZER_HIDE_VAR(p);
	hidden = (void *)(long)READ_ONCE(*p);
}

static void plant_shift(void)
{
	hidden = (void *)(long)(1 << READ_ONCE(shift));
}

static void plant_lock(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);

	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

static void plant_sleep(void)
{
	spin_lock(&spin);
	msleep(1);
	spin_unlock(&spin);
}

static void plant_refcount(void)
{
	refcount_t count = REFCOUNT_INIT(0);

	refcount_inc(&count);
}

static void plant_pin(void)
{
	struct page *page;
	unsigned long at = current->mm->start_stack;

	if (pin_user_pages_fast(at, 1, FOLL_WRITE, &page) != 1)
		pr_err("planted: cannot pin\n");
}

static const struct {
	const char *kind;
	void (*plant)(void);
} bugs[] = {
	{ "warn", plant_warn },
	{ "leak", plant_leak },
	{ "uaf", plant_uaf },
	{ "shift", plant_shift },
	{ "sleep", plant_sleep },
	{ "refcount", plant_refcount },
	{ "pin", plant_pin },
	{ "lock", plant_lock },
};

static int __init planted_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bugs); i++) {
		if (!strcmp(kind, bugs[i].kind)) {
			bugs[i].plant();
			return 0;
		}
	}
	return -EINVAL;
}

static void __exit planted_exit(void)
{
}

module_init(planted_init);
module_exit(planted_exit);
MODULE_DESCRIPTION("Bugs planted to test the test bench");
MODULE_LICENSE("GPL");
