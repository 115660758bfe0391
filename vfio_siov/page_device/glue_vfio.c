// SPDX-License-Identifier: GPL-2.0-only
/* <linux/vfio.h>: the calls of VFIO that are the same for every page device, and eventfds. */
#include <linux/eventfd.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>

#include "bridge/log.h"
#include "vfio_siov/page_device/glue_vfio.h"
#include "include/uapi/linux/vfio_dma_buf.h"

#define SAME(ours, vfios) static_assert((int)(ours) == (int)(vfios))
SAME(PD_REGION_BAR0, VFIO_PCI_BAR0_REGION_INDEX);
SAME(PD_REGION_BAR2, VFIO_PCI_BAR2_REGION_INDEX);
SAME(PD_REGION_ROM, VFIO_PCI_ROM_REGION_INDEX);
SAME(PD_REGION_CONFIG, VFIO_PCI_CONFIG_REGION_INDEX);
SAME(PD_REGIONS, VFIO_PCI_NUM_REGIONS);
SAME(PD_REGION_READ, VFIO_REGION_INFO_FLAG_READ);
SAME(PD_REGION_WRITE, VFIO_REGION_INFO_FLAG_WRITE);
SAME(PD_REGION_MMAP, VFIO_REGION_INFO_FLAG_MMAP);
SAME(PD_IRQ_INTX, VFIO_PCI_INTX_IRQ_INDEX);
SAME(PD_IRQ_MSI, VFIO_PCI_MSI_IRQ_INDEX);
SAME(PD_IRQ_MSIX, VFIO_PCI_MSIX_IRQ_INDEX);
SAME(PD_IRQ_ERR, VFIO_PCI_ERR_IRQ_INDEX);
SAME(PD_IRQ_REQ, VFIO_PCI_REQ_IRQ_INDEX);
SAME(PD_IRQS, VFIO_PCI_NUM_IRQS);
SAME(PD_IRQ_EVENTFD, VFIO_IRQ_INFO_EVENTFD);
SAME(PD_IRQ_MASKABLE, VFIO_IRQ_INFO_MASKABLE);
SAME(PD_IRQ_NORESIZE, VFIO_IRQ_INFO_NORESIZE);
SAME(PD_IRQ_DATA_NONE, VFIO_IRQ_SET_DATA_NONE);
SAME(PD_IRQ_DATA_BOOL, VFIO_IRQ_SET_DATA_BOOL);
SAME(PD_IRQ_DATA_EVENTFD, VFIO_IRQ_SET_DATA_EVENTFD);
SAME(PD_IRQ_DATA, VFIO_IRQ_SET_DATA_TYPE_MASK);
SAME(PD_IRQ_MASK, VFIO_IRQ_SET_ACTION_MASK);
SAME(PD_IRQ_UNMASK, VFIO_IRQ_SET_ACTION_UNMASK);
SAME(PD_IRQ_TRIGGER, VFIO_IRQ_SET_ACTION_TRIGGER);

int dx_eventfd_get(int fd, struct eventfd_ctx **ctx)
{
	*ctx = eventfd_ctx_fdget(fd);
	return PTR_ERR_OR_ZERO(*ctx);
}

void dx_eventfd_put(struct eventfd_ctx *ctx)
{
	eventfd_ctx_put(ctx);
}

void dx_eventfd_signal(struct eventfd_ctx *ctx)
{
	eventfd_signal(ctx);
}

unsigned long dx_spin_lock_irqsave(struct spinlock *lock)
{
	unsigned long flags;

	spin_lock_irqsave(lock, flags);
	return flags;
}

void dx_spin_unlock_irqrestore(struct spinlock *lock, unsigned long flags)
{
	spin_unlock_irqrestore(lock, flags);
}

ssize_t pd_vfio_read(struct pd_device *device, char __user *buf, size_t count, loff_t *offset)
{
	ssize_t done = pd_rw(device, (unsigned long)buf, count, *offset, false);

	if (done > 0)
		*offset += done;
	return done;
}

ssize_t pd_vfio_write(struct pd_device *device, const char __user *buf, size_t count, loff_t *offset)
{
	ssize_t done = pd_rw(device, (unsigned long)buf, count, *offset, true);

	if (done > 0)
		*offset += done;
	return done;
}

/* Copies the beginning of a structure that starts with its size. */
#define FETCH(info, arg, last)                                                   \
	(copy_from_user(&(info), arg, offsetofend(typeof(info), last)) ? -EFAULT \
	 : (info).argsz < offsetofend(typeof(info), last)              ? -EINVAL \
								       : 0)
