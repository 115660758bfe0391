// SPDX-License-Identifier: GPL-2.0-only
/* <linux/pci.h>: the driver of the function siov-edu: takes the device, offers its ADIs to mdev, gives all back. */
#define pr_fmt(fmt) "siov_edu: " fmt
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/ktime.h>
#include <linux/module.h>

#include "include/linux/iommu_pasid_alloc.h"
#include "vfio_siov/edu/glue_internal.h"

static unsigned int max_pasid = SIOV_EDU_ADI_PASID_MASK;
module_param(max_pasid, uint, 0444);
MODULE_PARM_DESC(max_pasid, "highest PASID to use (default: what the device can tag its DMA with)");

unsigned int ex_max_pasid(void)
{
	return max_pasid;
}

unsigned long long ex_read(struct edu_parent *parent, unsigned int offset, unsigned int width)
{
	switch (width) {
	case 1:
		return readb(parent->bar + offset);
	case 2:
		return readw(parent->bar + offset);
	case 4:
		return readl(parent->bar + offset);
	default:
		return readq(parent->bar + offset);
	}
}

void ex_write(struct edu_parent *parent, unsigned int offset, unsigned int width, unsigned long long value)
{
	switch (width) {
	case 1:
		return writeb(value, parent->bar + offset);
	case 2:
		return writew(value, parent->bar + offset);
	case 4:
		return writel(value, parent->bar + offset);
	default:
		return writeq(value, parent->bar + offset);
	}
}

void ex_sleep_us(unsigned int us)
{
	usleep_range(us, 2 * us);
}

unsigned long long ex_now_us(void)
{
	return ktime_to_us(ktime_get());
}

void ex_format_adi(char *text, unsigned long size, unsigned int adi)
{
	scnprintf(text, size, "ADI %u", adi);
}

void ex_log(struct edu_parent *parent, const char *text)
{
	dev_warn(&parent->pdev->dev, "%s\n", text);
}

void ex_log_adi(struct edu_parent *parent, unsigned int adi, const char *text)
{
	dev_warn_ratelimited(&parent->pdev->dev, "ADI %u: %s\n", adi, text);
}

void ex_log_register(struct edu_parent *parent, unsigned int page, unsigned int offset, const char *text)
{
	dev_warn_ratelimited(&parent->pdev->dev, "page %u, register 0x%03x: %s\n", page, offset, text);
}

static irqreturn_t event_thread(int irq, void *data)
{
	struct edu_parent *parent = data;

	edu_function_event(parent->function);
	return IRQ_HANDLED;
}

static const struct iommu_pasid_ops pasid_ops = {
	.limit = edu_function_limit_pasids,
	.describe = edu_function_describe,
};

/* Vector 0 is the function's, the others are the ADIs'; ADIs without a vector are not offered. */
static int setup_vectors(struct edu_parent *parent)
{
	unsigned int adis = edu_function_adis(parent->function);
	int vectors = pci_alloc_irq_vectors(parent->pdev, 2, 1 + adis, PCI_IRQ_MSIX);

	if (vectors < 0)
		return dev_err_probe(&parent->pdev->dev, vectors, "no MSI-X vectors\n");
	edu_function_limit(parent->function, vectors - 1);
	return request_threaded_irq(pci_irq_vector(parent->pdev, SIOV_EDU_VECTOR), NULL, event_thread, IRQF_ONESHOT,
				    "siov-edu", parent);
}

static int setup_mdev(struct edu_parent *parent)
{
	parent->type.sysfs_name = "adi";
	parent->type.pretty_name = "siov-edu ADI";
	parent->types[0] = &parent->type;
	return mdev_register_parent(&parent->mdev, &parent->pdev->dev, &edu_mdev_driver, parent->types, 1);
}

static int setup(struct edu_parent *parent)
{
	int rc = edu_function_create(parent, &parent->function);

	if (rc)
		return rc;
	rc = setup_vectors(parent);
	if (rc)
		goto no_vectors;
	parent->pasids = iommu_pasid_init(&parent->pdev->dev, "siov_edu", &pasid_ops, NULL);
	if (IS_ERR(parent->pasids)) {
		rc = PTR_ERR(parent->pasids);
		goto no_pasids;
	}
	rc = setup_mdev(parent);
	if (!rc)
		return 0;
	iommu_pasid_exit(parent->pasids);
no_pasids:
	free_irq(pci_irq_vector(parent->pdev, SIOV_EDU_VECTOR), parent);
no_vectors:
	edu_function_quiesce(parent->function);
	edu_function_destroy(parent->function);
	return rc;
}

/* What pcim_*() and devm_*() took goes by itself, after the driver is out. */
static int probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edu_parent *parent;
	int rc = vfio_siov_check_parent(&pdev->dev);

	if (rc)
		return rc;
	parent = devm_kzalloc(&pdev->dev, sizeof(*parent), GFP_KERNEL);
	if (!parent)
		return -ENOMEM;
	parent->pdev = pdev;
	rc = pcim_enable_device(pdev);
	if (!rc)
		rc = pcim_iomap_regions(pdev, BIT(SIOV_EDU_BAR), "siov-edu");
	if (!rc)
		rc = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (rc)
		return rc;
	parent->bar = pcim_iomap_table(pdev)[SIOV_EDU_BAR];
	pci_set_master(pdev);
	pci_set_drvdata(pdev, parent);
	rc = setup(parent);
	if (rc)
		pci_clear_master(pdev);
	return rc;
}

/* mdev_unregister_parent() removes the slices, and waits for their owners as VFIO does. */
static void remove(struct pci_dev *pdev)
{
	struct edu_parent *parent = pci_get_drvdata(pdev);

	mdev_unregister_parent(&parent->mdev);
	free_irq(pci_irq_vector(pdev, SIOV_EDU_VECTOR), parent);
	edu_function_quiesce(parent->function);
	pci_clear_master(pdev);
	iommu_pasid_exit(parent->pasids);
	edu_function_destroy(parent->function);
}

static const struct pci_device_id ids[] = { { PCI_DEVICE(SIOV_EDU_VENDOR_ID, SIOV_EDU_DEVICE_ID) }, {} };
MODULE_DEVICE_TABLE(pci, ids);

static struct pci_driver driver = {
	.name = "siov_edu",
	.id_table = ids,
	.probe = probe,
	.remove = remove,
};

static int __init edu_init(void)
{
	int rc = edu_mdev_init();

	if (rc)
		return rc;
	rc = pci_register_driver(&driver);
	if (rc)
		edu_mdev_exit();
	return rc;
}

static void __exit edu_exit(void)
{
	pci_unregister_driver(&driver);
	edu_mdev_exit();
}

module_init(edu_init);
module_exit(edu_exit);

MODULE_DESCRIPTION("iommufd-cxx: slices of the test device siov-edu");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(IOMMUFD);
