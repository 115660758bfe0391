// SPDX-License-Identifier: GPL-2.0-only
/* Mock devices: platform devices with no driver and no resources.
 *
 * The IOMMU core finds a device's IOMMU by the firmware node in its fwspec. iommu_fwspec_init() would write that, but
 * asserts a lock that modules do not see; before device_add() nobody else knows the device, so it is written here.
 */
#include <linux/device.h>
#include <linux/idr.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "mock_iommu/glue.h"

static DEFINE_IDA(numbers);

int mx_number_take(unsigned int *number)
{
	int rc = ida_alloc(&numbers, GFP_KERNEL);

	if (rc < 0)
		return rc;
	*number = rc;
	return 0;
}

bool mx_number_any(void)
{
	return !ida_is_empty(&numbers);
}

void mx_number_free(unsigned int number)
{
	ida_free(&numbers, number);
}

/* Normally the core has freed dev->iommu; it has not when device_add() failed early. */
static void drop_iommu(struct device *dev)
{
	if (!dev->iommu)
		return;
	iommu_fwspec_free(dev);
	kfree(dev->iommu);
	dev->iommu = NULL;
}

static void release(struct device *dev)
{
	struct fwnode_handle *properties = dev_fwnode(dev);

	drop_iommu(dev);
	device_set_node(dev, NULL);
	fwnode_remove_software_node(properties);
	mock_device_released(to_platform_device(dev));
	module_put(THIS_MODULE);
}

static int point_to_iommu(struct device *dev)
{
	struct iommu_fwspec *spec = kzalloc(struct_size(spec, ids, 1), GFP_KERNEL);
	struct dev_iommu *iommu = kzalloc(sizeof(*iommu), GFP_KERNEL);

	if (!spec || !iommu) {
		kfree(spec);
		kfree(iommu);
		return -ENOMEM;
	}
	mutex_init(&iommu->lock);
	spec->iommu_fwnode = fwnode_handle_get(mx_iommu_node());
	iommu->fwspec = spec;
	dev->iommu = iommu;
	return 0;
}

static int add_properties(struct device *dev, unsigned int pasid_bits)
{
	const struct property_entry properties[] = { PROPERTY_ENTRY_U32("pasid-num-bits", pasid_bits), {} };
	struct fwnode_handle *node = fwnode_create_software_node(properties, NULL);

	if (IS_ERR(node))
		return PTR_ERR(node);
	device_set_node(dev, node);
	return 0;
}

void mx_device_init(struct platform_device *pdev, unsigned int number)
{
	pdev->name = "iommufd_mock";
	pdev->id = number;
	device_initialize(&pdev->dev);
	pdev->dev.release = release;
	__module_get(THIS_MODULE); /* as long as release() may be called */
	/* Nobody asks for power management or events of a mock device; each would cost a test's time. */
	device_set_pm_not_required(&pdev->dev);
	dev_set_uevent_suppress(&pdev->dev, true);
}

int mx_device_add(struct platform_device *pdev, unsigned int pasid_bits)
{
	int rc = point_to_iommu(&pdev->dev);

	if (!rc && pasid_bits)
		rc = add_properties(&pdev->dev, pasid_bits);
	if (!rc)
		rc = platform_device_add(pdev);
	if (rc)
		return rc;
	/* The core adds the device all the same when its IOMMU setup failed. */
	if (!pdev->dev.iommu_group) {
		platform_device_del(pdev);
		return -ENODEV;
	}
	return 0;
}

void mx_device_remove(struct platform_device *pdev)
{
	platform_device_del(pdev);
}

void mx_device_drop(struct platform_device *pdev)
{
	put_device(&pdev->dev);
}

struct device *mx_device_of(struct platform_device *pdev)
{
	return &pdev->dev;
}

struct platform_device *mx_pdev_of(struct device *dev)
{
	return to_platform_device(dev);
}

static DEFINE_SPINLOCK(devices_lock);

void mx_devices_lock(void)
{
	spin_lock(&devices_lock);
}

void mx_devices_unlock(void)
{
	spin_unlock(&devices_lock);
}

bool mx_is_mock(struct device *dev)
{
	return dev->release == release;
}
