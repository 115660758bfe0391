// SPDX-License-Identifier: GPL-2.0-only
/* <linux/vfio.h>: the table of operations of a slice, its interrupt, the mapping of its page. */
#include <linux/eventfd.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/mm.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <linux/workqueue.h>

#include "bridge/log.h"
#include "vfio_siov/edu/glue_internal.h"

#define SAME(ours, vfios) static_assert((int)(ours) == (int)(vfios))
SAME(EDU_REGION_BAR0, VFIO_PCI_BAR0_REGION_INDEX);
SAME(EDU_REGION_BAR2, VFIO_PCI_BAR2_REGION_INDEX);
SAME(EDU_REGION_ROM, VFIO_PCI_ROM_REGION_INDEX);
SAME(EDU_REGION_CONFIG, VFIO_PCI_CONFIG_REGION_INDEX);
SAME(EDU_REGIONS, VFIO_PCI_NUM_REGIONS);
SAME(EDU_REGION_READ, VFIO_REGION_INFO_FLAG_READ);
SAME(EDU_REGION_WRITE, VFIO_REGION_INFO_FLAG_WRITE);
SAME(EDU_REGION_MMAP, VFIO_REGION_INFO_FLAG_MMAP);
SAME(EDU_IRQ_INTX, VFIO_PCI_INTX_IRQ_INDEX);
SAME(EDU_IRQ_MSI, VFIO_PCI_MSI_IRQ_INDEX);
SAME(EDU_IRQ_MSIX, VFIO_PCI_MSIX_IRQ_INDEX);
SAME(EDU_IRQ_ERR, VFIO_PCI_ERR_IRQ_INDEX);
SAME(EDU_IRQ_REQ, VFIO_PCI_REQ_IRQ_INDEX);
SAME(EDU_IRQS, VFIO_PCI_NUM_IRQS);
SAME(EDU_IRQ_EVENTFD, VFIO_IRQ_INFO_EVENTFD);
SAME(EDU_IRQ_MASKABLE, VFIO_IRQ_INFO_MASKABLE);
SAME(EDU_IRQ_NORESIZE, VFIO_IRQ_INFO_NORESIZE);
SAME(EDU_IRQ_DATA_NONE, VFIO_IRQ_SET_DATA_NONE);
SAME(EDU_IRQ_DATA_BOOL, VFIO_IRQ_SET_DATA_BOOL);
SAME(EDU_IRQ_DATA_EVENTFD, VFIO_IRQ_SET_DATA_EVENTFD);
SAME(EDU_IRQ_DATA, VFIO_IRQ_SET_DATA_TYPE_MASK);
SAME(EDU_IRQ_MASK, VFIO_IRQ_SET_ACTION_MASK);
SAME(EDU_IRQ_UNMASK, VFIO_IRQ_SET_ACTION_UNMASK);
SAME(EDU_IRQ_TRIGGER, VFIO_IRQ_SET_ACTION_TRIGGER);

static struct edu_vdev *vdev_of(struct vfio_device *vdev)
{
	return container_of(vdev, struct edu_vdev, siov.vdev);
}

static struct edu_slice *slice_of(struct vfio_device *vdev)
{
	return vdev_of(vdev)->slice;
}

static irqreturn_t interrupt(int irq, void *data)
{
	struct edu_vdev *vdev = data;

	edu_slice_interrupt(vdev->slice);
	return IRQ_HANDLED;
}

int ex_irq_request(struct edu_vdev *vdev, unsigned int adi)
{
	return request_irq(pci_irq_vector(vdev->parent->pdev, SIOV_EDU_ADI_VECTOR(adi)), interrupt, 0, "siov-edu-adi",
			   vdev);
}

void ex_irq_free(struct edu_vdev *vdev, unsigned int adi)
{
	free_irq(pci_irq_vector(vdev->parent->pdev, SIOV_EDU_ADI_VECTOR(adi)), vdev);
}

static long nothing(void *unused)
{
	return 0;
}

/* A task that runs on the processor where the interrupt goes runs after what is pending there. */
void ex_irq_flush(struct edu_vdev *vdev, unsigned int adi)
{
	int irq = pci_irq_vector(vdev->parent->pdev, SIOV_EDU_ADI_VECTOR(adi));
	const struct cpumask *mask = irq_get_effective_affinity_mask(irq);
	unsigned int cpu = mask ? cpumask_first(mask) : nr_cpu_ids;

	if (cpu < nr_cpu_ids)
		work_on_cpu_safe(cpu, nothing, NULL);
	synchronize_irq(irq);
}

