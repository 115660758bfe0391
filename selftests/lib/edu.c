// SPDX-License-Identifier: GPL-2.0-only
/* Driving the edu device's DMA engine from user space. */
#include "edu.h"

#include <errno.h>
#include <sys/mman.h>
#include <time.h>

#include "system.h"

enum {
	EDU_DMA_START = 1 << 0,
	EDU_DMA_TO_MEMORY = 1 << 1,

	EDU_BUFFER = 0x40000, /* its address as the engine sees it */
	EDU_WAIT_US = 10 * 1000 * 1000,
};

static __u32 reg_read(struct edu *edu, unsigned int reg)
{
	return edu->bus ? edu->bus->read(edu, reg) : *(volatile __u32 *)(edu->bar + reg);
}

static void reg_write(struct edu *edu, unsigned int reg, __u64 value)
{
	if (edu->bus)
		edu->bus->write(edu, reg, value);
	else
		*(volatile __u64 *)(edu->bar + reg) = value;
}

int edu_open_at(struct edu *edu, const char *bdf)
{
	int rc = vfio_take(bdf);

	*edu = (struct edu){.vfio.fd = -1};
	return rc ? rc : vfio_open(&edu->vfio, bdf);
}

int edu_open(struct edu *edu, int index)
{
	char bdf[16];
	int rc = vfio_find(EDU_VENDOR, EDU_DEVICE, index, bdf);

	*edu = (struct edu){.vfio.fd = -1};
	return rc ? rc : edu_open_at(edu, bdf);
}

int edu_bind(struct edu *edu, int iommufd)
{
	int rc = vfio_bind(&edu->vfio, iommufd);

	return rc ? rc : edu_start(edu);
}

int edu_start(struct edu *edu)
{
	int rc = vfio_enable_dma(&edu->vfio);

	if (rc)
		return rc;
	edu->bar = vfio_map_bar(&edu->vfio, 0, &edu->bar_size);
	if (!edu->bar)
		return -errno;
	/* 0xRRrr00ed with the major and minor version in front */
	return (reg_read(edu, EDU_REG_ID) & 0xffff) == 0x00ed ? 0 : -ENXIO;
}

void edu_close(struct edu *edu)
{
	if (edu->bar)
		munmap((void *)edu->bar, edu->bar_size);
	edu->bar = NULL;
	vfio_close(&edu->vfio);
}

bool edu_busy(struct edu *edu) { return reg_read(edu, EDU_REG_DMA_CMD) & EDU_DMA_START; }

static int wait_idle(struct edu *edu)
{
	const struct timespec pause = {.tv_nsec = 1000 * 1000};
	__u64 end = now_us() + EDU_WAIT_US;

	while (edu_busy(edu)) {
		if (now_us() > end)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int copy(struct edu *edu, __u64 src, __u64 dst, __u64 len, __u64 dir)
{
	__u64 iova = dir == EDU_DMA_TO_MEMORY ? dst : src;
	int rc;

	/* QEMU stops the whole machine when the buffer is overrun */
	if (!len || len > EDU_BUFFER_SIZE || iova >= EDU_IOVA_LIMIT || iova + len > EDU_IOVA_LIMIT)
		return -EINVAL;
	rc = wait_idle(edu); /* writes to a busy engine are ignored */
	if (rc)
		return rc;
	reg_write(edu, EDU_REG_DMA_SRC, src);
	reg_write(edu, EDU_REG_DMA_DST, dst);
	reg_write(edu, EDU_REG_DMA_COUNT, len);
	reg_write(edu, EDU_REG_DMA_CMD, EDU_DMA_START | dir);
	return 0;
}

int edu_read_memory(struct edu *edu, __u64 iova, __u64 len)
{
	int rc = copy(edu, iova, EDU_BUFFER, len, 0);

	return rc ? rc : wait_idle(edu);
}

int edu_start_write(struct edu *edu, __u64 iova, __u64 len)
{
	return copy(edu, EDU_BUFFER, iova, len, EDU_DMA_TO_MEMORY);
}

int edu_write_memory(struct edu *edu, __u64 iova, __u64 len)
{
	int rc = edu_start_write(edu, iova, len);

	return rc ? rc : wait_idle(edu);
}
