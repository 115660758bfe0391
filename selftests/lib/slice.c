// SPDX-License-Identifier: GPL-2.0-only
/* Slices of siov-edu: mdev's sysfs, the cdev, the page. */
#include "slice.h"

#include <dirent.h>
#include <errno.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "system.h"

#define PCI_DEVICES "/sys/bus/pci/devices"
#define DRIVER      "/sys/bus/pci/drivers/siov_edu"
#define TYPE        "mdev_supported_types/siov_edu-adi"
#define MDEV        "/sys/bus/mdev/devices"
#define DEBUG       "/sys/kernel/debug/siov_edu"
#define SOFT        "/sys/class/mdev_bus/siov_soft/mdev_supported_types/siov_soft-adi/"
#define SOFT_DEBUG  "/sys/kernel/debug/siov_soft"

#define UUID_START "51070edc-0000-4000-8000-"

enum { WAIT_US = 10 * 1000 * 1000 };

static long read_number(const char *path)
{
	FILE *f = fopen(path, "r");
	long value;
	int n;

	if (!f)
		return -errno;
	n = fscanf(f, "%li", &value);
	fclose(f);
	return n == 1 ? value : -EIO;
}

int slice_parent(int index, char bdf[16])
{
	char path[128], link[128] = "";
	int rc = vfio_find(SIOV_EDU_VENDOR_ID, SIOV_EDU_DEVICE_ID, index, bdf);

	if (!rc && access(DRIVER, F_OK))
		rc = module_load("siov_edu");
	if (rc)
		return rc;
	snprintf(path, sizeof(path), PCI_DEVICES "/%.15s/driver", bdf);
	if (readlink(path, link, sizeof(link) - 1) > 0) {
		if (strstr(link, "/siov_edu"))
			return 0;
		snprintf(path, sizeof(path), PCI_DEVICES "/%.15s/driver/unbind", bdf);
		rc = attr_write(path, bdf);
		if (rc)
			return rc;
	}
	snprintf(path, sizeof(path), PCI_DEVICES "/%.15s/driver_override", bdf);
	rc = attr_write(path, "\n");
	return rc ? rc : attr_write(DRIVER "/bind", bdf);
}

void slice_uuid(unsigned int n, char uuid[SLICE_UUID_SIZE]) { snprintf(uuid, SLICE_UUID_SIZE, UUID_START "%012x", n); }

int slice_create(const char *bdf, const char *uuid)
{
	char path[128];

	snprintf(path, sizeof(path), PCI_DEVICES "/%.15s/" TYPE "/create", bdf);
	return attr_write(path, uuid);
}

int slice_remove(const char *uuid)
{
	char path[128];

	snprintf(path, sizeof(path), MDEV "/%.36s/remove", uuid);
	return attr_write(path, "1");
}

void slice_remove_leftovers(void)
{
	struct dirent **names;
	int n = scandir(MDEV, &names, NULL, NULL);

	for (int i = 0; i < n; i++) {
		if (!strncmp(names[i]->d_name, UUID_START, strlen(UUID_START)))
			slice_remove(names[i]->d_name);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

int slice_available(const char *bdf)
{
	char path[128];

	snprintf(path, sizeof(path), PCI_DEVICES "/%.15s/" TYPE "/available_instances", bdf);
	return (int)read_number(path);
}

long slice_attr(const char *uuid, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), MDEV "/%.36s/%s", uuid, name);
	return read_number(path);
}

int slice_soft_load(void) { return module_load("siov_soft"); }
int slice_soft_create(const char *uuid) { return attr_write(SOFT "create", uuid); }
int slice_soft_available(void) { return (int)read_number(SOFT "available_instances"); }

/* A slice has a folder in its driver's. */
static void debug_path(const char *uuid, const char *name, char path[128])
{
	snprintf(path, 128, DEBUG "/%.36s/%s", uuid, name);
	if (access(path, F_OK))
		snprintf(path, 128, SOFT_DEBUG "/%.36s/%s", uuid, name);
}

