// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slices of siov-edu as VFIO devices, by siov_edu.ko and vfio_siov.ko: DMA,
 * replace, interrupts and reset, and each wrong use with its errno. What they
 * look like as PCI devices is in slice_pci_test, their end in slice_end_test.
 */
#include "lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "lib/group.h"
#include "lib/iommufd.h"
#include "lib/slice.h"
#include "lib/system.h"

#define IOVA      0x10000000ULL
#define SIZE      (16 * PAGE)
#define GENEROUS  5000 /* ms for an interrupt */
#define SECOND    1000000
#define MDEV_PATH "/sys/bus/mdev/devices/"

FIXTURE(slice)
{
	int fd, free, log;
	char bdf[16], uuid[SLICE_UUID_SIZE];
	struct slice dev;
	__u32 ioas;
	char *mem; /* SIZE bytes, at IOVA of ioas */
};

typedef FIXTURE_DATA(slice) fixture;

/* One slice, bound and attached */
FIXTURE_SETUP(slice)
{
	ASSERT_EQ(0, slice_parent(0, self->bdf)) { TH_LOG("no siov-edu, or siov_edu refused it"); }
	slice_remove_leftovers();
	self->free = slice_available(self->bdf);
	ASSERT_LT(2, self->free);
	slice_uuid(0, self->uuid);
	ASSERT_EQ(0, slice_create(self->bdf, self->uuid));
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	self->log = kmsg_open();
	ASSERT_LE(0, self->log);
	self->mem = pages_alloc(SIZE);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, self->mem, SIZE, IOVA, MAP_RW));
	ASSERT_EQ(0, slice_open(&self->dev, self->uuid));
	ASSERT_EQ(0, slice_bind(&self->dev, self->fd));
	ASSERT_EQ(0, slice_attach(&self->dev, self->ioas));
}

FIXTURE_TEARDOWN(slice)
{
	slice_close(&self->dev);
	if (self->fd >= 0)
		EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, slice_remove(self->uuid));
	EXPECT_EQ(self->free, slice_available(self->bdf));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

/* Has the kernel said this since the log was last read? */
static bool logged(fixture *self, const char *text)
{
	char line[256];

	return kmsg_find(self->log, text, line, sizeof(line), SECOND) == 1;
}

/* Opened, bound and attached again, after a slice_close() */
static int again(fixture *self)
{
	int rc = slice_open(&self->dev, self->uuid);

	if (!rc)
		rc = slice_bind(&self->dev, self->fd);
	return rc ? rc : slice_attach(&self->dev, self->ioas);
}

TEST_F(slice, dma_both_ways_and_interrupts)
{
	pattern_fill(self->mem, PAGE, 1);
	ASSERT_EQ(SIOV_EDU_OK, slice_read(&self->dev, IOVA, PAGE / 2));
	EXPECT_EQ(1, slice_irqs_wait(&self->dev, 1, GENEROUS));
	ASSERT_EQ(SIOV_EDU_OK, slice_write(&self->dev, IOVA + PAGE, PAGE / 2));
	EXPECT_EQ(1, slice_irqs_wait(&self->dev, 1, GENEROUS));
	EXPECT_EQ(0, memcmp(self->mem, self->mem + PAGE, PAGE / 2));
	ASSERT_EQ(SIOV_EDU_OK, slice_copy(&self->dev, IOVA, IOVA + 2 * PAGE, PAGE));
	EXPECT_EQ(1, slice_irqs_wait(&self->dev, 1, GENEROUS));
	EXPECT_EQ(0, pattern_diff(self->mem + 2 * PAGE, PAGE, 1));
	EXPECT_EQ(0, slice_irqs(&self->dev, 0));
}

