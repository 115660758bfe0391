// SPDX-License-Identifier: GPL-2.0-only
/*
 * A slice of siov-edu as the PCI device that it shows to a VMM: regions,
 * configuration space, the page by read(), write() and mmap(), kinds of
 * interrupts; and what lies off their ends.
 */
#include "lib/harness.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "lib/iommufd.h"
#include "lib/slice.h"

#define SLICE_DEVICE_ID 0x5110
#define MSIX_CAP        0x40
#define AT(region)      ((off_t)(region) << 40)
#define CONFIG          AT(VFIO_PCI_CONFIG_REGION_INDEX)
#define BAR0            AT(VFIO_PCI_BAR0_REGION_INDEX)
#define BAR2            AT(VFIO_PCI_BAR2_REGION_INDEX)
#define CONFIG_SIZE     256

FIXTURE(pci)
{
	int fd;
	char bdf[16], uuid[SLICE_UUID_SIZE];
	struct slice dev;
};

typedef FIXTURE_DATA(pci) fixture;

/* One slice, bound */
FIXTURE_SETUP(pci)
{
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, slice_set_up(&self->dev, self->bdf, self->uuid, self->fd)) { TH_LOG("no usable siov-edu"); }
}

FIXTURE_TEARDOWN(pci)
{
	slice_close(&self->dev);
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, slice_remove(self->uuid));
}

static __u32 get(fixture *self, off_t at, size_t size)
{
	__u32 value = 0;

	return pread(self->dev.vfio.fd, &value, size, at) == (ssize_t)size ? value : 0xbadbad;
}

static void put(fixture *self, off_t at, size_t size, __u32 value)
{
	if (pwrite(self->dev.vfio.fd, &value, size, at) != (ssize_t)size)
		abort();
}

static int read_at(fixture *self, off_t at, size_t size)
{
	char data[8192];
	ssize_t n = pread(self->dev.vfio.fd, data, size, at);

	return n < 0 ? -errno : (int)n;
}

static int write_at(fixture *self, off_t at, size_t size)
{
	char data[8192] = {0};
	ssize_t n = pwrite(self->dev.vfio.fd, data, size, at);

	return n < 0 ? -errno : (int)n;
}

TEST_F(pci, information)
{
	struct vfio_device_info info = {.argsz = sizeof(info)};
	struct vfio_region_info region = {.argsz = sizeof(region)};
	struct vfio_irq_info irq = {.argsz = sizeof(irq)};
	const __u32 rw = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	const struct {
		__u32 size, flags;
	} regions[] = {
		[VFIO_PCI_BAR0_REGION_INDEX] = {SIOV_EDU_PAGE_SIZE, rw | VFIO_REGION_INFO_FLAG_MMAP},
		[VFIO_PCI_BAR2_REGION_INDEX] = {PAGE, rw},
		[VFIO_PCI_CONFIG_REGION_INDEX] = {CONFIG_SIZE, rw},
	};

	ASSERT_EQ(0, ioctl(self->dev.vfio.fd, VFIO_DEVICE_GET_INFO, &info));
	EXPECT_EQ(VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET, info.flags);
	EXPECT_EQ(VFIO_PCI_NUM_REGIONS, info.num_regions);
	EXPECT_EQ(VFIO_PCI_NUM_IRQS, info.num_irqs);
	for (region.index = 0; region.index <= VFIO_PCI_CONFIG_REGION_INDEX; region.index++) {
		ASSERT_EQ(0, ioctl(self->dev.vfio.fd, VFIO_DEVICE_GET_REGION_INFO, &region));
		EXPECT_EQ(regions[region.index].size, region.size) { TH_LOG("region %u", region.index); }
		EXPECT_EQ(regions[region.index].flags, region.flags);
		EXPECT_EQ(AT(region.index), (off_t)region.offset);
	}
	for (; region.index < VFIO_PCI_NUM_REGIONS + 2; region.index++) {
		EXPECT_EQ(-1, ioctl(self->dev.vfio.fd, VFIO_DEVICE_GET_REGION_INFO, &region));
		EXPECT_EQ(EINVAL, errno);
	}
	for (irq.index = 0; irq.index < VFIO_PCI_NUM_IRQS; irq.index++) {
		int rc = ioctl(self->dev.vfio.fd, VFIO_DEVICE_GET_IRQ_INFO, &irq);
		bool msix = irq.index == VFIO_PCI_MSIX_IRQ_INDEX, request = irq.index == VFIO_PCI_REQ_IRQ_INDEX;

		EXPECT_EQ(irq.index == VFIO_PCI_ERR_IRQ_INDEX ? -1 : 0, rc);
		if (rc)
			continue;
		EXPECT_EQ(msix || request, irq.count);
		EXPECT_EQ(msix, !!(irq.flags & VFIO_IRQ_INFO_MASKABLE));
		EXPECT_TRUE(irq.flags & VFIO_IRQ_INFO_EVENTFD);
	}
	info.argsz = 8;
	EXPECT_EQ(-1, ioctl(self->dev.vfio.fd, VFIO_DEVICE_GET_INFO, &info));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(self->dev.vfio.fd, VFIO_DEVICE_PCI_HOT_RESET, &info));
	EXPECT_EQ(ENOTTY, errno);
}

