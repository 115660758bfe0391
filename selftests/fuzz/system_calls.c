// SPDX-License-Identifier: GPL-2.0-only
/* What programs do besides ioctls. */
#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/iommufd.h>
#include <linux/udmabuf.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

enum { REGIONS = 16, CHILDREN = 8, REGION_BYTES = 0x3000 };

static void *region[REGIONS];
static unsigned int regions;
static pid_t child[CHILDREN];
static unsigned int children;
static bool limited;

static long result(long rc) { return rc < 0 ? -errno : rc; }

int own_fd(int fd)
{
	int own;

	if (fd < 0)
		return fd;
	own = fcntl(fd, F_DUPFD_CLOEXEC, OWN_FDS);
	close(fd);
	return own;
}

long sys_vfio_api_version(const __u64 *v) { return result(ioctl(v[0], VFIO_GET_API_VERSION)); }
long sys_vfio_check_extension(const __u64 *v) { return result(ioctl(v[0], VFIO_CHECK_EXTENSION, v[1])); }
long sys_vfio_set_iommu(const __u64 *v) { return result(ioctl(v[0], VFIO_SET_IOMMU, v[1])); }

long sys_open_iommu(const __u64 *v)
{
	return result(open(v[0] & 1 ? "/dev/vfio/vfio" : "/dev/iommu", O_RDWR | O_CLOEXEC));
}

/* Only what programs have opened */
long sys_close(const __u64 *v)
{
	const int fd = v[0];

	return fd < FIRST_FD || fd >= OWN_FDS ? -EBADF : result(close(fd));
}

long sys_read_faults(const __u64 *v)
{
	struct iommu_hwpt_pgfault faults[10];
	const size_t length = v[1] < sizeof(faults) ? v[1] : sizeof(faults);
	const ssize_t n = read(v[0], faults, length);

	if (n < (ssize_t)sizeof(*faults))
		return n < 0 ? -errno : -ENODATA;
	return faults[n / sizeof(*faults) - 1].cookie;
}

long sys_write_responses(const __u64 *v)
{
	struct iommu_hwpt_page_response responses[4];
	const size_t length = v[3] < sizeof(responses) ? v[3] : sizeof(responses);

	for (unsigned int i = 0; i < 4; i++)
		responses[i] = (struct iommu_hwpt_page_response){v[1], v[2]};
	return result(write(v[0], responses, length));
}

long sys_read_events(const __u64 *v)
{
	char buffer[256];
	struct pollfd ready = {v[0], POLLIN, 0};

	if (poll(&ready, 1, 0) < 1) /* a read of an empty queue may wait */
		return -EAGAIN;
	return result(read(v[0], buffer, v[1] < sizeof(buffer) ? v[1] : sizeof(buffer)));
}

long sys_poll(const __u64 *v)
{
	struct pollfd ready = {v[0], POLLIN | POLLOUT, 0};

	poll(&ready, 1, 1);
	return ready.revents & POLLNVAL ? -EBADF : ready.revents;
}

long sys_mmap_region(const __u64 *v)
{
	const int prot = PROT_READ | PROT_WRITE | (v[3] & 2 ? PROT_EXEC : 0);
	void *p = mmap(NULL, v[2], prot, v[3] & 1 ? MAP_PRIVATE : MAP_SHARED, v[0], v[1]);
	unsigned int at;

	if (p == MAP_FAILED)
		return -errno;
	at = __atomic_fetch_add(&regions, 1, __ATOMIC_RELAXED);
	if (at >= REGIONS) {
		munmap(p, v[2]);
		return -ENOSPC;
	}
	region[at] = p;
	return (long)p;
}

static bool is_region(__u64 va)
{
	for (unsigned int i = 0; va && i < regions && i < REGIONS; i++)
		if (region[i] == (void *)va)
			return true;
	return false;
}

long sys_munmap_region(const __u64 *v)
{
	if (!is_region(v[0]))
		return -EINVAL;
	return result(munmap((void *)v[0], v[1] < REGION_BYTES ? v[1] : REGION_BYTES));
}

