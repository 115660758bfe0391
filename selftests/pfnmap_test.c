// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mapped BAR of one device as a DMA target of another: on /dev/vfio/vfio, and on /dev/iommu with map_pfnmap=1. The
 * source writes the target's register 4 (which keeps the complement); whether the word came is seen by the CPU, by
 * read() on the device. Then the BAR's mapping goes in each way that there is, and must be gone for DMA as well.
 *
 * Needs two edu devices that can be reset, each behind a port of its own, and slot_power three: it takes one for good.
 * Its power-offs are not for a kernel with lockdep (unplug_test).
 */
#include "lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/edu.h"
#include "lib/group.h"
#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/process.h"
#include "lib/race.h"
#include "lib/system.h"
#include "lib/unplug.h"
#include "lib/viommu.h"

#define PARAMETER "/sys/module/iommufd/parameters/map_pfnmap"
#define WORD      0x1000000ULL /* IOVA of the source's word in memory; the mock's domains begin there */
#define TARGET    0x2000000ULL /* IOVA of the BAR */
#define ANOTHER   0x3000000ULL
#define LIVENESS  4             /* the register that a write ends up in */
#define MEMORY    2             /* bits of the command register */
#define MASTER    4
#define ASK_MS    30000 /* until the kernel asks for a device */
#define FINISH_MS 60000 /* until it has gone, once it is closed */

FIXTURE(bar)
{
	int fd, groups[2];
	__u32 ioas;
	struct edu target, source;
	char *bar; /* the target's */
	size_t size;
	__u32 *word; /* at WORD */
};

FIXTURE_VARIANT(bar) { bool container; };
FIXTURE_VARIANT_ADD(bar, container){.container = true};
FIXTURE_VARIANT_ADD(bar, iommufd){.container = false};

typedef FIXTURE_DATA(bar) fixture;

static int map(fixture *self, const void *va, __u64 size, __u64 iova, __u32 access)
{
	if (self->groups[0] < 0)
		return ioas_map_fixed(self->fd, self->ioas, va, size, iova, access);
	return dma_map(self->fd, va, size, iova,
		       (access & MAP_READ ? VFIO_DMA_MAP_FLAG_READ : 0) | (access & MAP_WRITE ? VFIO_DMA_MAP_FLAG_WRITE : 0));
}

static int unmap(fixture *self, __u64 iova, __u64 size)
{
	__u64 bytes = 0;
	int rc = self->groups[0] < 0 ? ioas_unmap(self->fd, self->ioas, iova, size, &bytes)
				     : dma_unmap(self->fd, iova, size, &bytes);

	return rc ? rc : bytes == size ? 0 : -EIO;
}

static __u32 get(fixture *self, __u64 offset)
{
	__u32 value = 0;

	return pread(self->target.vfio.fd, &value, 4, offset) == 4 ? value : ~0U;
}

static void put(fixture *self, __u64 offset, __u32 value)
{
	if (pwrite(self->target.vfio.fd, &value, 4, offset) != 4)
		abort();
}

static int command(fixture *self, __u16 value)
{
	const off_t at = ((off_t)VFIO_PCI_CONFIG_REGION_INDEX << 40) + 4;

	return pwrite(self->target.vfio.fd, &value, 2, at) == 2 ? 0 : -errno;
}

static int reset(fixture *self) { return ioctl(self->target.vfio.fd, VFIO_DEVICE_RESET) ? -errno : 0; }

/* Does a DMA write to the register's page at iova end in the register? 1, 0, or a negative errno */
static int reaches_by(struct edu *source, fixture *self, __u64 iova)
{
	static __u32 value = 0x10000000;
	int rc;

	*self->word = ++value;
	put(self, LIVENESS, value); /* is kept as ~value */
	rc = edu_read_memory(source, WORD, 4);
	*self->word = 0;
	if (!rc)
		put(self, LIVENESS, 0);
	if (!rc)
		rc = edu_write_memory(source, iova + LIVENESS, 4);
	return rc ? rc : get(self, LIVENESS) == ~value;
}

static int reaches(fixture *self, __u64 iova) { return reaches_by(&self->source, self, iova); }

