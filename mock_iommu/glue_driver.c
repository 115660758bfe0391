// SPDX-License-Identifier: GPL-2.0-only
/* What the mock IOMMU offers to iommufd beside its struct iommu_ops: see include/linux/iommufd_driver.h. */
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>

#include "mock_iommu/glue.h"
#include "include/linux/iommufd_driver.h"

static struct iommufd_driver driver = { .pasid_domains = true, .replace_pasid = mock_pasid_replace };

/* Is the driver to be registered, and is it? One that has devices must stay as it is. */
static bool wanted = true, registered, running;
static DEFINE_MUTEX(lock);

static int follow_locked(void)
{
	int rc = 0;

	if (!running || wanted == registered)
		return 0;
	if (mx_number_any())
		return -EBUSY;
	if (wanted)
		rc = iommufd_driver_register(&driver);
	else
		iommufd_driver_unregister(&driver);
	registered = wanted && !rc;
	return rc;
}

static int set_wanted(const char *text, const struct kernel_param *param)
{
	bool before = wanted;
	int rc;

	mutex_lock(&lock);
	rc = param_set_bool(text, param) ?: follow_locked();
	if (rc)
		wanted = before;
	mutex_unlock(&lock);
	return rc;
}

static const struct kernel_param_ops wanted_ops = { .set = set_wanted, .get = param_get_bool };
module_param_cb(replace_pasid, &wanted_ops, &wanted, 0644);
MODULE_PARM_DESC(replace_pasid, "replaces a PASID's domain in one step; to change while there is no mock device");

int mx_driver_start(void)
{
	int rc;

	mutex_lock(&lock);
	driver.ops = mx_iommu_ops();
	running = true;
	rc = follow_locked();
	mutex_unlock(&lock);
	return rc;
}

void mx_driver_stop(void)
{
	mutex_lock(&lock);
	if (registered)
		iommufd_driver_unregister(&driver);
	registered = running = false;
	mutex_unlock(&lock);
}

/* No device comes between looking whether there is one and changing the registration. */
int mx_number_alloc(unsigned int *number)
{
	int rc;

	mutex_lock(&lock);
	rc = mx_number_take(number);
	mutex_unlock(&lock);
	return rc;
}