TEST_F(pci, configuration_space)
{
	__u32 bar = CONFIG + PCI_BASE_ADDRESS_0 - CONFIG;

	EXPECT_EQ(SIOV_EDU_VENDOR_ID, get(self, CONFIG + PCI_VENDOR_ID, 2));
	EXPECT_EQ(SLICE_DEVICE_ID, get(self, CONFIG + PCI_DEVICE_ID, 2));
	EXPECT_EQ(SLICE_DEVICE_ID << 16 | SIOV_EDU_VENDOR_ID, get(self, CONFIG, 4));
	EXPECT_EQ(PCI_HEADER_TYPE_NORMAL, get(self, CONFIG + PCI_HEADER_TYPE, 1));
	EXPECT_EQ(0, get(self, CONFIG + PCI_INTERRUPT_PIN, 1));
	/* ids cannot be written, a BAR tells its size, the rest of it is an address */
	put(self, CONFIG, 4, ~0U);
	EXPECT_EQ(SIOV_EDU_VENDOR_ID, get(self, CONFIG + PCI_VENDOR_ID, 2));
	for (; bar <= PCI_BASE_ADDRESS_2; bar += 8) {
		EXPECT_EQ(PCI_BASE_ADDRESS_MEM_TYPE_64, get(self, CONFIG + bar, 4));
		put(self, CONFIG + bar, 4, ~0U);
		put(self, CONFIG + bar + 4, 4, ~0U);
		EXPECT_EQ(0xfffff000U | PCI_BASE_ADDRESS_MEM_TYPE_64, get(self, CONFIG + bar, 4));
		EXPECT_EQ(~0U, get(self, CONFIG + bar + 4, 4));
		put(self, CONFIG + bar + 1, 1, 0x12);
		EXPECT_EQ(0xffff1004U, get(self, CONFIG + bar, 4));
	}
	put(self, CONFIG + PCI_BASE_ADDRESS_4, 4, ~0U);
	EXPECT_EQ(0, get(self, CONFIG + PCI_BASE_ADDRESS_4, 4));
	/* MSI-X is the only capability: one vector, table and PBA in BAR 2 */
	EXPECT_TRUE(get(self, CONFIG + PCI_STATUS, 2) & PCI_STATUS_CAP_LIST);
	ASSERT_EQ(MSIX_CAP, get(self, CONFIG + PCI_CAPABILITY_LIST, 1));
	EXPECT_EQ(PCI_CAP_ID_MSIX, get(self, CONFIG + MSIX_CAP, 2));
	EXPECT_EQ(0, get(self, CONFIG + MSIX_CAP + PCI_MSIX_FLAGS, 2));
	put(self, CONFIG + MSIX_CAP + PCI_MSIX_FLAGS, 2, 0xffff);
	EXPECT_EQ(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL, get(self, CONFIG + MSIX_CAP + PCI_MSIX_FLAGS, 2));
	EXPECT_EQ(2, get(self, CONFIG + MSIX_CAP + PCI_MSIX_TABLE, 4));
	EXPECT_EQ(PAGE / 2 + 2, get(self, CONFIG + MSIX_CAP + PCI_MSIX_PBA, 4));
}