/* By the kernel, which has an errno for memory that is not there */
long sys_touch_region(const __u64 *v)
{
	int ends[2];
	long rc;

	if (!is_region(v[0]))
		return -EINVAL;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	rc = result(write(ends[1], (void *)(v[0] + (v[1] & 0x1fff)), 4));
	if (rc == 4)
		rc = result(read(ends[0], (void *)(v[0] + (v[1] & 0x1fff)), 4));
	close(ends[0]);
	close(ends[1]);
	return rc;
}

/* What of the range lies in the arena, in pages; false: nothing */
static bool clip(const __u64 *v, void **p, size_t *length)
{
	const __u64 va = v[0] & ~(PAGE - 1), bytes = (v[1] + PAGE - 1) & ~(PAGE - 1);

	if (!bytes || !memory_within(va, bytes))
		return false;
	*p = (void *)va;
	*length = bytes;
	memory_spoiled();
	return true;
}

long sys_munmap(const __u64 *v)
{
	size_t length;
	void *p;

	return clip(v, &p, &length) ? result(munmap(p, length)) : -EINVAL;
}

long sys_mmap(const __u64 *v)
{
	const int prot = v[2] == 2 ? PROT_READ : PROT_READ | PROT_WRITE;
	const int flags = MAP_FIXED | MAP_ANONYMOUS | (v[2] == 1 ? MAP_SHARED : MAP_PRIVATE);
	size_t length;
	void *p;

	if (!clip(v, &p, &length))
		return -EINVAL;
	return mmap(p, length, prot, flags, -1, 0) == MAP_FAILED ? -errno : 0;
}

long sys_madvise(const __u64 *v)
{
	size_t length;
	void *p;

	/* not the ones that make pages bad for the whole system */
	if (v[2] >= 100)
		return -EINVAL;
	return clip(v, &p, &length) ? result(madvise(p, length, v[2])) : -EINVAL;
}

long sys_mprotect(const __u64 *v)
{
	size_t length;
	void *p;

	return clip(v, &p, &length) ? result(mprotect(p, length, v[2] & 3)) : -EINVAL;
}

long sys_memlock(const __u64 *v)
{
	const struct rlimit limit = {v[0], RLIM_INFINITY};

	limited = true;
	return result(setrlimit(RLIMIT_MEMLOCK, &limit));
}

long sys_fork_child(const __u64 *v)
{
	const unsigned int at = __atomic_fetch_add(&children, 1, __ATOMIC_RELAXED);
	pid_t pid;

	if (at >= CHILDREN)
		return -EAGAIN;
	pid = fork();
	if (!pid) {
		usleep(v[0] < 20 ? v[0] * 1000 : 20000);
		_exit(0);
	}
	child[at] = pid;
	return pid < 0 ? -errno : 0;
}

long sys_nap(const __u64 *v) { return result(usleep(v[0] < 5000 ? v[0] : 5000)); }

long sys_memfd(const __u64 *v)
{
	const int fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING | (v[1] & 1 ? MFD_HUGETLB : 0));

	if (fd >= 0 && ftruncate(fd, (v[0] & 0x3ff) * (v[1] & 1 ? 512 * PAGE : PAGE)))
		return -errno;
	return result(fd);
}

long sys_ftruncate(const __u64 *v) { return v[1] > 1 << 22 ? -EFBIG : result(ftruncate(v[0], v[1])); }

long sys_punch_hole(const __u64 *v)
{
	return result(fallocate(v[0], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, v[1], v[2]));
}

long sys_udmabuf(const __u64 *v)
{
	struct udmabuf_create create = {.memfd = v[0], .size = PAGE};
	int fd, rc;

	fcntl(v[0], F_ADD_SEALS, F_SEAL_SHRINK);
	fd = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	rc = result(ioctl(fd, UDMABUF_CREATE, &create));
	close(fd);
	return rc;
}

void system_reset(void)
{
	const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};

	for (unsigned int i = 0; i < regions && i < REGIONS; i++)
		munmap(region[i], REGION_BYTES);
	for (unsigned int i = 0; i < children && i < CHILDREN; i++)
		if (child[i] > 0)
			waitpid(child[i], NULL, 0);
	regions = children = 0;
	memset(region, 0, sizeof(region));
	memset(child, 0, sizeof(child));
	if (limited)
		setrlimit(RLIMIT_MEMLOCK, &none);
	limited = false;
}
