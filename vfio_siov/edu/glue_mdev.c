// SPDX-License-Identifier: GPL-2.0-only
/* <linux/mdev.h>: slices come and go by it. Their attributes, and for root what nobody else may know. */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/vfio.h>

#include "vfio_siov/edu/glue_internal.h"

static struct dentry *debug_root;

static struct edu_vdev *vdev_of(struct device *dev)
{
	return dev_get_drvdata(dev);
}

static ssize_t adi_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", edu_slice_adi(vdev_of(dev)->slice));
}
static DEVICE_ATTR_RO(adi);

static ssize_t numa_node_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", dev_to_node(dev));
}
static DEVICE_ATTR_RO(numa_node);

static ssize_t attached_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", vdev_of(dev)->siov.vdev.iommufd_attached);
}
static DEVICE_ATTR_RO(attached);

static ssize_t last_pause_us_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", vfio_siov_last_pause_us(&vdev_of(dev)->siov));
}
static DEVICE_ATTR_RO(last_pause_us);

static struct attribute *slice_attrs[] = {
	&dev_attr_adi.attr, &dev_attr_numa_node.attr, &dev_attr_attached.attr, &dev_attr_last_pause_us.attr, NULL,
};
ATTRIBUTE_GROUPS(slice);

static int pasid_get(void *data, u64 *value)
{
	struct edu_vdev *vdev = data;

	*value = vdev->siov.pasid;
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(pasid_fops, pasid_get, NULL, "%llu\n");

static int delay_get(void *data, u64 *value)
{
	struct edu_vdev *vdev = data;

	*value = edu_slice_delay_us(vdev->slice);
	return 0;
}

static int delay_set(void *data, u64 value)
{
	struct edu_vdev *vdev = data;

	if (value > U32_MAX)
		return -ERANGE;
	edu_slice_set_delay_us(vdev->slice, value);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(delay_fops, delay_get, delay_set, "%llu\n");

static void debug_add(struct edu_vdev *vdev, struct device *dev)
{
	vdev->debug = debugfs_create_dir(dev_name(dev), debug_root);
	debugfs_create_file("pasid", 0400, vdev->debug, vdev, &pasid_fops);
	debugfs_create_file("delay_us", 0600, vdev->debug, vdev, &delay_fops);
}

static const struct iommufd_pause_ops pause_ops = { .pause = edu_slice_pause, .resume = edu_slice_resume };

static int mdev_probe(struct mdev_device *mdev)
{
	struct edu_parent *parent = container_of(mdev->type, struct edu_parent, type);
	struct device *dev = mdev_dev(mdev);
	struct edu_vdev *vdev = vfio_alloc_device(edu_vdev, siov.vdev, dev, &edu_vfio_ops);
	int rc;

	if (IS_ERR(vdev))
		return PTR_ERR(vdev);
	vdev->parent = parent;
	rc = edu_slice_create(vdev, parent->function, parent->pasids, &vdev->slice);
	if (rc)
		goto no_slice;
	vdev->siov.parent = &parent->pdev->dev;
	vdev->siov.pasid = edu_slice_pasid(vdev->slice);
	vdev->siov.pause = &pause_ops;
	vdev->siov.pause_data = vdev->slice;
	set_dev_node(dev, dev_to_node(&parent->pdev->dev));
	dev_set_drvdata(dev, vdev);
	rc = vfio_register_pasid_iommu_dev(&vdev->siov);
	if (rc)
		goto not_registered;
	debug_add(vdev, dev);
	return 0;

not_registered:
	edu_slice_destroy(vdev->slice);
no_slice:
	vfio_put_device(&vdev->siov.vdev);
	return rc;
}

static void mdev_remove(struct mdev_device *mdev)
{
	struct edu_vdev *vdev = vdev_of(mdev_dev(mdev));

	debugfs_remove_recursive(vdev->debug);
	vfio_unregister_pasid_iommu_dev(&vdev->siov);
	edu_slice_destroy(vdev->slice);
	vfio_put_device(&vdev->siov.vdev);
}

static unsigned int get_available(struct mdev_type *type)
{
	return edu_function_available(container_of(type, struct edu_parent, type)->function);
}

struct mdev_driver edu_mdev_driver = {
	.device_api = VFIO_DEVICE_API_PCI_STRING,
	.probe = mdev_probe,
	.remove = mdev_remove,
	.get_available = get_available,
	.driver =
		{
			.name = "siov_edu_adi",
			.owner = THIS_MODULE,
			.mod_name = KBUILD_MODNAME,
			.dev_groups = slice_groups,
		},
};

int edu_mdev_init(void)
{
	int rc;

	debug_root = debugfs_create_dir("siov_edu", NULL);
	rc = mdev_register_driver(&edu_mdev_driver);
	if (rc)
		debugfs_remove_recursive(debug_root);
	return rc;
}

void edu_mdev_exit(void)
{
	mdev_unregister_driver(&edu_mdev_driver);
	debugfs_remove_recursive(debug_root);
}
