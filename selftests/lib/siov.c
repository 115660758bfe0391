// SPDX-License-Identifier: GPL-2.0-only
/* Driving siov-edu's ADIs from user space. */
#include "siov.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "system.h"

enum {
	WAIT_US = 10 * 1000 * 1000,
	CONFIG_SIZE = 4096,
};

__u32 siov_get32(volatile unsigned char *page, unsigned int reg) { return *(volatile __u32 *)(page + reg); }
__u64 siov_get64(volatile unsigned char *page, unsigned int reg) { return *(volatile __u64 *)(page + reg); }

static void set32(volatile unsigned char *page, unsigned int reg, __u32 value)
{
	*(volatile __u32 *)(page + reg) = value;
}

static void set64(volatile unsigned char *page, unsigned int reg, __u64 value)
{
	*(volatile __u64 *)(page + reg) = value;
}

int siov_open(struct siov *siov)
{
	char bdf[16];
	int rc = vfio_find(SIOV_EDU_VENDOR_ID, SIOV_EDU_DEVICE_ID, 0, bdf);

	*siov = (struct siov){.vfio.fd = -1};
	for (unsigned int i = 0; i < 1 + SIOV_ADIS; i++)
		siov->irq[i] = -1;
	if (!rc)
		rc = vfio_take(bdf);
	return rc ? rc : vfio_open(&siov->vfio, bdf);
}

static int map_pages(struct siov *siov)
{
	siov->global = vfio_map_bar_part(&siov->vfio, SIOV_EDU_BAR, 0, SIOV_EDU_PAGE_SIZE);
	if (!siov->global)
		return -errno;
	if (siov_get32(siov->global, SIOV_EDU_MAGIC) != SIOV_EDU_MAGIC_VALUE ||
	    siov_get32(siov->global, SIOV_EDU_VERSION) != SIOV_EDU_VERSION_VALUE ||
	    siov_get32(siov->global, SIOV_EDU_NUM_ADIS) < SIOV_ADIS)
		return -ENXIO;
	for (unsigned int i = 0; i < SIOV_ADIS; i++) {
		siov->adi[i] = vfio_map_bar_part(&siov->vfio, SIOV_EDU_BAR, SIOV_EDU_ADI_PAGE(i), SIOV_EDU_PAGE_SIZE);
		if (!siov->adi[i])
			return -errno;
		set32(siov->global, SIOV_EDU_ADI_SELECT, i);
		set32(siov->global, SIOV_EDU_ADI_CONTROL, SIOV_EDU_ADI_ENABLE);
	}
	return 0;
}

static int enable_irqs(struct siov *siov)
{
	for (unsigned int i = 0; i < 1 + SIOV_ADIS; i++) {
		siov->irq[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (siov->irq[i] < 0)
			return -errno;
	}
	return vfio_msix_enable(&siov->vfio, siov->irq, 1 + SIOV_ADIS);
}

int siov_bind(struct siov *siov, int iommufd)
{
	int rc = vfio_bind(&siov->vfio, iommufd);

	if (!rc)
		rc = vfio_enable_dma(&siov->vfio);
	if (!rc)
		rc = map_pages(siov);
	return rc ? rc : enable_irqs(siov);
}

static void unmap(volatile unsigned char **page)
{
	if (*page)
		munmap((void *)*page, SIOV_EDU_PAGE_SIZE);
	*page = NULL;
}

void siov_close(struct siov *siov)
{
	for (unsigned int i = 0; i < SIOV_ADIS; i++)
		unmap(&siov->adi[i]);
	unmap(&siov->global);
	vfio_close(&siov->vfio);
	for (unsigned int i = 0; i < 1 + SIOV_ADIS; i++) {
		if (siov->irq[i] >= 0)
			close(siov->irq[i]);
		siov->irq[i] = -1;
	}
}

static int wait_completed(volatile unsigned char *page, __u32 count)
{
	const struct timespec pause = {.tv_nsec = 1000 * 1000};
	__u64 end = now_us() + WAIT_US;

	while (siov_get32(page, SIOV_EDU_COMPLETED) != count) {
		if (now_us() > end)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
	return (int)(siov_get32(page, SIOV_EDU_STATUS) & SIOV_EDU_STATUS_CODE);
}

int siov_run(struct siov *siov, unsigned int adi, const struct siov_command *command)
{
	volatile unsigned char *page = siov->adi[adi];
	__u32 completed = siov_get32(page, SIOV_EDU_COMPLETED);

	set64(page, SIOV_EDU_SRC, command->src);
	set64(page, SIOV_EDU_DST, command->dst);
	set64(page, SIOV_EDU_OPERAND, command->operand);
	set32(page, SIOV_EDU_LENGTH, command->length);
	set32(page, SIOV_EDU_COMMAND, command->command | SIOV_EDU_COMMAND_IRQ);
	return wait_completed(page, completed + 1);
}

int siov_read(struct siov *siov, unsigned int adi, __u64 iova, __u32 length)
{
	return siov_run(siov, adi, &(struct siov_command){.src = iova, .length = length, .command = SIOV_EDU_READ});
}

int siov_write(struct siov *siov, unsigned int adi, __u64 iova, __u32 length)
{
	return siov_run(siov, adi, &(struct siov_command){.dst = iova, .length = length, .command = SIOV_EDU_WRITE});
}

int siov_copy(struct siov *siov, unsigned int adi, __u64 src, __u64 dst, __u32 length)
{
	return siov_run(siov, adi,
			&(struct siov_command){.src = src, .dst = dst, .length = length, .command = SIOV_EDU_COPY});
}

__u64 siov_irqs(struct siov *siov, unsigned int vector, int wait_ms)
{
	struct pollfd p = {.fd = siov->irq[vector], .events = POLLIN};
	__u64 count;

	if (poll(&p, 1, wait_ms) != 1 || read(p.fd, &count, sizeof(count)) != sizeof(count))
		return 0;
	return count;
}

__u64 siov_checksum(const void *p, size_t length)
{
	const unsigned char *bytes = p;
	__u64 hash = 0xcbf29ce484222325ULL; /* FNV-1a's offset basis; its prime is below */

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3ULL;
	return hash;
}

/* config: all of configuration space; where the capability is, 0 if nowhere */
static unsigned int find_extended(const unsigned char *config, unsigned int id)
{
	unsigned int at = PCI_CFG_SPACE_SIZE;

	while (at >= PCI_CFG_SPACE_SIZE) {
		__u32 header = *(const __u32 *)(config + at);

		if (PCI_EXT_CAP_ID(header) == id)
			return at;
		at = PCI_EXT_CAP_NEXT(header);
	}
	return 0;
}

static int control(struct siov *siov, unsigned int id, unsigned int reg)
{
	_Alignas(4) unsigned char config[CONFIG_SIZE];
	char path[64];
	unsigned int at;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.15s/config", siov->vfio.bdf);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = pread(fd, config, sizeof(config), 0);
	close(fd);
	if (n != sizeof(config))
		return -EIO;
	at = find_extended(config, id);
	return at ? *(__u16 *)(config + at + reg) : -ENOENT;
}

int siov_ats_control(struct siov *siov) { return control(siov, PCI_EXT_CAP_ID_ATS, PCI_ATS_CTRL); }
int siov_pasid_control(struct siov *siov) { return control(siov, PCI_EXT_CAP_ID_PASID, PCI_PASID_CTRL); }