/* The same IOVA of two slices is different memory. */
TEST_F(slice, two_slices_reach_their_own_memory)
{
	char *mem = pages_alloc(SIZE), uuid[SLICE_UUID_SIZE];
	struct slice second;
	__u32 ioas;

	slice_uuid(1, uuid);
	ASSERT_EQ(0, slice_create(self->bdf, uuid));
	EXPECT_EQ(self->free - 2, slice_available(self->bdf));
	EXPECT_NE(slice_attr(self->uuid, "adi"), slice_attr(uuid, "adi"));
	ASSERT_EQ(0, slice_open(&second, uuid));
	ASSERT_EQ(0, slice_bind(&second, self->fd));
	ASSERT_EQ(0, ioas_alloc(self->fd, &ioas));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, ioas, mem, SIZE, IOVA, MAP_RW));
	ASSERT_EQ(0, slice_attach(&second, ioas));
	pattern_fill(self->mem, PAGE, 1);
	pattern_fill(mem, PAGE, 2);
	EXPECT_EQ(SIOV_EDU_OK, slice_copy(&second, IOVA, IOVA + PAGE, PAGE));
	EXPECT_EQ(0, pattern_diff(mem + PAGE, PAGE, 2));
	EXPECT_EQ(0, bytes_not(self->mem + PAGE, PAGE, 0));
	EXPECT_EQ(SIOV_EDU_OK, slice_copy(&self->dev, IOVA, IOVA + PAGE, PAGE));
	EXPECT_EQ(0, pattern_diff(self->mem + PAGE, PAGE, 1));
	EXPECT_EQ(0, pattern_diff(mem + PAGE, PAGE, 2));
	EXPECT_EQ(1, slice_irqs_wait(&second, 1, GENEROUS));
	EXPECT_EQ(1, slice_irqs_wait(&self->dev, 1, GENEROUS));
	slice_close(&second);
	EXPECT_EQ(0, slice_remove(uuid));
}

TEST_F(slice, detach_stops_it)
{
	EXPECT_EQ(1, slice_attr(self->uuid, "attached"));
	ASSERT_EQ(0, slice_detach(&self->dev));
	EXPECT_EQ(0, slice_attr(self->uuid, "attached"));
	EXPECT_EQ(SIOV_EDU_DMA_FAILED, slice_write(&self->dev, IOVA, PAGE / 2));
	EXPECT_EQ(0, slice_detach(&self->dev));
	ASSERT_EQ(0, slice_attach(&self->dev, self->ioas));
	EXPECT_EQ(SIOV_EDU_OK, slice_write(&self->dev, IOVA, PAGE / 2));
}

/* Without the bit, commands wait. */
TEST_F(slice, bus_master)
{
	const struct siov_command command = {.dst = IOVA, .length = PAGE / 2, .command = SIOV_EDU_WRITE};
	struct {
		struct vfio_device_feature head;
		struct vfio_device_feature_bus_master master;
	} feature = {
		.head.argsz = sizeof(feature),
		.head.flags = VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_BUS_MASTER,
		.master.op = VFIO_DEVICE_FEATURE_CLEAR_MASTER,
	};
	__u32 number;

	slice_set64(&self->dev, SIOV_EDU_BUFFER, ~0ULL);
	ASSERT_EQ(0, ioctl(self->dev.vfio.fd, VFIO_DEVICE_FEATURE, &feature));
	slice_queue(&self->dev, &command, &number);
	usleep(100 * 1000);
	EXPECT_EQ(number - 1, slice_get32(&self->dev, SIOV_EDU_COMPLETED));
	EXPECT_EQ(0, bytes_not(self->mem, PAGE, 0));
	ASSERT_EQ(0, vfio_enable_dma(&self->dev.vfio));
	EXPECT_EQ(SIOV_EDU_OK, slice_wait(&self->dev, number));
	EXPECT_EQ(8, bytes_not(self->mem, PAGE, 0));
	feature.master.op = 2;
	EXPECT_EQ(-1, ioctl(self->dev.vfio.fd, VFIO_DEVICE_FEATURE, &feature));
	EXPECT_EQ(EINVAL, errno);
}

struct mover {
	fixture *f;
	__u32 other;
	int rc, times;
	volatile bool stop;
};

/* Puts the slice from one address space into the other and back. */
static void *move(void *data)
{
	struct mover *m = data;

	while (!m->stop && !m->rc) {
		m->rc = slice_attach(&m->f->dev, m->times % 2 ? m->f->ioas : m->other);
		m->times += !m->rc;
	}
	return NULL;
}