#define ANSWER(info, arg, last) (copy_to_user(arg, &(info), offsetofend(typeof(info), last)) ? -EFAULT : 0)

static long get_info(void __user *arg)
{
	struct vfio_device_info info;
	int rc = FETCH(info, arg, num_irqs);

	if (rc)
		return rc;
	info.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
	info.num_regions = PD_REGIONS;
	info.num_irqs = PD_IRQS;
	return ANSWER(info, arg, num_irqs);
}

static long get_region_info(struct pd_device *device, void __user *arg)
{
	struct vfio_region_info info;
	struct pd_region_info region;
	int rc = FETCH(info, arg, offset) ?: pd_region(device, info.index, &region);

	if (rc)
		return rc;
	info.size = region.size;
	info.flags = region.flags;
	info.offset = (u64)info.index << PD_REGION_SHIFT;
	info.cap_offset = 0;
	return ANSWER(info, arg, offset);
}

static long get_irq_info(void __user *arg)
{
	struct vfio_irq_info info;
	struct pd_irq_info irq;
	int rc = FETCH(info, arg, count) ?: pd_irq(info.index, &irq);

	if (rc)
		return rc;
	info.count = irq.count;
	info.flags = irq.flags;
	return ANSWER(info, arg, count);
}

static long set_irqs(struct pd_device *device, void __user *arg)
{
	struct vfio_irq_set head;
	struct pd_irq_info irq;
	struct pd_irq_set set = {};
	u8 truth = 0;
	size_t size;
	int rc;

	if (copy_from_user(&head, arg, offsetofend(struct vfio_irq_set, count)))
		return -EFAULT;
	rc = pd_irq(head.index, &irq);
	if (rc)
		return rc;
	rc = vfio_set_irqs_validate_and_prepare(&head, irq.count, PD_IRQS, &size);
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
	return rc ? -EFAULT : pd_set_irqs(device, &set);
}

long pd_vfio_ioctl(struct pd_device *device, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return get_info(user);
	case VFIO_DEVICE_GET_REGION_INFO:
		return get_region_info(device, user);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return get_irq_info(user);
	case VFIO_DEVICE_SET_IRQS:
		return set_irqs(device, user);
	case VFIO_DEVICE_RESET:
		return pd_reset(device);
	default:
		return -ENOTTY;
	}
}

/* The page is one range; several would have to overlap. */
static int export(struct pd_device *device, u32 flags, void __user *arg, size_t argsz)
{
	struct vfio_device_feature_dma_buf want;
	struct vfio_region_dma_range range;
	int rc;

	if (!IS_ENABLED(CONFIG_DMA_SHARED_BUFFER))
		return -ENOTTY;
	rc = vfio_check_feature(flags, argsz, VFIO_DEVICE_FEATURE_GET, sizeof(want));
	if (rc != 1)
		return rc;
	if (copy_from_user(&want, arg, sizeof(want)))
		return -EFAULT;
	if (want.flags || want.nr_ranges != 1 || argsz < sizeof(want) + sizeof(range)) {
		kx_log_rejected("VFIO_DEVICE_FEATURE_DMA_BUF", -EINVAL, "flags, size, or not one range");
		return -EINVAL;
	}
	if (copy_from_user(&range, arg + sizeof(want), sizeof(range)))
		return -EFAULT;
	return pd_export(device, want.region_index, range.offset, range.length, want.open_flags);
}

/* Setting and clearing the bus master bit without configuration space */
static int bus_master(struct pd_device *device, u32 flags, void __user *arg, size_t argsz)
{
	struct vfio_device_feature_bus_master want;
	int rc;

	rc = vfio_check_feature(flags, argsz, VFIO_DEVICE_FEATURE_SET, sizeof(want));
	if (rc != 1)
		return rc;
	if (copy_from_user(&want, arg, sizeof(want)))
		return -EFAULT;
	if (want.op != VFIO_DEVICE_FEATURE_SET_MASTER && want.op != VFIO_DEVICE_FEATURE_CLEAR_MASTER)
		return -EINVAL;
	return pd_bus_master(device, want.op == VFIO_DEVICE_FEATURE_SET_MASTER);
}

int pd_vfio_feature(struct pd_device *device, u32 flags, void __user *arg, size_t argsz)
{
	switch (flags & VFIO_DEVICE_FEATURE_MASK) {
	case VFIO_DEVICE_FEATURE_BUS_MASTER:
		return bus_master(device, flags, arg, argsz);
	case VFIO_DEVICE_FEATURE_DMA_BUF:
		return export(device, flags, arg, argsz);
	default:
		return -ENOTTY;
	}
}
