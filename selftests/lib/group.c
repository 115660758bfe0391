// SPDX-License-Identifier: GPL-2.0-only
/* Containers, groups and type1 mappings, one function for each call. */
#include "group.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int open_rw(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* ioctl() with its errno; some answer more than 0 */
static int call(int fd, unsigned long cmd, unsigned long arg)
{
	int rc = ioctl(fd, cmd, arg);

	return rc < 0 ? -errno : rc;
}

/* sysfs: the folder of the device */
static int group_path(const char *sysfs, char *path, size_t len)
{
	char link[160], target[160] = "";
	ssize_t n;

	snprintf(link, sizeof(link), "%s/iommu_group", sysfs);
	n = readlink(link, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	snprintf(path, len, "/dev/vfio/%.32s", strrchr(target, '/') + 1);
	return 0;
}

int container_open(void) { return open_rw("/dev/vfio/vfio"); }

int group_open_at(const char *sysfs)
{
	char path[64];
	int rc = group_path(sysfs, path, sizeof(path));

	return rc ? rc : open_rw(path);
}

int group_open(const char *bdf)
{
	char sysfs[64];

	snprintf(sysfs, sizeof(sysfs), "/sys/bus/pci/devices/%.15s", bdf);
	return group_open_at(sysfs);
}

int group_get_device(int group, const char *name) { return call(group, VFIO_GROUP_GET_DEVICE_FD, (uintptr_t)name); }

int group_set_container(int group, int container)
{
	return call(group, VFIO_GROUP_SET_CONTAINER, (uintptr_t)&container);
}

int group_unset_container(int group) { return call(group, VFIO_GROUP_UNSET_CONTAINER, 0); }

int group_status(int group, __u32 *flags)
{
	struct vfio_group_status status = {.argsz = sizeof(status)};
	int rc = call(group, VFIO_GROUP_GET_STATUS, (uintptr_t)&status);

	*flags = status.flags;
	return rc;
}

int container_set_iommu(int container, unsigned long type) { return call(container, VFIO_SET_IOMMU, type); }

int container_has(int container, unsigned long extension) { return call(container, VFIO_CHECK_EXTENSION, extension); }

int dma_map(int container, const void *va, __u64 size, __u64 iova, __u32 flags)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = flags,
		.vaddr = (uintptr_t)va,
		.iova = iova,
		.size = size,
	};

	return call(container, VFIO_IOMMU_MAP_DMA, (uintptr_t)&map);
}

static int unmap(int container, __u64 iova, __u64 size, __u32 flags, __u64 *unmapped)
{
	struct vfio_iommu_type1_dma_unmap cmd = {
		.argsz = sizeof(cmd),
		.flags = flags,
		.iova = iova,
		.size = size,
	};
	int rc = call(container, VFIO_IOMMU_UNMAP_DMA, (uintptr_t)&cmd);

	if (unmapped)
		*unmapped = cmd.size;
	return rc;
}

int dma_unmap(int container, __u64 iova, __u64 size, __u64 *unmapped)
{
	return unmap(container, iova, size, 0, unmapped);
}

int dma_unmap_all(int container, __u64 *unmapped)
{
	return unmap(container, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL, unmapped);
}