/* Both address spaces have a page at IOVA: no command may fail, and none may get lost. */
TEST_F(slice, replace_under_dma)
{
	struct mover m = {.f = self};
	char *mem = pages_alloc(SIZE);
	pthread_t thread;
	int failed = 0;

	ASSERT_EQ(0, ioas_alloc(self->fd, &m.other));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, m.other, mem, SIZE, IOVA, MAP_RW));
	ASSERT_EQ(0, slice_debug_set(self->uuid, "delay_us", 300));
	EXPECT_EQ(0, slice_attr(self->uuid, "last_pause_us"));
	ASSERT_EQ(0, pthread_create(&thread, NULL, move, &m));
	for (int i = 0; i < 200 || m.times < 20; i++) {
		ASSERT_GT(20000, i) { TH_LOG("%d replaces, error %d", m.times, m.rc); }
		slice_set32(&self->dev, SIOV_EDU_BUFFER, (__u32)i + 1);
		failed += slice_write(&self->dev, IOVA, 4) != SIOV_EDU_OK;
		if (*(volatile __u32 *)self->mem != (__u32)i + 1 && *(volatile __u32 *)mem != (__u32)i + 1)
			failed++;
	}
	m.stop = true;
	pthread_join(thread, NULL);
	EXPECT_EQ(0, failed);
	EXPECT_EQ(0, m.rc);
	EXPECT_NE(0, *(__u32 *)self->mem);
	EXPECT_NE(0, *(__u32 *)mem);
	EXPECT_LT(0, slice_attr(self->uuid, "last_pause_us"));
	EXPECT_TRUE(logged(self, "DMA was held for"));
	TH_LOG("%d replaces, last pause %ld us", m.times, slice_attr(self->uuid, "last_pause_us"));
}

/* DMA that does not end keeps the slice where it is, and does not take forever. */
TEST_F(slice, replace_while_dma_does_not_end)
{
	const struct siov_command command = {.dst = IOVA, .length = PAGE / 2, .command = SIOV_EDU_WRITE};
	char *mem = pages_alloc(SIZE);
	__u32 number, other;
	__u64 start;

	ASSERT_EQ(0, ioas_alloc(self->fd, &other));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, other, mem, SIZE, IOVA, MAP_RW));
	ASSERT_EQ(0, slice_debug_set(self->uuid, "delay_us", 6 * SECOND));
	slice_set64(&self->dev, SIOV_EDU_BUFFER, ~0ULL);
	slice_queue(&self->dev, &command, &number);
	start = now_us();
	EXPECT_EQ(-ETIMEDOUT, slice_attach(&self->dev, other));
	EXPECT_GT(4 * SECOND, now_us() - start);
	EXPECT_TRUE(logged(self, "does not pause"));
	EXPECT_EQ(SIOV_EDU_OK, slice_wait(&self->dev, number));
	EXPECT_EQ(8, bytes_not(self->mem, PAGE, 0));
	EXPECT_EQ(0, bytes_not(mem, PAGE, 0));
	ASSERT_EQ(0, slice_debug_set(self->uuid, "delay_us", 0));
	EXPECT_EQ(0, slice_attach(&self->dev, other));
}

/* DMA that has started ends, what is queued is forgotten, and nothing comes later. */
TEST_F(slice, reset_drains)
{
	const struct siov_command write = {.dst = IOVA, .length = 8, .command = SIOV_EDU_WRITE | SIOV_EDU_COMMAND_IRQ};
	__u32 number;

	ASSERT_EQ(0, slice_debug_set(self->uuid, "delay_us", SECOND / 5));
	slice_set64(&self->dev, SIOV_EDU_BUFFER, ~0ULL);
	for (int i = 0; i < 4; i++)
		slice_queue(&self->dev, &write, &number);
	ASSERT_EQ(0, slice_reset(&self->dev));
	EXPECT_EQ(8, bytes_not(self->mem, PAGE, 0));
	memset(self->mem, 0, PAGE);
	slice_irqs(&self->dev, 100);
	usleep(SECOND);
	EXPECT_EQ(0, bytes_not(self->mem, PAGE, 0));
	EXPECT_EQ(0, slice_irqs(&self->dev, 0));
	EXPECT_EQ(0, slice_get32(&self->dev, SIOV_EDU_STATUS));
	EXPECT_EQ(0, slice_get32(&self->dev, SIOV_EDU_COMPLETED));
	EXPECT_EQ(0, slice_get64(&self->dev, SIOV_EDU_DST));
	EXPECT_EQ(0, slice_get64(&self->dev, SIOV_EDU_BUFFER));
	/* and it goes on, with bus master and interrupt as they were */
	ASSERT_EQ(0, slice_debug_set(self->uuid, "delay_us", 0));
	EXPECT_EQ(SIOV_EDU_OK, slice_write(&self->dev, IOVA, PAGE / 2));
	EXPECT_EQ(1, slice_irqs_wait(&self->dev, 1, GENEROUS));
}

