// SPDX-License-Identifier: GPL-2.0-only
/* <linux/moduleparam.h>: how tests tell the mock IOMMU what to do about PASIDs, and read what it did. */
#include <linux/atomic.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>

#include "mock_iommu/glue.h"
#include "include/linux/iommufd_pasid.h"

static int get_count(char *buffer, const struct kernel_param *param)
{
	return sysfs_emit(buffer, "%d\n", atomic_read(param->arg));
}

static int set_count(const char *text, const struct kernel_param *param)
{
	int value, rc = kstrtoint(text, 0, &value);

	if (!rc)
		atomic_set(param->arg, value);
	return rc;
}

static const struct kernel_param_ops count_ops = { .get = get_count };
static const struct kernel_param_ops script_ops = { .get = get_count, .set = set_count };

static atomic_t pauses, resumes, replaced_pasids;
module_param_cb(pauses, &count_ops, &pauses, 0444);
MODULE_PARM_DESC(pauses, "times that the DMA of a slice was held for a replace, so far");
module_param_cb(resumes, &count_ops, &resumes, 0444);
MODULE_PARM_DESC(resumes, "times that it went on, so far");
module_param_cb(replaced_pasids, &count_ops, &replaced_pasids, 0444);
MODULE_PARM_DESC(replaced_pasids, "replacements of a PASID's domain in one step, so far");

static atomic_t fail_attaches, fail_pauses;
module_param_cb(fail_attaches, &script_ops, &fail_attaches, 0644);
MODULE_PARM_DESC(fail_attaches, "so many of the next attachments and replacements of PASIDs fail: ENOMEM");
module_param_cb(fail_pauses, &script_ops, &fail_pauses, 0644);
MODULE_PARM_DESC(fail_pauses, "so many of the next pauses fail: EBUSY");

static bool pause_slices = true;
module_param(pause_slices, bool, 0644);
MODULE_PARM_DESC(pause_slices, "DMA of slices bound from now on can be held");

static unsigned int more_lookups;
module_param(more_lookups, uint, 0644);
MODULE_PARM_DESC(more_lookups, "how often each entry of an invalidation looks its vDEVICE up again, to measure that");

unsigned int mx_more_lookups(void)
{
	return READ_ONCE(more_lookups);
}

void mx_count_pause(void)
{
	atomic_inc(&pauses);
}

void mx_count_resume(void)
{
	atomic_inc(&resumes);
}

void mx_count_replaced(void)
{
	atomic_inc(&replaced_pasids);
}

bool mx_attach_fails(void)
{
	return atomic_dec_if_positive(&fail_attaches) >= 0 || mx_should_fail();
}

bool mx_pause_fails(void)
{
	return atomic_dec_if_positive(&fail_pauses) >= 0;
}

bool mx_slices_pause(void)
{
	return READ_ONCE(pause_slices);
}