static int open_by_group(struct edu *edu, int index, int container, int *group)
{
	char bdf[16];
	int rc = vfio_find(EDU_VENDOR, EDU_DEVICE, index, bdf);

	*edu = (struct edu){.vfio.fd = -1};
	if (!rc)
		rc = vfio_take(bdf);
	if (rc)
		return rc;
	*group = group_open(bdf);
	rc = *group < 0 ? *group : group_set_container(*group, container);
	if (!rc && !index)
		rc = container_set_iommu(container, VFIO_TYPE1v2_IOMMU);
	if (rc)
		return rc;
	strcpy(edu->vfio.bdf, bdf);
	edu->vfio.fd = group_get_device(*group, bdf);
	return edu->vfio.fd < 0 ? edu->vfio.fd : edu_start(edu);
}

static int open_by_cdev(struct edu *edu, int index, fixture *self)
{
	int rc = edu_open(edu, index);

	if (!rc)
		rc = edu_bind(edu, self->fd);
	return rc ? rc : vfio_attach(&edu->vfio, self->ioas, NULL);
}

FIXTURE_SETUP(bar)
{
	struct edu *edus[2] = {&self->target, &self->source};

	self->groups[0] = self->groups[1] = -1;
	self->fd = open(variant->container ? "/dev/vfio/vfio" : "/dev/iommu", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	if (!variant->container) {
		ASSERT_EQ(0, attr_write(PARAMETER, "1"));
		ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	}
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, variant->container ? open_by_group(edus[i], i, self->fd, &self->groups[i])
						: open_by_cdev(edus[i], i, self));
	self->word = pages_alloc(PAGE);
	ASSERT_EQ(0, map(self, self->word, PAGE, WORD, MAP_RW));
	self->bar = vfio_map_bar(&self->target.vfio, 0, &self->size);
	ASSERT_NE(NULL, self->bar);
	ASSERT_LE(4 * PAGE, self->size);
}

FIXTURE_TEARDOWN(bar)
{
	if (self->bar)
		munmap(self->bar, self->size);
	edu_close(&self->source);
	edu_close(&self->target);
	for (int i = 0; i < 2; i++)
		if (self->groups[i] >= 0)
			close(self->groups[i]);
	EXPECT_EQ(0, close(self->fd));
	attr_write(PARAMETER, "0");
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

/* A mapping of page frames that is no VFIO device's: the kernel's clock */
static void *vvar(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	unsigned long start = 0;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, "[vvar]"))
			start = strtoul(line, NULL, 16);
	if (f)
		fclose(f);
	return (void *)start;
}

/* The BAR as sysfs maps it: also page frames of a device, and shared. Is the register there? */
static int reaches_itself_by_sysfs(fixture *self, char **mapped)
{
	char path[80];
	int file;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.15s/resource0", self->target.vfio.bdf);
	file = open(path, O_RDWR | O_CLOEXEC);
	*mapped = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	close(file);
	if (*mapped == MAP_FAILED)
		return -errno;
	put(self, LIVENESS, 0x1234567);
	return *(volatile __u32 *)(*mapped + LIVENESS) == ~0x1234567U;
}

