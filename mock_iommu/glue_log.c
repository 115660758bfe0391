// SPDX-License-Identifier: GPL-2.0-only
/* What bridge/log.c is to iommufd, for this module's messages. */
#define pr_fmt(fmt) "mock_iommu: " fmt
#include <linux/bug.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>

#include "bridge/log.h"

void kx_log_rejected(const char *what, int error, const char *why)
{
	printk_ratelimited(KERN_DEBUG pr_fmt("%s[%d]: %s: %pe: %s\n"), current->comm, current->pid, what,
			   ERR_PTR(error), why);
}

int kx_warn(const char *condition, const char *file, int line)
{
	return WARN(1, "mock_iommu: %s, at %s:%d\n", condition, file, line);
}

void kx_bug(const char *why)
{
	pr_emerg("%s\n", why);
	BUG();
}
