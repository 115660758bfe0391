// SPDX-License-Identifier: GPL-2.0-only
/* Finding, binding and opening a PCI device through vfio-pci's cdev. */
#include "vfio.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PCI_DEVICES "/sys/bus/pci/devices"
#define VFIO_PCI    "/sys/bus/pci/drivers/vfio-pci"

static int read_hex(const char *bdf, const char *attr, unsigned int *value)
{
	char path[128];
	FILE *f;
	int n;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/%s", bdf, attr);
	f = fopen(path, "r");
	if (!f)
		return -errno;
	n = fscanf(f, "%x", value);
	fclose(f);
	return n == 1 ? 0 : -EIO;
}

int attr_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int rc = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

int vfio_find(unsigned int vendor, unsigned int device, int index, char bdf[16])
{
	struct dirent **names;
	int n = scandir(PCI_DEVICES, &names, NULL, alphasort);
	int rc = -ENODEV;

	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		unsigned int v, d;

		if (rc && names[i]->d_name[0] != '.' && !read_hex(names[i]->d_name, "vendor", &v) &&
		    !read_hex(names[i]->d_name, "device", &d) && v == vendor && d == device && index-- == 0) {
			snprintf(bdf, 16, "%.15s", names[i]->d_name);
			rc = 0;
		}
		free(names[i]);
	}
	free(names);
	return rc;
}

int iommu_group_of(const char *bdf)
{
	char path[64], target[160] = "";

	snprintf(path, sizeof(path), PCI_DEVICES "/%.15s/iommu_group", bdf);
	if (readlink(path, target, sizeof(target) - 1) < 0)
		return -errno;
	return (int)strtol(strrchr(target, '/') + 1, NULL, 10);
}

