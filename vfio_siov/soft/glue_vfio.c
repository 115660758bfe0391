// SPDX-License-Identifier: GPL-2.0-only
/* <linux/vfio.h>: the operations of a software slice, and the owner's memory by VFIO's in-kernel calls. */
#include <linux/delay.h>
#include <linux/eventfd.h>
#include <linux/highmem.h>
#include <linux/iommu.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/uaccess.h>

#include "bridge/log.h"
#include "vfio_siov/soft/glue_internal.h"

static struct soft_vdev *soft_of(struct vfio_device *vdev)
{
	return container_of(vdev, struct soft_vdev, vdev);
}

static struct soft_slice *slice_of(struct vfio_device *vdev)
{
	return soft_of(vdev)->slice;
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

int ex_eventfd_get(int fd, struct eventfd_ctx **ctx)
{
	*ctx = eventfd_ctx_fdget(fd);
	return PTR_ERR_OR_ZERO(*ctx);
}

void ex_eventfd_put(struct eventfd_ctx *ctx)
{
	eventfd_ctx_put(ctx);
}

void ex_eventfd_signal(struct eventfd_ctx *ctx)
{
	eventfd_signal(ctx);
}

unsigned long ex_spin_lock_irqsave(struct spinlock *lock)
{
	unsigned long flags;

	spin_lock_irqsave(lock, flags);
	return flags;
}

void ex_spin_unlock_irqrestore(struct spinlock *lock, unsigned long flags)
{
	spin_unlock_irqrestore(lock, flags);
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
	ssize_t done = soft_slice_rw(slice_of(vdev), (unsigned long)buf, count, *offset, false);

	if (done > 0)
		*offset += done;
	return done;
}

static ssize_t write(struct vfio_device *vdev, const char __user *buf, size_t count, loff_t *offset)
{
	ssize_t done = soft_slice_rw(slice_of(vdev), (unsigned long)buf, count, *offset, true);

	if (done > 0)
		*offset += done;
	return done;
}

/* Copies the beginning of a structure that starts with its size. */
#define FETCH(info, arg, last)                                                                 \
	(copy_from_user(&(info), arg, offsetofend(typeof(info), last)) ? -EFAULT               \
	 : (info).argsz < offsetofend(typeof(info), last)              ? -EINVAL : 0)
#define ANSWER(info, arg, last) (copy_to_user(arg, &(info), offsetofend(typeof(info), last)) ? -EFAULT : 0)

static long get_info(void __user *arg)
{
	struct vfio_device_info info;
	int rc = FETCH(info, arg, num_irqs);

	if (rc)
		return rc;
	info.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
	info.num_regions = EDU_REGIONS;
	info.num_irqs = EDU_IRQS;
	return ANSWER(info, arg, num_irqs);
}

static long get_region_info(void __user *arg)
{
	struct vfio_region_info info;
	struct edu_region_info region;
	int rc = FETCH(info, arg, offset) ?: soft_region(info.index, &region);

	if (rc)
		return rc;
	info.size = region.size;
	info.flags = region.flags;
	info.offset = (u64)info.index << EDU_REGION_SHIFT;
	info.cap_offset = 0;
	return ANSWER(info, arg, offset);
}

static long get_irq_info(void __user *arg)
{
	struct vfio_irq_info info;
	struct edu_irq_info irq;
	int rc = FETCH(info, arg, count) ?: soft_irq(info.index, &irq);

	if (rc)
		return rc;
	info.count = irq.count;
	info.flags = irq.flags;
	return ANSWER(info, arg, count);
}

static long set_irqs(struct vfio_device *vdev, void __user *arg)
{
	struct vfio_irq_set head;
	struct edu_irq_info irq;
	struct edu_irq_set set = {};
	u8 truth = 0;
	size_t size;
	int rc;

	if (copy_from_user(&head, arg, offsetofend(struct vfio_irq_set, count)))
		return -EFAULT;
	rc = soft_irq(head.index, &irq) ?: vfio_set_irqs_validate_and_prepare(&head, irq.count, EDU_IRQS, &size);
	if (rc) {
		kx_log_rejected("VFIO_DEVICE_SET_IRQS", rc, "size, flags or vectors out of range");
		return rc;
	}
	set.index = head.index;
	set.flags = head.flags;
	set.count = head.count;
	arg += offsetofend(struct vfio_irq_set, count);
	if (size == sizeof(set.data))
		rc = copy_from_user(&set.data, arg, size);
	else if (size) {
		rc = copy_from_user(&truth, arg, 1);
		set.data = truth;
	}
	return rc ? -EFAULT : soft_slice_set_irqs(slice_of(vdev), &set);
}

static long ioctl(struct vfio_device *vdev, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return get_info(user);
	case VFIO_DEVICE_GET_REGION_INFO:
		return get_region_info(user);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return get_irq_info(user);
	case VFIO_DEVICE_SET_IRQS:
		return set_irqs(vdev, user);
	case VFIO_DEVICE_RESET:
		return soft_slice_reset(slice_of(vdev));
	default:
		return -ENOTTY;
	}
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