TEST_F(pci, the_next_owner_sees_it_as_new)
{
	put(self, CONFIG + PCI_BASE_ADDRESS_0, 4, ~0U);
	put(self, BAR2, 4, 0xfee00000);
	slice_close(&self->dev);
	ASSERT_EQ(0, slice_open(&self->dev, self->uuid));
	ASSERT_EQ(0, vfio_bind(&self->dev.vfio, self->fd));
	EXPECT_EQ(0, get(self, CONFIG + PCI_COMMAND, 2));
	EXPECT_EQ(PCI_BASE_ADDRESS_MEM_TYPE_64, get(self, CONFIG + PCI_BASE_ADDRESS_0, 4));
	EXPECT_EQ(0, get(self, BAR2, 4));
}

TEST_F(pci, msix_page)
{
	EXPECT_EQ(PCI_MSIX_ENTRY_CTRL_MASKBIT, get(self, BAR2 + PCI_MSIX_ENTRY_VECTOR_CTRL, 4));
	put(self, BAR2 + PCI_MSIX_ENTRY_LOWER_ADDR, 4, 0xfee00003);
	EXPECT_EQ(0xfee00000, get(self, BAR2 + PCI_MSIX_ENTRY_LOWER_ADDR, 4));
	put(self, BAR2 + PCI_MSIX_ENTRY_VECTOR_CTRL, 4, 0xfffffffe);
	EXPECT_EQ(0, get(self, BAR2 + PCI_MSIX_ENTRY_VECTOR_CTRL, 4));
	/* behind the entry is nothing; the PBA has the bit of what is masked */
	put(self, BAR2 + PCI_MSIX_ENTRY_SIZE, 4, ~0U);
	EXPECT_EQ(0, get(self, BAR2 + PCI_MSIX_ENTRY_SIZE, 4));
	EXPECT_EQ(0, get(self, BAR2 + PAGE / 2, 4));
	ASSERT_EQ(0, slice_irq_action(&self->dev, VFIO_IRQ_SET_ACTION_MASK));
	ASSERT_EQ(0, slice_irq_action(&self->dev, VFIO_IRQ_SET_ACTION_TRIGGER));
	EXPECT_EQ(1, get(self, BAR2 + PAGE / 2, 4));
	put(self, BAR2 + PAGE / 2, 4, 0);
	EXPECT_EQ(1, get(self, BAR2 + PAGE / 2, 4));
	ASSERT_EQ(0, slice_irq_action(&self->dev, VFIO_IRQ_SET_ACTION_UNMASK));
	EXPECT_EQ(0, get(self, BAR2 + PAGE / 2, 4));
}

/* read() and write() reach the same registers as the mapping. */
TEST_F(pci, page)
{
	__u64 value = 0x1122334455667788ULL, back = 0;
	int fd = self->dev.vfio.fd;

	ASSERT_EQ(8, pwrite(fd, &value, 8, BAR0 + SIOV_EDU_DST));
	EXPECT_EQ(value, slice_get64(&self->dev, SIOV_EDU_DST));
	ASSERT_EQ(8, pread(fd, &back, 8, BAR0 + SIOV_EDU_DST));
	EXPECT_EQ(value, back);
	EXPECT_EQ(0x11223344, get(self, BAR0 + SIOV_EDU_DST + 4, 4));
	/* any bytes of the buffer, in as many accesses as they need */
	ASSERT_EQ(7, pwrite(fd, "\1\2\3\4\5\6\7", 7, BAR0 + SIOV_EDU_BUFFER + 3));
	EXPECT_EQ(0x0504030201000000ULL, slice_get64(&self->dev, SIOV_EDU_BUFFER));
	EXPECT_EQ(0x0706, slice_get32(&self->dev, SIOV_EDU_BUFFER + 8));
	EXPECT_EQ(PAGE / 2, read_at(self, BAR0 + SIOV_EDU_BUFFER, PAGE / 2));
	EXPECT_EQ(8, pread(fd, &back, 8, BAR0 + SIOV_EDU_BUFFER));
	EXPECT_EQ(0x0504030201000000ULL, back);
	/* registers are not for bytes */
	EXPECT_EQ(-EINVAL, read_at(self, BAR0 + SIOV_EDU_DST, 2));
	EXPECT_EQ(-EINVAL, write_at(self, BAR0 + SIOV_EDU_DST + 1, 1));
	EXPECT_EQ(value, slice_get64(&self->dev, SIOV_EDU_DST));
}