TEST_F(slice, closed_with_dma_in_flight)
{
	const struct siov_command write = {.dst = IOVA, .length = 8, .command = SIOV_EDU_WRITE};
	__u32 number;

	ASSERT_EQ(0, slice_debug_set(self->uuid, "delay_us", SECOND / 5));
	slice_set64(&self->dev, SIOV_EDU_BUFFER, ~0ULL);
	slice_set64(&self->dev, SIOV_EDU_SRC, 8);
	for (int i = 0; i < 4; i++)
		slice_queue(&self->dev, &write, &number);
	slice_close(&self->dev);
	memset(self->mem, 0, PAGE);
	usleep(SECOND);
	EXPECT_EQ(0, bytes_not(self->mem, PAGE, 0));
	ASSERT_EQ(0, slice_debug_set(self->uuid, "delay_us", 0));
	/* the next one finds a clean page, no interrupt, no bus master */
	ASSERT_EQ(0, again(self));
	EXPECT_EQ(0, slice_irqs(&self->dev, 100));
	EXPECT_EQ(0, slice_get32(&self->dev, SIOV_EDU_COMPLETED));
	EXPECT_EQ(0, slice_get32(&self->dev, SIOV_EDU_STATUS));
	EXPECT_EQ(0, slice_get64(&self->dev, SIOV_EDU_BUFFER));
	EXPECT_EQ(0, slice_get64(&self->dev, SIOV_EDU_DST));
	EXPECT_EQ(SIOV_EDU_OK, slice_write(&self->dev, IOVA, PAGE / 2));
}

/* The bit of the PBA, in BAR 2; comes soon after the command */
static bool is_pending(fixture *self)
{
	const off_t pba = ((off_t)VFIO_PCI_BAR2_REGION_INDEX << 40) + PAGE / 2;
	__u64 end = now_us() + GENEROUS * 1000ULL;
	__u8 bits = 0;

	while (!bits && now_us() < end)
		if (pread(self->dev.vfio.fd, &bits, 1, pba) != 1)
			return false;
	return bits == 1;
}

TEST_F(slice, interrupts_masked)
{
	ASSERT_EQ(0, slice_irq_action(&self->dev, VFIO_IRQ_SET_ACTION_MASK));
	ASSERT_EQ(SIOV_EDU_OK, slice_write(&self->dev, IOVA, 8));
	EXPECT_TRUE(is_pending(self));
	/* many become one */
	ASSERT_EQ(0, slice_irq_action(&self->dev, VFIO_IRQ_SET_ACTION_TRIGGER));
	ASSERT_EQ(0, slice_irq_action(&self->dev, VFIO_IRQ_SET_ACTION_TRIGGER));
	EXPECT_EQ(0, slice_irqs(&self->dev, 0));
	ASSERT_EQ(0, slice_irq_action(&self->dev, VFIO_IRQ_SET_ACTION_UNMASK));
	EXPECT_EQ(1, slice_irqs_wait(&self->dev, 1, GENEROUS));
	ASSERT_EQ(0, slice_irq_action(&self->dev, VFIO_IRQ_SET_ACTION_UNMASK));
	EXPECT_EQ(0, slice_irqs(&self->dev, 100));
	/* by software */
	ASSERT_EQ(0, slice_irq_action(&self->dev, VFIO_IRQ_SET_ACTION_TRIGGER));
	EXPECT_EQ(1, slice_irqs_wait(&self->dev, 1, GENEROUS));
	/* to nobody; a reset waits for those that are under way */
	ASSERT_EQ(0, vfio_msix_enable(&self->dev.vfio, (int[]){-1}, 1));
	ASSERT_EQ(SIOV_EDU_OK, slice_write(&self->dev, IOVA, 8));
	ASSERT_EQ(0, slice_reset(&self->dev));
	ASSERT_EQ(0, slice_irq_enable(&self->dev));
	EXPECT_EQ(0, slice_irqs(&self->dev, 100));
}