long slice_debug(const char *uuid, const char *name)
{
	char path[128];

	debug_path(uuid, name, path);
	return read_number(path);
}

int slice_debug_set(const char *uuid, const char *name, long value)
{
	char path[128], text[24];

	debug_path(uuid, name, path);
	snprintf(text, sizeof(text), "%ld", value);
	return attr_write(path, text);
}

int slice_open(struct slice *slice, const char *uuid)
{
	char path[128];

	*slice = (struct slice){.vfio.fd = -1, .irq = -1};
	snprintf(slice->uuid, sizeof(slice->uuid), "%s", uuid);
	snprintf(path, sizeof(path), MDEV "/%s", slice->uuid);
	return vfio_open_at(&slice->vfio, path);
}

int slice_map(struct slice *slice)
{
	size_t size;

	slice->page = vfio_map_bar(&slice->vfio, SIOV_EDU_BAR, &size);
	if (!slice->page)
		return -errno;
	return size == SIOV_EDU_PAGE_SIZE ? 0 : -EIO;
}

int slice_irq_enable(struct slice *slice)
{
	if (slice->irq < 0)
		slice->irq = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (slice->irq < 0)
		return -errno;
	return vfio_msix_enable(&slice->vfio, &slice->irq, 1);
}

int slice_bind_trapped(struct slice *slice, int iommufd)
{
	int rc = vfio_bind(&slice->vfio, iommufd);

	if (!rc)
		rc = vfio_enable_dma(&slice->vfio);
	return rc ? rc : slice_irq_enable(slice);
}

int slice_bind(struct slice *slice, int iommufd)
{
	int rc = slice_bind_trapped(slice, iommufd);

	return rc ? rc : slice_map(slice);
}

int slice_set_up(struct slice *slice, char bdf[16], char uuid[SLICE_UUID_SIZE], int iommufd)
{
	int rc = slice_parent(0, bdf);

	if (rc)
		return rc;
	slice_remove_leftovers();
	slice_uuid(0, uuid);
	rc = slice_create(bdf, uuid);
	if (!rc)
		rc = slice_open(slice, uuid);
	return rc ? rc : slice_bind(slice, iommufd);
}

int slice_attach(struct slice *slice, __u32 pt) { return vfio_attach(&slice->vfio, pt, NULL); }
int slice_detach(struct slice *slice) { return vfio_detach(&slice->vfio); }

void slice_close(struct slice *slice)
{
	if (slice->page)
		munmap((void *)slice->page, SIOV_EDU_PAGE_SIZE);
	slice->page = NULL;
	vfio_close(&slice->vfio);
	if (slice->irq >= 0)
		close(slice->irq);
	slice->irq = -1;
}

/* Without a mapping; a read that fails gives ones, as one of a device that is gone does. */
static __u64 trapped_get(struct slice *slice, unsigned int reg, size_t size)
{
	__u64 value = 0;

	return pread(slice->vfio.fd, &value, size, reg) == (ssize_t)size ? value : ~0ULL;
}

static void trapped_set(struct slice *slice, unsigned int reg, __u64 value, size_t size)
{
	if (pwrite(slice->vfio.fd, &value, size, reg) != (ssize_t)size)
		perror("a register of the slice");
}

__u32 slice_get32(struct slice *slice, unsigned int reg)
{
	return slice->page ? siov_get32(slice->page, reg) : (__u32)trapped_get(slice, reg, 4);
}

__u64 slice_get64(struct slice *slice, unsigned int reg)
{
	return slice->page ? siov_get64(slice->page, reg) : trapped_get(slice, reg, 8);
}

void slice_set32(struct slice *slice, unsigned int reg, __u32 value)
{
	if (slice->page)
		*(volatile __u32 *)(slice->page + reg) = value;
	else
		trapped_set(slice, reg, value, 4);
}

