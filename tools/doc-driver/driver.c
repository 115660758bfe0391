// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver that docs/vdevice.md has as its example, made a module: what the example takes for given, the example
 * itself (example.inc, extracted by tools/check-build), and the module around it. It is compiled and linked, never loaded.
 */
#include <linux/iommu.h>
#include <linux/minmax.h>
#include <linux/module.h>

#include <linux/iommufd_driver.h>

#define MY_VIOMMU 1
#define MY_COMMANDS 2
#define MY_FIRST_SIZE sizeof(u32)

struct my_iommu {
	struct iommu_device iommu;
};

struct my_user_viommu {
	__u32 flags;
	__u32 reserved;
};

struct my_user_command {
	__u64 virt_id;
};

struct my_viommu;

static const struct iommu_ops my_iommu_ops = {};

static int my_flush(struct my_iommu *iommu, struct device *dev, unsigned int pasid)
{
	return 0;
}

static struct my_iommu *my_iommu_of(struct device *dev)
{
	return dev_get_drvdata(dev);
}

static int my_vmid_alloc(struct my_viommu *v)
{
	return 0;
}

static void my_viommu_destroy(struct iommufd_viommu *core) {}

static struct iommu_domain *my_alloc_nested(struct iommufd_viommu *core, unsigned int flags,
					    const struct iommu_user_data *data)
{
	return ERR_PTR(-EOPNOTSUPP);
}

#include "example.inc"

static int __init my_init(void)
{
	return iommufd_driver_register(&my_driver);
}
module_init(my_init);

static void __exit my_exit(void)
{
	iommufd_driver_unregister(&my_driver);
}
module_exit(my_exit);

MODULE_DESCRIPTION("The example of docs/vdevice.md");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(IOMMUFD);