static int set_irqs(fixture *self, __u32 flags, __u32 index, __u32 start, __u32 count, __u32 data)
{
	struct {
		struct vfio_irq_set head;
		__u32 data[2];
	} set = {
		.head.argsz = sizeof(set),
		.head.flags = flags,
		.head.index = index,
		.head.start = start,
		.head.count = count,
		.data = {data, data},
	};

	return ioctl(self->dev.vfio.fd, VFIO_DEVICE_SET_IRQS, &set) ? -errno : 0;
}

TEST_F(slice, wrong_interrupts)
{
	const __u32 none = VFIO_IRQ_SET_DATA_NONE, fd = VFIO_IRQ_SET_DATA_EVENTFD,
		    trigger = VFIO_IRQ_SET_ACTION_TRIGGER;
	const __u32 mask = VFIO_IRQ_SET_ACTION_MASK, msix = VFIO_PCI_MSIX_IRQ_INDEX;

	EXPECT_EQ(-EINVAL, set_irqs(self, fd | trigger, msix, 1, 1, (__u32)self->dev.irq));
	EXPECT_TRUE(logged(self, "out of range"));
	EXPECT_EQ(-EINVAL, set_irqs(self, fd | trigger, msix, 0, 2, (__u32)self->dev.irq));
	EXPECT_EQ(-EINVAL, set_irqs(self, none | mask, msix, 1, 1, 0));
	EXPECT_EQ(-EINVAL, set_irqs(self, none | trigger, msix, ~0U, 1, 0));
	EXPECT_EQ(-EINVAL, set_irqs(self, none | trigger, VFIO_PCI_INTX_IRQ_INDEX, 0, 1, 0));
	EXPECT_EQ(-EINVAL, set_irqs(self, none | trigger, VFIO_PCI_MSI_IRQ_INDEX, 0, 1, 0));
	EXPECT_EQ(-EINVAL, set_irqs(self, none | trigger, VFIO_PCI_ERR_IRQ_INDEX, 0, 1, 0));
	EXPECT_EQ(-EINVAL, set_irqs(self, none | trigger, VFIO_PCI_NUM_IRQS, 0, 1, 0));
	EXPECT_EQ(-EINVAL, set_irqs(self, fd | mask, msix, 0, 1, (__u32)self->dev.irq));
	EXPECT_EQ(-EINVAL, set_irqs(self, none | mask | trigger, msix, 0, 1, 0));
	EXPECT_EQ(-EINVAL, set_irqs(self, none, msix, 0, 1, 0));
	EXPECT_EQ(-EINVAL, set_irqs(self, trigger, msix, 0, 1, 0));
	EXPECT_EQ(-EINVAL, set_irqs(self, none | mask, VFIO_PCI_REQ_IRQ_INDEX, 0, 1, 0));
	EXPECT_EQ(-EBADF, set_irqs(self, fd | trigger, msix, 0, 1, 12345));
	EXPECT_EQ(-EINVAL, set_irqs(self, fd | trigger, msix, 0, 1, (__u32)self->fd));
	/* the one that was set is still there */
	EXPECT_EQ(SIOV_EDU_OK, slice_write(&self->dev, IOVA, 8));
	EXPECT_EQ(1, slice_irqs_wait(&self->dev, 1, GENEROUS));
}

TEST_F(slice, before_bind)
{
	struct vfio_device_info info = {.argsz = sizeof(info)};
	struct slice unbound;
	int foreign;

	EXPECT_EQ(-EINVAL, vfio_bind(&self->dev.vfio, self->fd));
	slice_close(&self->dev);
	ASSERT_EQ(0, slice_open(&unbound, self->uuid));
	EXPECT_EQ(-EINVAL, slice_attach(&unbound, self->ioas));
	EXPECT_EQ(-EINVAL, slice_reset(&unbound));
	EXPECT_EQ(-EINVAL, slice_map(&unbound));
	EXPECT_EQ(-1, ioctl(unbound.vfio.fd, VFIO_DEVICE_GET_INFO, &info));
	EXPECT_EQ(EINVAL, errno);
	foreign = eventfd(0, EFD_CLOEXEC);
	EXPECT_EQ(-EBADFD, vfio_bind(&unbound.vfio, foreign));
	EXPECT_EQ(-EBADF, vfio_bind(&unbound.vfio, 12345));
	close(foreign);
	ASSERT_EQ(0, vfio_bind(&unbound.vfio, self->fd));
	EXPECT_EQ(-ENOENT, slice_attach(&unbound, 12345));
	EXPECT_EQ(0, slice_attach(&unbound, self->ioas));
	slice_close(&unbound);
}