void ex_zap_page(struct edu_vdev *vdev)
{
	unmap_mapping_range(vdev->siov.vdev.inode->i_mapping, 0, SIOV_EDU_PAGE_SIZE, true);
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
	return vfio_siov_open_device(vdev) ?: edu_slice_open(slice_of(vdev));
}

static void close_device(struct vfio_device *vdev)
{
	edu_slice_close(slice_of(vdev));
}

static ssize_t read(struct vfio_device *vdev, char __user *buf, size_t count, loff_t *offset)
{
	ssize_t done = edu_slice_rw(slice_of(vdev), (unsigned long)buf, count, *offset, false);

	if (done > 0)
		*offset += done;
	return done;
}

static ssize_t write(struct vfio_device *vdev, const char __user *buf, size_t count, loff_t *offset)
{
	ssize_t done = edu_slice_rw(slice_of(vdev), (unsigned long)buf, count, *offset, true);

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
	info.num_regions = EDU_REGIONS;
	info.num_irqs = EDU_IRQS;
	return ANSWER(info, arg, num_irqs);
}

static long get_region_info(void __user *arg)
{
	struct vfio_region_info info;
	struct edu_region_info region;
	int rc = FETCH(info, arg, offset) ?: edu_region(info.index, &region);

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
	int rc = FETCH(info, arg, count) ?: edu_irq(info.index, &irq);

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
	rc = edu_irq(head.index, &irq);
	if (rc)
		return rc;
	rc = vfio_set_irqs_validate_and_prepare(&head, irq.count, EDU_IRQS, &size);
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
	return rc ? -EFAULT : edu_slice_set_irqs(slice_of(vdev), &set);
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
		return edu_slice_reset(slice_of(vdev));
	default:
		return -ENOTTY;
	}
}

/* Pages are entered one by one on access, under a lock that a revocation takes before it zaps them. */
static vm_fault_t fault(struct vm_fault *vmf)
{
	struct edu_vdev *vdev = vmf->vma->vm_private_data;
	phys_addr_t page =
		pci_resource_start(vdev->parent->pdev, SIOV_EDU_BAR) + SIOV_EDU_ADI_PAGE(edu_slice_adi(vdev->slice));
	vm_fault_t result = VM_FAULT_SIGBUS;

	if (edu_slice_begin_fault(vdev->slice))
		result = vmf_insert_pfn(vmf->vma, vmf->address, PHYS_PFN(page));
	edu_slice_end_fault(vdev->slice);
	return result;
}

static const struct vm_operations_struct mmap_ops = { .fault = fault };

static int mmap(struct vfio_device *vdev, struct vm_area_struct *vma)
{
	int rc = edu_slice_check_mmap(slice_of(vdev), (u64)vma->vm_pgoff << PAGE_SHIFT, vma->vm_end - vma->vm_start,
				      vma->vm_flags & VM_SHARED, vma->vm_flags & VM_EXEC);

	if (rc)
		return rc;
	vm_flags_mod(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP, VM_MAYEXEC);
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	vma->vm_private_data = vdev_of(vdev);
	vma->vm_ops = &mmap_ops;
	return 0;
}

static void request(struct vfio_device *vdev, unsigned int count)
{
	edu_slice_request(slice_of(vdev), count);
}

/* Setting and clearing the bus master bit without configuration space: the only feature that says something here */
static int device_feature(struct vfio_device *vdev, u32 flags, void __user *arg, size_t argsz)
{
	struct vfio_device_feature_bus_master want;
	int rc;

	if ((flags & VFIO_DEVICE_FEATURE_MASK) != VFIO_DEVICE_FEATURE_BUS_MASTER)
		return -ENOTTY;
	rc = vfio_check_feature(flags, argsz, VFIO_DEVICE_FEATURE_SET, sizeof(want));
	if (rc != 1)
		return rc;
	if (copy_from_user(&want, arg, sizeof(want)))
		return -EFAULT;
	if (want.op != VFIO_DEVICE_FEATURE_SET_MASTER && want.op != VFIO_DEVICE_FEATURE_CLEAR_MASTER)
		return -EINVAL;
	return edu_slice_bus_master(slice_of(vdev), want.op == VFIO_DEVICE_FEATURE_SET_MASTER);
}

const struct vfio_device_ops edu_vfio_ops = {
	.name = "siov-edu-adi",
	.bind_iommufd = vfio_siov_bind_iommufd,
	.unbind_iommufd = vfio_siov_unbind_iommufd,
	.attach_ioas = vfio_siov_attach_ioas,
	.detach_ioas = vfio_siov_detach_ioas,
	.open_device = open_device,
	.close_device = close_device,
	.read = read,
	.write = write,
	.ioctl = ioctl,
	.mmap = mmap,
	.request = request,
	.device_feature = device_feature,
};
