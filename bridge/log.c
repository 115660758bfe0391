// SPDX-License-Identifier: GPL-2.0-only
/* <linux/printk.h>, <linux/bug.h> */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/bug.h>
#include <linux/device.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>

#include "bridge/log.h"

static bool log_rejected = true;
module_param(log_rejected, bool, 0644);
MODULE_PARM_DESC(log_rejected, "Log at debug level why a request was rejected (default: yes, rate limited)");

void kx_log_rejected(const char *what, int error, const char *why)
{
	if (log_rejected)
		printk_ratelimited(KERN_DEBUG pr_fmt("%s[%d]: %s: %pe: %s\n"), current->comm, current->pid, what,
				   ERR_PTR(error), why);
}

void kx_log_faults_dropped(unsigned int requests)
{
	pr_warn_ratelimited("%u page requests dropped: another PASID had used the index of their group\n", requests);
}

void kx_log_device_warning(struct device *dev, const char *text)
{
	dev_warn(dev, pr_fmt("%s\n"), text);
}

int kx_warn(const char *condition, const char *file, int line)
{
	return WARN(1, pr_fmt("%s, at %s:%d\n"), condition, file, line);
}

/* Declared as returning: the caller traps behind it, which keeps objtool's view of the flow right. */
void kx_bug(const char *why)
{
	pr_emerg("%s\n", why);
	BUG();
}