/* Its group serves neither a container nor an iommufd in place of one. */
TEST_F(slice, group_is_refused)
{
	char path[96];
	int group, container;

	snprintf(path, sizeof(path), MDEV_PATH "%s", self->uuid);
	slice_close(&self->dev);
	group = group_open_at(path);
	ASSERT_LE(0, group);
	container = container_open();
	ASSERT_LE(0, container);
	ASSERT_EQ(0, group_set_container(group, container));
	EXPECT_EQ(0, container_set_iommu(container, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(-EPERM, group_get_device(group, self->uuid));
	EXPECT_TRUE(logged(self, "not by a VFIO group"));
	EXPECT_EQ(0, group_unset_container(group));
	close(container);
	/* /dev/iommu itself */
	EXPECT_EQ(0, vfio_ioas_set(self->fd, self->ioas));
	ASSERT_EQ(0, group_set_container(group, self->fd));
	EXPECT_EQ(-EPERM, group_get_device(group, self->uuid));
	EXPECT_EQ(0, slice_attr(self->uuid, "attached"));
	EXPECT_EQ(0, group_unset_container(group));
	close(group);
	EXPECT_EQ(0, vfio_ioas_clear(self->fd));
	ASSERT_EQ(0, again(self));
	EXPECT_EQ(SIOV_EDU_OK, slice_write(&self->dev, IOVA, 8));
}

TEST_F(slice, wrong_creations)
{
	char uuid[SLICE_UUID_SIZE];
	int n;

	sleep(6); /* reasons are printed at most 10 times in 5 s */
	EXPECT_EQ(-EINVAL, slice_create(self->bdf, "nonsense"));
	EXPECT_EQ(-EINVAL, slice_create(self->bdf, "51070edc-0000-4000-8000-00000000000z"));
	EXPECT_EQ(-EEXIST, slice_create(self->bdf, self->uuid));
	for (n = 1; slice_available(self->bdf) > 0; n++) {
		slice_uuid((unsigned int)n, uuid);
		ASSERT_EQ(0, slice_create(self->bdf, uuid));
	}
	EXPECT_EQ(self->free, n);
	slice_uuid((unsigned int)n, uuid);
	EXPECT_EQ(-EUSERS, slice_create(self->bdf, uuid));
	EXPECT_TRUE(logged(self, "all ADIs are in use"));
	EXPECT_GT(0, slice_attr(uuid, "adi"));
	while (--n > 0) {
		slice_uuid((unsigned int)n, uuid);
		EXPECT_EQ(0, slice_remove(uuid));
	}
}

/* In no file but debugfs's, which is root's alone */
TEST_F(slice, pasid_is_not_told)
{
	char path[128];
	struct stat st;

	EXPECT_LT(0, slice_debug(self->uuid, "pasid"));
	snprintf(path, sizeof(path), "/sys/kernel/debug/siov_edu/%s/pasid", self->uuid);
	ASSERT_EQ(0, stat(path, &st));
	EXPECT_EQ(0400, st.st_mode & 07777);
	EXPECT_GT(0, slice_attr(self->uuid, "pasid"));
	EXPECT_LE(0, slice_attr(self->uuid, "adi"));
	EXPECT_LE(-1, slice_attr(self->uuid, "numa_node"));
	EXPECT_FALSE(logged(self, "PASID") || logged(self, "pasid"));
}

/* What an owner does wrong is in the log, without what he wrote. */
TEST_F(slice, errors_are_logged)
{
	slice_set32(&self->dev, SIOV_EDU_RESULT, 1);
	EXPECT_TRUE(logged(self, "register 0x020: register is read-only"));
	EXPECT_EQ(SIOV_EDU_BAD_COMMAND, slice_run(&self->dev, &(struct siov_command){.command = 0x77}));
	EXPECT_TRUE(logged(self, "malformed command"));
	EXPECT_EQ(SIOV_EDU_OK, slice_write(&self->dev, IOVA, 8));
}

TEST_HARNESS_MAIN