int module_load(const char *name)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (!pid) {
		execlp("modprobe", "modprobe", name, (char *)NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -ENOENT;
}

int vfio_take(const char *bdf)
{
	char path[128], link[128] = "";
	int rc = access(VFIO_PCI, F_OK) ? module_load("vfio-pci") : 0;

	if (rc)
		return rc;
	snprintf(path, sizeof(path), PCI_DEVICES "/%s/driver", bdf);
	if (readlink(path, link, sizeof(link) - 1) > 0) {
		if (strstr(link, "/vfio-pci"))
			return 0;
		snprintf(path, sizeof(path), PCI_DEVICES "/%s/driver/unbind", bdf);
		rc = attr_write(path, bdf);
		if (rc)
			return rc;
	}
	snprintf(path, sizeof(path), PCI_DEVICES "/%s/driver_override", bdf);
	rc = attr_write(path, "vfio-pci");
	if (rc)
		return rc;
	return attr_write("/sys/bus/pci/drivers_probe", bdf);
}

/* sysfs: the folder of the device */
static int cdev_path(const char *sysfs, char *path, size_t len)
{
	char dir[160];
	struct dirent *entry;
	int rc = -ENODEV;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s/vfio-dev", sysfs);
	d = opendir(dir);
	if (!d)
		return -errno;
	while (rc && (entry = readdir(d))) {
		if (strncmp(entry->d_name, "vfio", 4))
			continue;
		snprintf(path, len, "/dev/vfio/devices/%.32s", entry->d_name);
		rc = 0;
	}
	closedir(d);
	return rc;
}

int vfio_open(struct vfio_dev *dev, const char *bdf)
{
	char sysfs[64];
	int rc;

	snprintf(sysfs, sizeof(sysfs), PCI_DEVICES "/%.15s", bdf);
	rc = vfio_open_at(dev, sysfs);
	snprintf(dev->bdf, sizeof(dev->bdf), "%.15s", bdf);
	return rc;
}

int vfio_open_at(struct vfio_dev *dev, const char *sysfs)
{
	int rc;

	*dev = (struct vfio_dev){.fd = -1};
	rc = cdev_path(sysfs, dev->path, sizeof(dev->path));
	if (rc)
		return rc;
	dev->fd = open(dev->path, O_RDWR | O_CLOEXEC);
	return dev->fd < 0 ? -errno : 0;
}

void vfio_close(struct vfio_dev *dev)
{
	if (dev->fd >= 0)
		close(dev->fd);
	dev->fd = -1;
}

int vfio_bind(struct vfio_dev *dev, int iommufd)
{
	struct vfio_device_bind_iommufd cmd = {
		.argsz = sizeof(cmd),
		.iommufd = iommufd,
	};

	if (ioctl(dev->fd, VFIO_DEVICE_BIND_IOMMUFD, &cmd))
		return -errno;
	dev->dev_id = cmd.out_devid;
	return 0;
}

int vfio_attach(struct vfio_dev *dev, __u32 pt, __u32 *hwpt)
{
	struct vfio_device_attach_iommufd_pt cmd = {
		.argsz = sizeof(cmd),
		.pt_id = pt,
	};

	if (ioctl(dev->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &cmd))
		return -errno;
	if (hwpt)
		*hwpt = cmd.pt_id;
	return 0;
}

int vfio_detach(struct vfio_dev *dev)
{
	struct vfio_device_detach_iommufd_pt cmd = {.argsz = sizeof(cmd)};

	return ioctl(dev->fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &cmd) ? -errno : 0;
}

static int region_info(struct vfio_dev *dev, __u32 index, struct vfio_region_info *info)
{
	*info = (struct vfio_region_info){
		.argsz = sizeof(*info),
		.index = index,
	};
	return ioctl(dev->fd, VFIO_DEVICE_GET_REGION_INFO, info) ? -errno : 0;
}

int vfio_enable_dma(struct vfio_dev *dev)
{
	struct vfio_region_info config;
	__u16 command;
	off_t where;
	int rc = region_info(dev, VFIO_PCI_CONFIG_REGION_INDEX, &config);

	if (rc)
		return rc;
	where = (off_t)config.offset + PCI_COMMAND;
	if (pread(dev->fd, &command, 2, where) != 2)
		return -errno;
	command |= PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	return pwrite(dev->fd, &command, 2, where) == 2 ? 0 : -errno;
}

/* size: 0 stands for all of the BAR, and is then told */
static void *map_bar(struct vfio_dev *dev, unsigned int bar, size_t offset, size_t *size)
{
	struct vfio_region_info info;
	void *p;
	int rc = region_info(dev, VFIO_PCI_BAR0_REGION_INDEX + bar, &info);

	if (rc) {
		errno = -rc;
		return NULL;
	}
	if (!*size)
		*size = info.size;
	p = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_SHARED, dev->fd, (off_t)(info.offset + offset));
	return p == MAP_FAILED ? NULL : p;
}

void *vfio_map_bar(struct vfio_dev *dev, unsigned int bar, size_t *size)
{
	*size = 0;
	return map_bar(dev, bar, 0, size);
}

void *vfio_map_bar_part(struct vfio_dev *dev, unsigned int bar, size_t offset, size_t size)
{
	return map_bar(dev, bar, offset, &size);
}

int vfio_msix_enable(struct vfio_dev *dev, const int *eventfds, unsigned int num)
{
	size_t size = sizeof(struct vfio_irq_set) + num * sizeof(*eventfds);
	struct vfio_irq_set *set = calloc(1, size);
	int rc;

	if (!set)
		return -ENOMEM;
	set->argsz = (__u32)size;
	set->flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	set->index = VFIO_PCI_MSIX_IRQ_INDEX;
	set->count = num;
	memcpy(set->data, eventfds, num * sizeof(*eventfds));
	rc = ioctl(dev->fd, VFIO_DEVICE_SET_IRQS, set) ? -errno : 0;
	free(set);
	return rc;
}

int vfio_request_eventfd(struct vfio_dev *dev)
{
	struct {
		struct vfio_irq_set head;
		__s32 fd;
	} set = {
		.head.argsz = sizeof(set),
		.head.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
		.head.index = VFIO_PCI_REQ_IRQ_INDEX,
		.head.count = 1,
		.fd = eventfd(0, EFD_CLOEXEC),
	};
	int rc;

	if (set.fd < 0)
		return -errno;
	if (!ioctl(dev->fd, VFIO_DEVICE_SET_IRQS, &set))
		return set.fd;
	rc = -errno;
	close(set.fd);
	return rc;
}