TEST_F(bar, what_is_refused)
{
	char *room = pages_alloc(4 * PAGE), *part;
	const long pinned = pinned_pages();

	/* beyond the end, and another one's page frames */
	EXPECT_EQ(-EFAULT, map(self, self->bar, self->size + 64 * PAGE, TARGET, MAP_RW));
	ASSERT_NE(NULL, vvar());
	EXPECT_EQ(-EFAULT, map(self, vvar(), PAGE, TARGET, MAP_READ));
	EXPECT_EQ(-EINVAL, map(self, self->bar, 0, TARGET, MAP_RW));
	/* the same BAR, and not by way of VFIO */
	ASSERT_EQ(1, reaches_itself_by_sysfs(self, &part));
	EXPECT_EQ(-EFAULT, map(self, part, PAGE, TARGET, MAP_RW));
	munmap(part, PAGE);

	/* memory, two pages of the BAR, memory; in any part that is neither */
	part = mmap(room + PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, self->target.vfio.fd, 0);
	ASSERT_EQ(room + PAGE, part);
	EXPECT_EQ(-EFAULT, map(self, room, 2 * PAGE, TARGET, MAP_RW));
	EXPECT_EQ(-EFAULT, map(self, part, 3 * PAGE, TARGET, MAP_RW));
	EXPECT_EQ(-EFAULT, map(self, room, 4 * PAGE, TARGET, MAP_RW));
	/* two mappings that do not continue each other */
	ASSERT_EQ(part + PAGE, mmap(part + PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
				    self->target.vfio.fd, 3 * PAGE));
	EXPECT_EQ(-EFAULT, map(self, part, 2 * PAGE, TARGET, MAP_RW));
	/* what the CPU may not do either */
	ASSERT_EQ(0, mprotect(part, PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, map(self, part, PAGE, TARGET, MAP_RW));
	EXPECT_EQ(-EFAULT, map(self, part, PAGE, TARGET, MAP_WRITE));
	ASSERT_EQ(0, mprotect(part, PAGE, PROT_NONE));
	EXPECT_EQ(-EFAULT, map(self, part, PAGE, TARGET, MAP_READ));
	/* what is not there now */
	ASSERT_EQ(0, command(self, MASTER));
	EXPECT_EQ(-EFAULT, map(self, self->bar, self->size, TARGET, MAP_RW));
	ASSERT_EQ(0, command(self, MASTER | MEMORY));

	EXPECT_EQ(pinned, wait_pinned_pages(pinned));
	EXPECT_EQ(0, map(self, self->bar, self->size, TARGET, MAP_RW)) { TH_LOG("refused, but left behind"); }
	EXPECT_EQ(1, reaches(self, TARGET));
	munmap(room, 4 * PAGE); /* it keeps the device open */
}

/* One mapping after the other, in the middle of one, and in both directions */
TEST_F(bar, dma_reaches_it)
{
	char *second;

	EXPECT_EQ(0, reaches(self, TARGET));
	ASSERT_EQ(0, map(self, self->bar, self->size, TARGET, MAP_RW));
	EXPECT_EQ(1, reaches(self, TARGET));
	/* The device to itself */
	EXPECT_EQ(1, reaches_by(&self->target, self, TARGET));
	ASSERT_EQ(0, map(self, self->bar, PAGE, ANOTHER, MAP_RW));
	EXPECT_EQ(1, reaches(self, ANOTHER));
	EXPECT_EQ(0, reaches(self, ANOTHER + PAGE));
	ASSERT_EQ(0, unmap(self, ANOTHER, PAGE));
	EXPECT_EQ(0, reaches(self, ANOTHER));
	ASSERT_EQ(0, map(self, self->bar, PAGE, ANOTHER, MAP_READ));
	EXPECT_EQ(0, reaches(self, ANOTHER));

	/* Two mappings of the address space in one, as they continue each other */
	second = mmap(NULL, 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(second + i * PAGE, mmap(second + i * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
						  self->target.vfio.fd, i * PAGE));
	ASSERT_EQ(0, mprotect(second + PAGE, PAGE, PROT_READ));
	EXPECT_EQ(0, map(self, second, 2 * PAGE, ANOTHER + 16 * PAGE, MAP_READ));
	EXPECT_EQ(0, unmap(self, ANOTHER + 16 * PAGE, 2 * PAGE));
	munmap(second, 2 * PAGE);
}

/* An ordinary user who may pin nothing */
TEST_F(bar, nothing_is_charged)
{
	const long pinned = self_status_kb("VmPin"), locked = self_status_kb("VmLck");
	char *page = pages_alloc(PAGE);

	ASSERT_EQ(0, set_memlock(0));
	ASSERT_EQ(0, become_user(4713));
	EXPECT_EQ(-ENOMEM, map(self, page, PAGE, TARGET, MAP_RW));
	EXPECT_EQ(0, map(self, self->bar, self->size, TARGET, MAP_RW));
	EXPECT_EQ(pinned, self_status_kb("VmPin"));
	EXPECT_EQ(locked, self_status_kb("VmLck"));
	EXPECT_EQ(1, reaches(self, TARGET));
	EXPECT_EQ(0, unmap(self, TARGET, self->size));
}

/* Nobody who would keep it: no kernel driver, no queue of hardware. */
TEST_F(bar, nobody_else_gets_it)
{
	__u32 access, parent, viommu, id;
	struct mock_dev mock;
	char byte;

	if (variant->container)
		SKIP(return, "needs an IOAS by its number");
	ASSERT_TRUE(mock_load());
	ASSERT_EQ(0, mock_device(self->fd, self->ioas, 0, &mock));
	ASSERT_EQ(0, hwpt_alloc(self->fd, mock.idev, self->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT, &parent));
	ASSERT_EQ(0, viommu_alloc(self->fd, mock.idev, parent, IOMMU_VIOMMU_TYPE_SELFTEST, NULL, 0, &viommu));
	ASSERT_EQ(0, access_create(self->fd, self->ioas, MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES, &access));
	ASSERT_EQ(0, map(self, self->bar, self->size, TARGET, MAP_RW));
	EXPECT_EQ(-EINVAL, hw_queue_alloc(self->fd, viommu, IOMMU_HW_QUEUE_TYPE_SELFTEST, 0, TARGET, 2 * PAGE, &id));
	EXPECT_EQ(-EINVAL, access_pin(self->fd, access, TARGET, PAGE, NULL, 0, &id));
	EXPECT_EQ(-EINVAL, access_rw(self->fd, access, TARGET, 1, &byte, 0));
	EXPECT_EQ(-EINVAL, access_rw(self->fd, access, TARGET, 1, &byte, MOCK_ACCESS_RW_WRITE));
	EXPECT_EQ(-EINVAL, change_process(self->fd));
	ASSERT_EQ(0, reset(self));
	EXPECT_EQ(-EINVAL, hw_queue_alloc(self->fd, viommu, IOMMU_HW_QUEUE_TYPE_SELFTEST, 0, TARGET, 2 * PAGE, &id));
	EXPECT_EQ(-EINVAL, access_pin(self->fd, access, TARGET, PAGE, NULL, 0, &id));
	EXPECT_EQ(0, unmap(self, TARGET, self->size));
	EXPECT_EQ(0, close((int)access));
}

/* Dead, but there; and what is mapped now is not. */
static void expect_gone(struct __test_metadata *_metadata, fixture *self)
{
	EXPECT_EQ(0, reaches(self, TARGET));
	EXPECT_EQ(-EEXIST, map(self, self->bar, PAGE, TARGET, MAP_RW));
	EXPECT_EQ(0, map(self, self->bar, self->size, ANOTHER, MAP_RW));
	EXPECT_EQ(1, reaches(self, ANOTHER));
	EXPECT_EQ(0, reaches(self, TARGET));
	EXPECT_EQ(0, unmap(self, TARGET, self->size));
	EXPECT_EQ(0, map(self, self->bar, self->size, TARGET, MAP_RW));
	EXPECT_EQ(1, reaches(self, TARGET));
}

TEST_F(bar, reset_ends_it)
{
	ASSERT_EQ(0, map(self, self->bar, self->size, TARGET, MAP_RW));
	EXPECT_EQ(1, reaches(self, TARGET));
	ASSERT_EQ(0, reset(self));
	expect_gone(_metadata, self);
}

TEST_F(bar, disabled_memory_ends_it)
{
	ASSERT_EQ(0, map(self, self->bar, self->size, TARGET, MAP_RW));
	EXPECT_EQ(1, reaches(self, TARGET));
	ASSERT_EQ(0, command(self, MASTER));
	EXPECT_EQ(-EFAULT, map(self, self->bar, PAGE, ANOTHER, MAP_RW));
	ASSERT_EQ(0, command(self, MASTER | MEMORY));
	expect_gone(_metadata, self);
}

/* Also if it is only a part that goes, and one whose register is not meant */
TEST_F(bar, munmap_ends_it)
{
	ASSERT_EQ(0, map(self, self->bar, self->size, TARGET, MAP_RW));
	EXPECT_EQ(1, reaches(self, TARGET));
	ASSERT_EQ(0, munmap(self->bar + 2 * PAGE, PAGE));
	EXPECT_EQ(0, reaches(self, TARGET));
	EXPECT_EQ(-EFAULT, map(self, self->bar, self->size, ANOTHER, MAP_RW));
	munmap(self->bar, self->size);
	self->bar = vfio_map_bar(&self->target.vfio, 0, &self->size);
	ASSERT_NE(NULL, self->bar);
	expect_gone(_metadata, self);
}

TEST_F(bar, mremap_ends_it)
{
	ASSERT_EQ(0, map(self, self->bar, PAGE, TARGET, MAP_RW));
	EXPECT_EQ(1, reaches(self, TARGET));
	self->bar = mremap(self->bar, self->size, self->size, MREMAP_MAYMOVE | MREMAP_FIXED, self->bar + 4 * self->size);
	ASSERT_NE(MAP_FAILED, self->bar);
	EXPECT_EQ(0, reaches(self, TARGET));
	EXPECT_EQ(0, unmap(self, TARGET, PAGE));
	EXPECT_EQ(0, map(self, self->bar, PAGE, TARGET, MAP_RW));
	EXPECT_EQ(1, reaches(self, TARGET));
}

/* Its address space ends with a process; the descriptors are the parent's, too. */
TEST_F(bar, exit_ends_it)
{
	int to_child[2], to_parent[2], status;
	char byte = 0;
	pid_t child;

	ASSERT_EQ(0, pipe(to_child));
	ASSERT_EQ(0, pipe(to_parent));
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		byte = (char)-map(self, self->bar, self->size, TARGET, MAP_RW);
		if (write(to_parent[1], &byte, 1) != 1 || read(to_child[0], &byte, 1) != 1)
			_exit(1);
		_exit(0);
	}
	ASSERT_EQ(1, read(to_parent[0], &byte, 1));
	ASSERT_EQ(0, byte);
	EXPECT_EQ(1, reaches(self, TARGET));
	ASSERT_EQ(1, write(to_child[1], &byte, 1));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_EQ(0, status);
	expect_gone(_metadata, self);
}

/* The page frames are what they were. */
TEST_F(bar, what_does_not_end_it)
{
	char *page = pages_alloc(PAGE);
	int refs = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC), status;
	pid_t child;

	ASSERT_EQ(0, map(self, self->bar, self->size, TARGET, MAP_RW));
	pages_free(page, PAGE);
	EXPECT_EQ(1, reaches(self, TARGET));
	ASSERT_EQ(0, mprotect(self->bar, self->size, PROT_READ));
	EXPECT_EQ(1, reaches(self, TARGET));
	ASSERT_LE(0, refs);
	/* referenced, soft-dirty */
	EXPECT_EQ(1, write(refs, "1", 1));
	EXPECT_EQ(1, reaches(self, TARGET));
	EXPECT_EQ(1, write(refs, "4", 1));
	close(refs);
	EXPECT_EQ(1, reaches(self, TARGET));
	child = fork();
	if (!child) {
		munmap(self->bar, self->size);
		_exit(0);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(1, reaches(self, TARGET));
	EXPECT_EQ(0, unmap(self, TARGET, self->size));
}

/* The kernel wants the device back; when the user gives it, the source is left without. */
static void *take_away(void *bdf)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/remove", (char *)bdf);
	return (void *)(long)attr_write(path, "1");
}