TEST_F(pci, off_the_end)
{
	EXPECT_EQ(-EINVAL, read_at(self, CONFIG + CONFIG_SIZE, 1));
	EXPECT_EQ(-EINVAL, read_at(self, CONFIG + CONFIG_SIZE - 2, 4));
	EXPECT_EQ(-EINVAL, write_at(self, CONFIG + CONFIG_SIZE - 2, 4));
	EXPECT_EQ(CONFIG_SIZE, read_at(self, CONFIG, CONFIG_SIZE));
	EXPECT_EQ(-EINVAL, read_at(self, CONFIG, CONFIG_SIZE + 1));
	EXPECT_EQ(-EINVAL, read_at(self, BAR0 + PAGE, 4));
	EXPECT_EQ(-EINVAL, write_at(self, BAR0 + PAGE, 4));
	EXPECT_EQ(-EINVAL, read_at(self, BAR0 + PAGE - 4, 8));
	EXPECT_EQ(-EINVAL, read_at(self, BAR0, PAGE + 4));
	EXPECT_EQ(-EINVAL, read_at(self, BAR2 + PAGE, 4));
	EXPECT_EQ(-EINVAL, read_at(self, AT(VFIO_PCI_BAR1_REGION_INDEX), 4));
	EXPECT_EQ(-EINVAL, read_at(self, AT(VFIO_PCI_ROM_REGION_INDEX), 4));
	EXPECT_EQ(-EINVAL, read_at(self, AT(VFIO_PCI_VGA_REGION_INDEX), 4));
	EXPECT_EQ(-EINVAL, read_at(self, AT(VFIO_PCI_NUM_REGIONS), 4));
	EXPECT_EQ(-EINVAL, read_at(self, AT(1 << 22), 4));
	EXPECT_EQ(0, read_at(self, CONFIG, 0));
}

static int map(fixture *self, off_t at, size_t size, int prot, int flags)
{
	void *p = mmap(NULL, size, prot, flags, self->dev.vfio.fd, at);

	if (p == MAP_FAILED)
		return -errno;
	munmap(p, size);
	return 0;
}

TEST_F(pci, wrong_mappings)
{
	const int rw = PROT_READ | PROT_WRITE;

	EXPECT_EQ(0, map(self, BAR0, PAGE, rw, MAP_SHARED));
	EXPECT_EQ(0, map(self, BAR0, PAGE, PROT_READ, MAP_SHARED));
	EXPECT_EQ(-EINVAL, map(self, BAR0, 2 * PAGE, rw, MAP_SHARED));
	EXPECT_EQ(-EINVAL, map(self, BAR0 + PAGE, PAGE, rw, MAP_SHARED));
	EXPECT_EQ(-EINVAL, map(self, BAR0 - PAGE + AT(1), PAGE, rw, MAP_SHARED));
	EXPECT_EQ(-EINVAL, map(self, BAR2, PAGE, rw, MAP_SHARED));
	EXPECT_EQ(-EINVAL, map(self, CONFIG, PAGE, rw, MAP_SHARED));
	EXPECT_EQ(-EINVAL, map(self, AT(VFIO_PCI_NUM_REGIONS), PAGE, rw, MAP_SHARED));
	EXPECT_EQ(-EINVAL, map(self, BAR0, PAGE, rw, MAP_PRIVATE));
	EXPECT_EQ(-EPERM, map(self, BAR0, PAGE, rw | PROT_EXEC, MAP_SHARED));
	/* neither later */
	EXPECT_EQ(-1, mprotect((void *)self->dev.page, PAGE, PROT_READ | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(MAP_FAILED, mremap((void *)self->dev.page, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
}

TEST_HARNESS_MAIN