void slice_set64(struct slice *slice, unsigned int reg, __u64 value)
{
	if (slice->page)
		*(volatile __u64 *)(slice->page + reg) = value;
	else
		trapped_set(slice, reg, value, 8);
}

/* Commands that the ADI has and has not completed; retried, as one may complete between the two reads */
static __u32 accepted(struct slice *slice)
{
	__u32 completed, again, pending;

	do {
		completed = slice_get32(slice, SIOV_EDU_COMPLETED);
		pending = slice_get32(slice, SIOV_EDU_STATUS) & SIOV_EDU_STATUS_PENDING;
		again = slice_get32(slice, SIOV_EDU_COMPLETED);
	} while (again != completed);
	return completed + pending / (SIOV_EDU_STATUS_PENDING & -SIOV_EDU_STATUS_PENDING);
}

void slice_queue(struct slice *slice, const struct siov_command *command, __u32 *number)
{
	*number = accepted(slice) + 1;
	slice_set64(slice, SIOV_EDU_SRC, command->src);
	slice_set64(slice, SIOV_EDU_DST, command->dst);
	slice_set64(slice, SIOV_EDU_OPERAND, command->operand);
	slice_set32(slice, SIOV_EDU_LENGTH, command->length);
	slice_set32(slice, SIOV_EDU_COMMAND, command->command);
}

int slice_wait(struct slice *slice, __u32 number)
{
	const struct timespec pause = {.tv_nsec = 100 * 1000};
	__u64 end = now_us() + WAIT_US;

	while ((__s32)(slice_get32(slice, SIOV_EDU_COMPLETED) - number) < 0) {
		if (now_us() > end)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
	return (int)(slice_get32(slice, SIOV_EDU_STATUS) & SIOV_EDU_STATUS_CODE);
}

int slice_run(struct slice *slice, const struct siov_command *command)
{
	struct siov_command with_irq = *command;
	__u32 number;

	with_irq.command |= SIOV_EDU_COMMAND_IRQ;
	slice_queue(slice, &with_irq, &number);
	return slice_wait(slice, number);
}

int slice_read(struct slice *slice, __u64 iova, __u32 length)
{
	return slice_run(slice, &(struct siov_command){.src = iova, .length = length, .command = SIOV_EDU_READ});
}

int slice_write(struct slice *slice, __u64 iova, __u32 length)
{
	return slice_run(slice, &(struct siov_command){.dst = iova, .length = length, .command = SIOV_EDU_WRITE});
}

int slice_copy(struct slice *slice, __u64 src, __u64 dst, __u32 length)
{
	return slice_run(slice,
			 &(struct siov_command){.src = src, .dst = dst, .length = length, .command = SIOV_EDU_COPY});
}

__u64 slice_irqs(struct slice *slice, int wait_ms)
{
	struct pollfd p = {.fd = slice->irq, .events = POLLIN};
	__u64 count;

	if (poll(&p, 1, wait_ms) != 1 || read(p.fd, &count, sizeof(count)) != sizeof(count))
		return 0;
	return count;
}

__u64 slice_irqs_wait(struct slice *slice, __u64 count, int wait_ms)
{
	__u64 end = now_us() + (__u64)wait_ms * 1000, seen = 0;

	do {
		__u64 now = now_us();

		seen += slice_irqs(slice, now < end ? (int)((end - now) / 1000) : 0);
	} while (seen < count && now_us() < end);
	return seen;
}

int slice_irq_action(struct slice *slice, __u32 action)
{
	struct vfio_irq_set set = {
		.argsz = sizeof(set),
		.flags = VFIO_IRQ_SET_DATA_NONE | action,
		.index = VFIO_PCI_MSIX_IRQ_INDEX,
		.count = 1,
	};

	return ioctl(slice->vfio.fd, VFIO_DEVICE_SET_IRQS, &set) ? -errno : 0;
}

int slice_reset(struct slice *slice) { return ioctl(slice->vfio.fd, VFIO_DEVICE_RESET) ? -errno : 0; }