TEST_F(bar, the_device_goes)
{
	char bdf[16];
	pthread_t remover;
	void *rc = NULL;
	int request;

	request = vfio_request_eventfd(&self->target.vfio);
	ASSERT_LE(0, request);
	ASSERT_EQ(0, map(self, self->bar, self->size, TARGET, MAP_RW));
	EXPECT_EQ(1, reaches(self, TARGET));
	strcpy(bdf, self->target.vfio.bdf);
	ASSERT_EQ(0, pthread_create(&remover, NULL, take_away, bdf));
	munmap(self->bar, self->size);
	self->bar = NULL;
	EXPECT_EQ(0, reaches(self, TARGET));
	edu_close(&self->target);
	ASSERT_EQ(0, pthread_join(remover, &rc));
	EXPECT_EQ(0, (long)rc);
	EXPECT_EQ(0, edu_write_memory(&self->source, TARGET + LIVENESS, 4));
	EXPECT_EQ(0, unmap(self, TARGET, self->size));
	EXPECT_EQ(0, attr_write("/sys/bus/pci/rescan", "1"));
}

/*
 * Really, by its slot's power. The kernel asks, and as long as the user keeps the BAR mapped it stays a target; then it
 * is none, before the device has gone. Nothing plugs it in again: each variant takes the first device that is left.
 */
