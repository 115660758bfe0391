// SPDX-License-Identifier: GPL-2.0-only
/* <linux/miscdevice.h>, <linux/fs.h>, <linux/file.h>: the device nodes and the file operations.
 *
 * /dev/vfio/vfio belongs to vfio.ko, unless the kernel was configured to leave it to iommufd.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "bridge/dmabuf.h"
#include "bridge/fd.h"
#include "bridge/file.h"
#include "bridge/mmap.h"

static struct miscdevice container_device;

static int fd_open(struct inode *inode, struct file *file)
{
	/* misc_open() leaves the device in private_data. */
	return iommufd_cxx_open(file, file->private_data == &container_device, &file->private_data);
}

static int fd_release(struct inode *inode, struct file *file)
{
	iommufd_cxx_release(file->private_data);
	return 0;
}

static long fd_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return iommufd_cxx_ioctl(file->private_data, cmd, arg);
}

static int fd_mmap(struct file *file, struct vm_area_struct *vma)
{
	return iommufd_cxx_mmap(file->private_data, vma, vma->vm_pgoff, vma_pages(vma), vma->vm_flags & VM_SHARED,
				vma->vm_flags & VM_EXEC);
}

static const struct file_operations fd_ops = {
	.owner = THIS_MODULE,
	.open = fd_open,
	.release = fd_release,
	.unlocked_ioctl = fd_ioctl,
	.mmap = fd_mmap,
};

bool kx_file_is_ours(const struct file *file)
{
	return file->f_op == &fd_ops;
}

void *kx_file_private(const struct file *file)
{
	return file->private_data;
}

static struct miscdevice iommu_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "iommu",
	.fops = &fd_ops,
	.nodename = "iommu",
	.mode = 0660,
};

static struct miscdevice container_device = {
	.minor = VFIO_MINOR,
	.name = "vfio",
	.fops = &fd_ops,
	.nodename = "vfio/vfio",
	.mode = 0666,
};

struct device *kx_fd_device(void)
{
	return iommu_device.this_device;
}

static int __init fd_init(void)
{
	int rc = misc_register(&iommu_device);

	if (rc || !IS_ENABLED(CONFIG_IOMMUFD_VFIO_CONTAINER))
		return rc;
	rc = misc_register(&container_device);
	if (rc)
		misc_deregister(&iommu_device);
	return rc;
}

static void __exit fd_exit(void)
{
	if (IS_ENABLED(CONFIG_IOMMUFD_VFIO_CONTAINER))
		misc_deregister(&container_device);
	misc_deregister(&iommu_device);
}

module_init(fd_init);
module_exit(fd_exit);

#if IS_ENABLED(CONFIG_IOMMUFD_VFIO_CONTAINER)
MODULE_ALIAS_MISCDEV(VFIO_MINOR);
MODULE_ALIAS("devname:vfio/vfio");
#endif
MODULE_ALIAS("devname:iommu");
MODULE_DESCRIPTION("iommufd-cxx: I/O address spaces for devices driven from user space");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(IOMMUFD); /* iova_bitmap_*, exported by the kernel itself */
MODULE_IMPORT_NS(IOMMUFD_INTERNAL);
