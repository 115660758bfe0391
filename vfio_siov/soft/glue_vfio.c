// SPDX-License-Identifier: GPL-2.0-only
/* <linux/vfio.h>: the operations of a software slice, and the owner's memory by VFIO's in-kernel calls. */
#include <linux/delay.h>
#include <linux/highmem.h>
#include <linux/iommu.h>
#include <linux/ktime.h>
#include <linux/mm.h>

#include "vfio_siov/page_device/glue_vfio.h"
#include "vfio_siov/soft/glue_internal.h"

static struct soft_vdev *soft_of(struct vfio_device *vdev)
{
	return container_of(vdev, struct soft_vdev, vdev);
}

static struct soft_slice *slice_of(struct vfio_device *vdev)
{
	return soft_of(vdev)->slice;
}

static struct pd_device *device_of(struct vfio_device *vdev)
{
	return soft_slice_device(slice_of(vdev));
}

int sf_dma(struct soft_vdev *vdev, unsigned long long iova, void *data, unsigned long size, bool write)
{
	return vfio_dma_rw(&vdev->vdev, iova, data, size, write);
}

/* One page: all of them, or an errno */
int sf_pin(struct soft_vdev *vdev, unsigned long long iova, struct page **page)
{
	int pinned = vfio_pin_pages(&vdev->vdev, iova, 1, IOMMU_READ | IOMMU_WRITE, page);

	return pinned < 0 ? pinned : 0;
}

void sf_unpin(struct soft_vdev *vdev, unsigned long long iova)
{
	vfio_unpin_pages(&vdev->vdev, iova, 1);
}

unsigned long long sf_fetch_add(struct page *page, unsigned int offset, unsigned int width, unsigned long long operand)
{
	void *base = kmap_local_page(page);
	unsigned long long old;

	if (width == 4)
		old = (u32)atomic_fetch_add(operand, (atomic_t *)(base + offset));
	else
		old = atomic64_fetch_add(operand, (atomic64_t *)(base + offset));
	kunmap_local(base);
	return old;
}

/* A work item that is running is queued once more; and it runs once at a time. */
void sf_work_queue(struct soft_vdev *vdev)
{
	queue_work(system_unbound_wq, &vdev->work);
}

void sf_work_flush(struct soft_vdev *vdev)
{
	flush_work(&vdev->work);
}

void soft_work(struct work_struct *work)
{
	soft_slice_work(container_of(work, struct soft_vdev, work)->slice);
}

void sf_sleep_us(unsigned int us)
{
	usleep_range(us, 2 * us);
}

unsigned long long sf_now_us(void)
{
	return ktime_to_us(ktime_get());
}

void sf_log(struct soft_vdev *vdev, const char *text)
{
	dev_warn_ratelimited(vdev->vdev.dev, "siov_soft: %s\n", text);
}

static int open_device(struct vfio_device *vdev)
{
	return vfio_siov_emulated_open_device(vdev) ?: soft_slice_open(slice_of(vdev));
}

static void close_device(struct vfio_device *vdev)
{
	soft_slice_close(slice_of(vdev));
}

/* What is mapped there is about to go; all that is pinned has to. */
static void dma_unmap(struct vfio_device *vdev, u64 iova, u64 length)
{
	soft_slice_unmapped(slice_of(vdev));
}

static ssize_t read(struct vfio_device *vdev, char __user *buf, size_t count, loff_t *offset)
{
	return pd_vfio_read(device_of(vdev), buf, count, offset);
}

static ssize_t write(struct vfio_device *vdev, const char __user *buf, size_t count, loff_t *offset)
{
	return pd_vfio_write(device_of(vdev), buf, count, offset);
}

static long ioctl(struct vfio_device *vdev, unsigned int cmd, unsigned long arg)
{
	return pd_vfio_ioctl(device_of(vdev), cmd, arg);
}

static void request(struct vfio_device *vdev, unsigned int count)
{
	soft_slice_request(slice_of(vdev), count);
}

const struct vfio_device_ops soft_vfio_ops = {
	.name = "siov-soft",
	.bind_iommufd = vfio_siov_emulated_bind_iommufd,
	.unbind_iommufd = vfio_siov_emulated_unbind_iommufd,
	.attach_ioas = vfio_siov_emulated_attach_ioas,
	.detach_ioas = vfio_siov_emulated_detach_ioas,
	.open_device = open_device,
	.close_device = close_device,
	.dma_unmap = dma_unmap,
	.read = read,
	.write = write,
	.ioctl = ioctl,
	.request = request,
};