TEST_F(bar, slot_power)
{
	const int slot = slot_of(self->target.vfio.bdf);
	struct pollfd request = {.events = POLLIN};
	char *page = pages_alloc(PAGE);
	char bdf[16];
	int remover;

	ASSERT_LT(0, slot) { TH_LOG("the target is in no hotplug slot"); }
	request.fd = vfio_request_eventfd(&self->target.vfio);
	ASSERT_LE(0, request.fd);
	strcpy(bdf, self->target.vfio.bdf);
	ASSERT_EQ(0, map(self, self->bar, self->size, TARGET, MAP_RW));
	EXPECT_EQ(1, reaches(self, TARGET));
	/* the registers are mapped a second time, by the library */
	munmap((void *)self->target.bar, self->target.bar_size);
	self->target.bar = NULL;
	remover = slot_power_off_apart(slot, self->bar, self->size);
	ASSERT_LT(0, remover);
	ASSERT_EQ(1, poll(&request, 1, ASK_MS));
	EXPECT_EQ(1, reaches(self, TARGET));
	EXPECT_TRUE(pci_present(bdf));
	munmap(self->bar, self->size);
	self->bar = NULL;
	EXPECT_EQ(0, reaches(self, TARGET));
	edu_close(&self->target);
	EXPECT_TRUE(ends_within(remover, FINISH_MS));
	EXPECT_FALSE(pci_present(bdf));
	EXPECT_EQ(-ENODEV, slot_power(slot, true));

	/* What is left are IOVAs; the other device goes on, and they are free for others. */
	EXPECT_EQ(0, edu_write_memory(&self->source, TARGET + LIVENESS, 4));
	EXPECT_EQ(-EEXIST, map(self, page, PAGE, TARGET, MAP_RW));
	EXPECT_EQ(0, unmap(self, TARGET, self->size));
	ASSERT_EQ(0, map(self, page, PAGE, TARGET, MAP_RW));
	*self->word = 0x5a5a5a5a;
	EXPECT_EQ(0, edu_read_memory(&self->source, WORD, 4));
	EXPECT_EQ(0, edu_write_memory(&self->source, TARGET, 4));
	EXPECT_EQ(0x5a5a5a5a, *(volatile __u32 *)page);
	close(request.fd);
}

