// SPDX-License-Identifier: GPL-2.0-only
/* What the mock IOMMU offers to iommufd beside its struct iommu_ops: see include/linux/iommufd_driver.h. */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>

#include "mock_iommu/glue.h"
#include "include/linux/iommufd_driver.h"

#define IOMMUFD_CXX_KERNEL
#include "include/uapi/linux/iommufd_test.h"

static void *hw_info(struct device *dev, unsigned int *length, unsigned int *type)
{
	if (*type && *type != IOMMU_HW_INFO_TYPE_SELFTEST)
		return ERR_PTR(-EOPNOTSUPP);
	return mx_hw_info(dev, length, type);
}

static struct iommufd_driver driver = {
	.owner = THIS_MODULE,
	.pasid_domains = true,
	.replace_pasid = mock_pasid_replace,
	.hw_info = hw_info,
	.viommu_size = mock_viommu_size,
	.viommu_init = mock_viommu_init,
};

/* iommufd may look at the operation as long as there is a device. */
static bool replaces = true;
static DEFINE_MUTEX(lock);

static int set_replaces(const char *text, const struct kernel_param *param)
{
	bool before = replaces;
	int rc;

	mutex_lock(&lock);
	rc = param_set_bool(text, param);
	if (!rc && replaces != before && mx_number_any()) {
		replaces = before;
		rc = -EBUSY;
	}
	driver.replace_pasid = replaces ? mock_pasid_replace : NULL;
	mutex_unlock(&lock);
	return rc;
}

static const struct kernel_param_ops replaces_ops = { .set = set_replaces, .get = param_get_bool };
module_param_cb(replace_pasid, &replaces_ops, &replaces, 0644);
MODULE_PARM_DESC(replace_pasid, "replaces a PASID's domain in one step; to change while there is no mock device");

int mx_driver_start(void)
{
	driver.ops = mx_iommu_ops();
	return iommufd_driver_register(&driver);
}

void mx_driver_stop(void)
{
	iommufd_driver_unregister(&driver);
}

/* No device comes between looking whether there is one and changing the operation. */
int mx_number_alloc(unsigned int *number)
{
	int rc;

	mutex_lock(&lock);
	rc = mx_number_take(number);
	mutex_unlock(&lock);
	return rc;
}
