// SPDX-License-Identifier: GPL-2.0-only
/* <linux/vfio.h>: the table of operations of a slice, its interrupt, the mapping of its page. */
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/mm.h>
#include <linux/vfio.h>
#include <linux/workqueue.h>

#include "vfio_siov/edu/glue_internal.h"
#include "vfio_siov/page_device/glue_vfio.h"

static struct edu_vdev *vdev_of(struct vfio_device *vdev)
{
	return container_of(vdev, struct edu_vdev, siov.vdev);
}

static struct edu_slice *slice_of(struct vfio_device *vdev)
{
	return vdev_of(vdev)->slice;
}

static struct pd_device *device_of(struct vfio_device *vdev)
{
	return edu_slice_device(slice_of(vdev));
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

static phys_addr_t page_pa(struct edu_vdev *vdev)
{
	return pci_resource_start(vdev->parent->pdev, SIOV_EDU_BAR) + SIOV_EDU_ADI_PAGE(edu_slice_adi(vdev->slice));
}

int ex_export(struct edu_vdev *vdev, unsigned int offset, unsigned int length, unsigned int open_flags, bool usable)
{
	return vfio_siov_export(&vdev->siov, page_pa(vdev) + offset, length, open_flags, usable);
}

void ex_allow_exports(struct edu_vdev *vdev, bool usable)
{
	vfio_siov_allow_exports(&vdev->siov, usable);
}

void ex_end_exports(struct edu_vdev *vdev)
{
	vfio_siov_end_exports(&vdev->siov);
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

/* Pages are entered one by one on access, under a lock that a revocation takes before it zaps them. */
static vm_fault_t fault(struct vm_fault *vmf)
{
	struct edu_vdev *vdev = vmf->vma->vm_private_data;
	vm_fault_t result = VM_FAULT_SIGBUS;

	if (edu_slice_begin_fault(vdev->slice))
		result = vmf_insert_pfn(vmf->vma, vmf->address, PHYS_PFN(page_pa(vdev)));
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

static int device_feature(struct vfio_device *vdev, u32 flags, void __user *arg, size_t argsz)
{
	return pd_vfio_feature(device_of(vdev), flags, arg, argsz);
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