/* /dev/iommu as it is by default takes no BARs, as in-tree: not when it pins them, at the latest. */
TEST(dev_iommu_refuses_by_default)
{
	struct edu target;
	size_t size;
	void *bar;
	__u32 ioas;
	int fd = iommufd_open();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, attr_write(PARAMETER, "0"));
	ASSERT_EQ(0, ioas_alloc(fd, &ioas));
	ASSERT_EQ(0, edu_open(&target, 0));
	ASSERT_EQ(0, edu_bind(&target, fd));
	bar = vfio_map_bar(&target.vfio, 0, &size);
	ASSERT_NE(NULL, bar);
	ASSERT_EQ(0, vfio_attach(&target.vfio, ioas, NULL));
	EXPECT_EQ(-EFAULT, ioas_map_fixed(fd, ioas, bar, size, TARGET, MAP_RW));
	EXPECT_EQ(-EFAULT, ioas_map_fixed(fd, ioas, bar, PAGE, TARGET, MAP_READ));
	ASSERT_EQ(0, attr_write(PARAMETER, "1"));
	EXPECT_EQ(0, ioas_map_fixed(fd, ioas, bar, size, TARGET, MAP_RW));
	ASSERT_EQ(0, attr_write(PARAMETER, "0"));
	EXPECT_EQ(-EFAULT, ioas_map_fixed(fd, ioas, bar, PAGE, ANOTHER, MAP_RW));
	EXPECT_EQ(0, ioas_unmap(fd, ioas, TARGET, size, NULL));
	munmap(bar, size);
	edu_close(&target);
	close(fd);
}

/*
 * The BAR's memory is switched off and on; another thread maps and unmaps it, a third has domains come and go, a fourth
 * lets the device do DMA to it, a fifth reads the dirty bits of a domain. While memory is off, no domain may have any of
 * it. The mock's are looked into.
 */
struct churn {
	fixture *self;
	__u32 dev, hwpt;
	volatile bool stop;
	volatile long done, errors;
};

static void *churn_maps(void *arg)
{
	struct churn *c = arg;

	while (!c->stop) {
		int rc = map(c->self, c->self->bar, 4 * PAGE, TARGET, MAP_RW);

		if (rc && rc != -EFAULT)
			c->errors++;
		c->done += !rc;
		if (!rc && unmap(c->self, TARGET, 4 * PAGE))
			c->errors++;
	}
	return NULL;
}

