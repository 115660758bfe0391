// SPDX-License-Identifier: GPL-2.0-only
/* <linux/mdev.h>: software slices come and go by it, below a device of our own (/sys/class/mdev_bus/siov_soft);
 * attributes as the slices of siov-edu have; the module.
 */
#define pr_fmt(fmt) "siov_soft: " fmt
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/idr.h>
#include <linux/mdev.h>
#include <linux/module.h>

#include "vfio_siov/soft/glue_internal.h"

static unsigned int slices = 16;
module_param(slices, uint, 0444);
MODULE_PARM_DESC(slices, "how many slices there can be (default: 16)");

/* Guarded by module init and exit alone */
static const struct class soft_class = { .name = "siov_soft" }; /* mdev calls the types by it */
static struct device *parent_dev;
static struct dentry *debug_root;
static struct mdev_parent parent;
static struct mdev_type type = { .sysfs_name = "adi", .pretty_name = "siov-edu ADI in software" };
static struct mdev_type *types[] = { &type };
static DEFINE_IDA(indexes);

static struct soft_vdev *vdev_of(struct device *dev)
{
	return dev_get_drvdata(dev);
}

static ssize_t adi_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", vdev_of(dev)->index);
}
static DEVICE_ATTR_RO(adi);

static ssize_t numa_node_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", dev_to_node(dev));
}
static DEVICE_ATTR_RO(numa_node);

static ssize_t attached_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", vdev_of(dev)->vdev.iommufd_attached);
}
static DEVICE_ATTR_RO(attached);

static struct attribute *slice_attrs[] = {
	&dev_attr_adi.attr, &dev_attr_numa_node.attr, &dev_attr_attached.attr, NULL,
};
ATTRIBUTE_GROUPS(slice);

static int delay_get(void *data, u64 *value)
{
	struct soft_vdev *vdev = data;

	*value = soft_slice_delay_us(vdev->slice);
	return 0;
}

static int delay_set(void *data, u64 value)
{
	struct soft_vdev *vdev = data;

	if (value > U32_MAX)
		return -ERANGE;
	soft_slice_set_delay_us(vdev->slice, value);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(delay_fops, delay_get, delay_set, "%llu\n");

static int setup(struct soft_vdev *vdev, struct device *dev)
{
	int rc = soft_slice_create(vdev, &vdev->slice);

	if (rc)
		return rc;
	rc = vdev->index = ida_alloc(&indexes, GFP_KERNEL);
	if (rc < 0)
		goto no_index;
	INIT_WORK(&vdev->work, soft_work);
	dev_set_drvdata(dev, vdev);
	rc = vfio_register_emulated_slice(&vdev->vdev);
	if (!rc)
		return 0;
	ida_free(&indexes, vdev->index);
no_index:
	soft_slice_destroy(vdev->slice);
	return rc;
}

static int mdev_probe(struct mdev_device *mdev)
{
	struct device *dev = mdev_dev(mdev);
	struct soft_vdev *vdev = vfio_alloc_device(soft_vdev, vdev, dev, &soft_vfio_ops);
	int rc;

	if (IS_ERR(vdev))
		return PTR_ERR(vdev);
	rc = setup(vdev, dev);
	if (rc) {
		vfio_put_device(&vdev->vdev);
		return rc;
	}
	vdev->debug = debugfs_create_dir(dev_name(dev), debug_root);
	debugfs_create_file("delay_us", 0600, vdev->debug, vdev, &delay_fops);
	return 0;
}

static void mdev_remove(struct mdev_device *mdev)
{
	struct soft_vdev *vdev = vdev_of(mdev_dev(mdev));

	debugfs_remove_recursive(vdev->debug);
	vfio_unregister_emulated_slice(&vdev->vdev);
	ida_free(&indexes, vdev->index);
	soft_slice_destroy(vdev->slice);
	vfio_put_device(&vdev->vdev);
}

static struct mdev_driver soft_mdev_driver = {
	.device_api = VFIO_DEVICE_API_PCI_STRING,
	.probe = mdev_probe,
	.remove = mdev_remove,
	.driver = {
		.name = "siov_soft",
		.owner = THIS_MODULE,
		.mod_name = KBUILD_MODNAME,
		.dev_groups = slice_groups,
	},
};

static int __init soft_init(void)
{
	int rc;

	soft_mdev_driver.max_instances = slices;
	debug_root = debugfs_create_dir("siov_soft", NULL);
	rc = mdev_register_driver(&soft_mdev_driver);
	if (rc)
		goto no_driver;
	rc = class_register(&soft_class);
	if (rc)
		goto no_class;
	parent_dev = device_create(&soft_class, NULL, MKDEV(0, 0), NULL, "siov_soft");
	rc = PTR_ERR_OR_ZERO(parent_dev);
	if (rc)
		goto no_device;
	rc = mdev_register_parent(&parent, parent_dev, &soft_mdev_driver, types, ARRAY_SIZE(types));
	if (!rc)
		return 0;
	device_unregister(parent_dev);
no_device:
	class_unregister(&soft_class);
no_class:
	mdev_unregister_driver(&soft_mdev_driver);
no_driver:
	debugfs_remove_recursive(debug_root);
	return rc;
}

static void __exit soft_exit(void)
{
	mdev_unregister_parent(&parent);
	device_unregister(parent_dev);
	class_unregister(&soft_class);
	mdev_unregister_driver(&soft_mdev_driver);
	debugfs_remove_recursive(debug_root);
}

module_init(soft_init);
module_exit(soft_exit);

MODULE_DESCRIPTION("iommufd-cxx: slices that are emulated in software");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(IOMMUFD);