static void *churn_domains(void *arg)
{
	struct churn *c = arg;
	__u32 hwpt;

	for (; !c->stop; c->done++)
		if (hwpt_alloc(c->self->fd, c->dev, c->self->ioas, 0, &hwpt) || object_destroy(c->self->fd, hwpt))
			c->errors++;
	return NULL;
}

/* Of all that only the word can be dirty; what goes meanwhile is not looked at. */
static void *churn_dirty_bits(void *arg)
{
	static __u64 dirty; /* not on the stack: 6.12 loses bits in the last page of user space */
	struct churn *c = arg;

	for (; !c->stop; c->done++) {
		int rc = dirty_bitmap_get(c->self->fd, c->hwpt, 0, TARGET, 4 * PAGE, PAGE, &dirty);

		/* EINVAL: it is not mapped now */
		if ((rc && rc != -EINVAL) || dirty)
			c->errors++;
	}
	return NULL;
}

static void *churn_dma(void *arg)
{
	struct churn *c = arg;

	for (; !c->stop; c->done++)
		if (edu_write_memory(&c->self->source, TARGET + LIVENESS, 4))
			c->errors++;
	return NULL;
}

/* How many of the pages at iova the domain has: those that can be made dirty, as the mock of 6.12 counts them */
static __u64 mapped(int fd, __u32 hwpt, __u64 iova)
{
	__u64 bits = 0xf, count = 0;
	int rc = mock_make_dirty(fd, hwpt, iova, 4 * PAGE, PAGE, &bits, &count);

	return rc ? ~0ULL : count;
}

/* A DMA of edu's takes 100 ms. */
static bool churned(const struct churn work[4])
{
	return work[0].done > 10 && work[1].done > 10 && work[2].done && work[3].done;
}

TEST_F(bar, zap_races_map_attach_and_dma)
{
	struct churn work[4] = {{.self = self}, {.self = self}, {.self = self}, {.self = self}};
	void *(*const what[4])(void *) = {churn_maps, churn_domains, churn_dma, churn_dirty_bits};
	const __u64 start = now_us();
	struct mock_dev mock;
	pthread_t threads[4];
	long rounds = 0, seen = 0;
	__u32 hwpt;

	if (variant->container)
		SKIP(return, "needs an IOAS by its number");
	ASSERT_TRUE(mock_load_as("6.12"));
	ASSERT_EQ(0, mock_device(self->fd, self->ioas, 0, &mock));
	ASSERT_EQ(0, hwpt_alloc(self->fd, mock.idev, self->ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &hwpt));
	ASSERT_EQ(0, dirty_tracking_set(self->fd, hwpt, true));
	for (int i = 0; i < 4; i++) {
		work[i].dev = mock.idev;
		work[i].hwpt = hwpt;
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, what[i], &work[i]));
	}
	for (; racing(start, 5, rounds > 3 && seen && churned(work)); rounds++) {
		ASSERT_EQ(0, map(self, self->bar, 4 * PAGE, ANOTHER, MAP_RW));
		for (int i = 0; i < 5; i++)
			seen += mapped(self->fd, hwpt, TARGET) == 4;
		ASSERT_EQ(4, mapped(self->fd, hwpt, ANOTHER));
		ASSERT_EQ(0, command(self, MASTER));
		for (int i = 0; i < 4; i++) {
			ASSERT_EQ(0, mapped(self->fd, hwpt, ANOTHER));
			ASSERT_EQ(0, mapped(self->fd, hwpt, TARGET));
		}
		ASSERT_EQ(0, command(self, MASTER | MEMORY));
		ASSERT_EQ(0, mapped(self->fd, hwpt, ANOTHER));
		ASSERT_EQ(0, unmap(self, ANOTHER, 4 * PAGE));
	}
	EXPECT_TRUE(churned(work));
	for (int i = 0; i < 4; i++)
		work[i].stop = true;
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_EQ(0, work[i].errors) { TH_LOG("thread %d", i); }
	}
	TH_LOG("%ld times off, %ld maps, %ld domains, %ld DMAs, seen mapped %ld times", rounds, work[0].done,
	       work[1].done, work[2].done, seen);
	EXPECT_LT(3, rounds);
	EXPECT_LT(0, seen);
}

TEST_HARNESS_MAIN
