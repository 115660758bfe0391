// SPDX-License-Identifier: GPL-2.0-only
/*
 * vEVENTQs: which ones there can be, how events are numbered and lost, what read() and poll() say, and how long a queue
 * lives. The mock reports its events in a hard interrupt.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/harness.h"
#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/stall.h"
#include "lib/system.h"
#include "lib/viommu.h"

#define TYPE	IOMMU_VEVENTQ_TYPE_SELFTEST
#define HEADER	sizeof(struct iommufd_vevent_header)
#define RECORD	sizeof(struct record)
#define LOST	IOMMU_VEVENTQ_FLAG_LOST_EVENTS
#define VIRT_ID 0x99

struct record {
	struct iommufd_vevent_header header;
	__u32 virt_id;
};

FIXTURE(events)
{
	int fd;
	__u32 ioas, parent, viommu, vdevice, nested;
	struct mock_dev dev;
	__u32 queue_id;
	int queue;
	struct record got[8];
};

FIXTURE_SETUP(events)
{
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, mock_device(self->fd, self->ioas, 0, &self->dev));
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev.idev, self->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT, &self->parent));
	ASSERT_EQ(0, viommu_alloc(self->fd, self->dev.idev, self->parent, IOMMU_VIOMMU_TYPE_SELFTEST, NULL, 0,
				  &self->viommu));
	ASSERT_EQ(0, vdevice_alloc(self->fd, self->viommu, self->dev.idev, VIRT_ID, &self->vdevice));
	ASSERT_EQ(0, mock_nested_alloc(self->fd, self->dev.idev, self->viommu, 0, &self->nested));
	ASSERT_EQ(0, mock_replace(self->fd, &self->dev, self->nested));
	self->queue = -1;
}

FIXTURE_TEARDOWN(events)
{
	close(self->queue);
	EXPECT_EQ(0, mock_replace(self->fd, &self->dev, self->ioas));
	close(self->fd);
}

static int make_queue(FIXTURE_DATA(events) *self, __u32 depth)
{
	return veventq_alloc(self->fd, self->viommu, TYPE, depth, &self->queue_id, &self->queue);
}

static int report(FIXTURE_DATA(events) *self, int count)
{
	int rc = 0;

	while (count-- && !rc)
		rc = mock_event(self->fd, self->dev.idev);
	return rc;
}

/* bytes, or a negative errno */
static long take(FIXTURE_DATA(events) *self, size_t size)
{
	long rc = read(self->queue, self->got, size);

	return rc < 0 ? -errno : rc;
}

static int readable(int queue)
{
	struct pollfd p = {.fd = queue, .events = POLLIN | POLLOUT | POLLRDNORM};

	return poll(&p, 1, 0) < 0 ? -errno : p.revents;
}

TEST_F(events, wrong_calls)
{
	struct iommu_veventq_alloc good = {
		.size = sizeof(good), .viommu_id = self->viommu, .type = TYPE, .veventq_depth = 2};
	struct iommu_veventq_alloc cmd;

#define REFUSED(error, field, value)                                                 \
	do {                                                                         \
		cmd = good;                                                          \
		cmd.field = value;                                                   \
		EXPECT_EQ(-(error), iommufd_call(self->fd, IOMMU_VEVENTQ_ALLOC, &cmd)); \
	} while (0)
	REFUSED(EOPNOTSUPP, flags, 1);
	REFUSED(EOPNOTSUPP, __reserved, 1);
	REFUSED(EOPNOTSUPP, type, IOMMU_VEVENTQ_TYPE_DEFAULT);
	REFUSED(EINVAL, veventq_depth, 0);
	REFUSED(EINVAL, veventq_depth, (1 << 19) + 1);
	REFUSED(EINVAL, veventq_depth, ~0u);
	REFUSED(EINVAL, size, 24);
	REFUSED(ENOENT, viommu_id, 0);
	REFUSED(ENOENT, viommu_id, 0x7fffffff);
	REFUSED(ENOENT, viommu_id, self->dev.idev);
	REFUSED(ENOENT, viommu_id, self->vdevice);
	REFUSED(ENOENT, viommu_id, self->parent);
	/* None of them has left a queue. */
	EXPECT_EQ(-EOPNOTSUPP, report(self, 1));
}

TEST_F(events, one_of_each_type)
{
	__u32 id, other;
	int queue, again;

	ASSERT_EQ(0, make_queue(self, 1 << 19));
	EXPECT_EQ(-EEXIST, veventq_alloc(self->fd, self->viommu, TYPE, 2, &id, &queue));
	/* Nobody reports events of that type, but it is one. */
	ASSERT_EQ(0, veventq_alloc(self->fd, self->viommu, 1, 2, &id, &queue));
	EXPECT_EQ(-EEXIST, veventq_alloc(self->fd, self->viommu, 1, 2, &other, &again));
	ASSERT_EQ(0, report(self, 1));
	EXPECT_EQ(0, readable(queue));
	EXPECT_EQ(POLLIN | POLLRDNORM, readable(self->queue));
	close(queue);
	EXPECT_EQ(0, object_destroy(self->fd, id));
	EXPECT_EQ(0, veventq_alloc(self->fd, self->viommu, 1, 2, &id, &queue));
	close(queue);
}

TEST_F(events, other_vIOMMUs_have_their_own)
{
	__u32 viommu, id;
	int queue;

	ASSERT_EQ(0, make_queue(self, 4));
	ASSERT_EQ(0, viommu_alloc(self->fd, self->dev.idev, self->parent, IOMMU_VIOMMU_TYPE_SELFTEST, NULL, 0,
				  &viommu));
	ASSERT_EQ(0, veventq_alloc(self->fd, viommu, TYPE, 4, &id, &queue));
	ASSERT_EQ(0, report(self, 1));
	EXPECT_EQ(0, readable(queue));
	EXPECT_EQ(RECORD, take(self, sizeof(self->got)));
	close(queue);
}

TEST_F(events, without_a_queue)
{
	EXPECT_EQ(-EOPNOTSUPP, report(self, 1));
	ASSERT_EQ(0, make_queue(self, 2));
	EXPECT_EQ(0, report(self, 1));
	close(self->queue);
	ASSERT_EQ(0, object_destroy(self->fd, self->queue_id));
	EXPECT_EQ(-EOPNOTSUPP, report(self, 1));
	/* The next one begins anew. */
	ASSERT_EQ(0, make_queue(self, 2));
	EXPECT_EQ(0, readable(self->queue));
	ASSERT_EQ(0, report(self, 1));
	ASSERT_EQ(RECORD, take(self, sizeof(self->got)));
	EXPECT_EQ(0, self->got[0].header.sequence);
}

TEST_F(events, sizes_of_reads)
{
	ASSERT_EQ(0, make_queue(self, 8));
	for (size_t size = 0; size < HEADER; size++)
		EXPECT_EQ(-EINVAL, take(self, size));
	for (size_t size = HEADER; size <= sizeof(self->got); size++)
		EXPECT_EQ(0, take(self, size));

	ASSERT_EQ(0, report(self, 4));
	for (size_t size = 0; size < RECORD; size++)
		EXPECT_EQ(-EINVAL, take(self, size));
	/* Whole events only */
	EXPECT_EQ(RECORD, take(self, RECORD));
	EXPECT_EQ(0, self->got[0].header.sequence);
	EXPECT_EQ(RECORD, take(self, 2 * RECORD - 1));
	EXPECT_EQ(1, self->got[0].header.sequence);
	EXPECT_EQ(2 * RECORD, take(self, sizeof(self->got)));
	EXPECT_EQ(2, self->got[0].header.sequence);
	EXPECT_EQ(3, self->got[1].header.sequence);
	EXPECT_EQ(VIRT_ID, self->got[1].virt_id);
	EXPECT_EQ(0, self->got[1].header.flags);
	EXPECT_EQ(0, take(self, sizeof(self->got)));
}

TEST_F(events, lost_at_the_tail)
{
	ASSERT_EQ(0, make_queue(self, 2));
	/* What is lost for want of room is no error of the driver's. */
	ASSERT_EQ(0, report(self, 3));
	ASSERT_EQ(2 * RECORD + HEADER, take(self, sizeof(self->got)));
	EXPECT_EQ(0, self->got[0].header.sequence | self->got[0].header.flags);
	EXPECT_EQ(1, self->got[1].header.sequence);
	EXPECT_EQ(0, self->got[1].header.flags);
	EXPECT_EQ(2, self->got[2].header.sequence);
	EXPECT_EQ(LOST, self->got[2].header.flags);
	EXPECT_EQ(0, take(self, sizeof(self->got)));
	/* It has been told: the next event follows without a gap. */
	ASSERT_EQ(0, report(self, 1));
	ASSERT_EQ(RECORD, take(self, sizeof(self->got)));
	EXPECT_EQ(3, self->got[0].header.sequence);
	EXPECT_EQ(0, self->got[0].header.flags);
}

TEST_F(events, many_lost_are_told_once)
{
	ASSERT_EQ(0, make_queue(self, 1));
	ASSERT_EQ(0, report(self, 6));
	/* The header needs its own room. */
	ASSERT_EQ(RECORD, take(self, RECORD + HEADER - 1));
	EXPECT_EQ(POLLIN | POLLRDNORM, readable(self->queue));
	ASSERT_EQ(HEADER, take(self, HEADER));
	EXPECT_EQ(5, self->got[0].header.sequence);
	EXPECT_EQ(LOST, self->got[0].header.flags);
	EXPECT_EQ(0, readable(self->queue));
}

TEST_F(events, lost_in_the_middle)
{
	ASSERT_EQ(0, make_queue(self, 2));
	ASSERT_EQ(0, report(self, 4));
	ASSERT_EQ(RECORD, take(self, RECORD));
	ASSERT_EQ(0, report(self, 1));
	ASSERT_EQ(2 * RECORD, take(self, sizeof(self->got)));
	/* The gap says it: 2 and 3 were lost. */
	EXPECT_EQ(1, self->got[0].header.sequence);
	EXPECT_EQ(4, self->got[1].header.sequence);
	EXPECT_EQ(0, self->got[1].header.flags);
	EXPECT_EQ(0, take(self, sizeof(self->got)));
}

TEST_F(events, memory_that_cannot_be_written)
{
	char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, p);
	ASSERT_EQ(0, mprotect(p + PAGE, PAGE, PROT_READ));
	ASSERT_EQ(0, make_queue(self, 3));
	ASSERT_EQ(0, report(self, 4));
	EXPECT_EQ(-1, read(self->queue, p + PAGE, 8 * RECORD));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, read(self->queue, p + PAGE - 4, sizeof(self->got)));
	EXPECT_EQ(EFAULT, errno);
	/* Where it ends in the middle, what came before is read, and no more. */
	ASSERT_EQ(2 * RECORD, read(self->queue, p + PAGE - 2 * RECORD - 4, 8 * RECORD));
	EXPECT_EQ(1, ((struct record *)(p + PAGE - RECORD - 4))->header.sequence);
	ASSERT_EQ(RECORD, read(self->queue, p + PAGE - RECORD, 8 * RECORD));
	EXPECT_EQ(-1, read(self->queue, p + PAGE, HEADER));
	EXPECT_EQ(EFAULT, errno);
	ASSERT_EQ(HEADER, take(self, sizeof(self->got)));
	EXPECT_EQ(3, self->got[0].header.sequence);
	EXPECT_EQ(LOST, self->got[0].header.flags);
	munmap(p, 2 * PAGE);
}

/* More than one of the kernel's chunks, and more than the queue holds */
TEST_F(events, many)
{
	enum { DEPTH = 3000, REPORTED = 3500 };
	struct record *all = calloc(REPORTED, RECORD);
	long bytes = 0, done;

	ASSERT_NE(NULL, all);
	ASSERT_EQ(0, make_queue(self, DEPTH));
	for (int round = 0; round < 2; round++) {
		ASSERT_EQ(0, report(self, REPORTED));
		/* In one go, and by and by */
		for (bytes = 0; (done = read(self->queue, (char *)all + bytes,
					     round ? 7 * RECORD : REPORTED * RECORD)) > 0;)
			bytes += done;
		ASSERT_EQ(0, done);
		ASSERT_EQ(DEPTH * RECORD + HEADER, bytes);
		for (int i = 0; i < DEPTH; i++) {
			ASSERT_EQ(round * REPORTED + i, all[i].header.sequence);
			ASSERT_EQ(0, all[i].header.flags);
			ASSERT_EQ(VIRT_ID, all[i].virt_id);
		}
		EXPECT_EQ((round + 1) * REPORTED - 1, all[DEPTH].header.sequence);
		EXPECT_EQ(LOST, all[DEPTH].header.flags);
	}
	free(all);
}

TEST_F(events, what_else_a_file_can_do)
{
	ASSERT_EQ(0, make_queue(self, 2));
	ASSERT_EQ(0, report(self, 1));
	EXPECT_EQ(-1, write(self->queue, self->got, sizeof(self->got)));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pread(self->queue, self->got, RECORD, RECORD));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, lseek(self->queue, 0, SEEK_SET));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->queue, F_GETFD));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->queue, 0));
	/* It is no descriptor of /dev/iommu. */
	EXPECT_EQ(-ENOTTY, iommufd_call(self->queue, IOMMU_DESTROY, &(struct iommu_destroy){.size = 8}));
	EXPECT_EQ(RECORD, take(self, sizeof(self->got)));
}

TEST_F(events, wakes_who_polls)
{
	struct stalled_call poller;

	ASSERT_EQ(0, make_queue(self, 2));
	EXPECT_EQ(0, readable(self->queue));
	ASSERT_EQ(0, stall_start(&poller, poll_readable, &self->queue));
	EXPECT_TRUE(stall_goes_on(&poller));
	ASSERT_EQ(0, report(self, 1));
	EXPECT_EQ(1, stall_join(&poller));
	EXPECT_EQ(POLLIN | POLLRDNORM, readable(self->queue));
}

TEST_F(events, who_keeps_whom)
{
	ASSERT_EQ(0, make_queue(self, 2));
	ASSERT_EQ(0, report(self, 1));
	/* The file keeps the queue, the queue the vIOMMU. */
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->queue_id));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->viommu));
	close(self->queue);
	EXPECT_EQ(0, object_destroy(self->fd, self->queue_id));
	EXPECT_EQ(-ENOENT, object_destroy(self->fd, self->queue_id));
}

TEST_F(events, outlives_the_descriptor_of_iommu)
{
	int again = dup(self->fd);

	ASSERT_EQ(0, make_queue(self, 2));
	ASSERT_EQ(0, report(self, 1));
	/* Not the last one, as the mock needs it to take the device back. */
	close(self->fd);
	self->fd = again;
	EXPECT_EQ(RECORD, take(self, sizeof(self->got)));
	/* Left for the end: the fd goes before the queue. */
}

TEST_F(events, own_file_is_closed_last)
{
	ASSERT_EQ(0, make_queue(self, 2));
	ASSERT_EQ(0, report(self, 3));
	ASSERT_EQ(0, mock_replace(self->fd, &self->dev, self->ioas));
	ASSERT_EQ(0, object_destroy(self->fd, self->nested));
	close(self->fd);
	EXPECT_EQ(2 * RECORD + HEADER, take(self, sizeof(self->got)));
	close(self->queue);
	/* For the end of the test */
	self->queue = -1;
	self->fd = iommufd_open();
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, mock_device(self->fd, self->ioas, 0, &self->dev));
}

/* The ioctl fails late: there is no queue of the type afterwards, and no descriptor is lost. */
TEST_F(events, fails_late)
{
	struct iommu_veventq_alloc *cmd = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct rlimit limit, none;
	int lowest = dup(0);

	close(lowest);
	ASSERT_NE(MAP_FAILED, cmd);
	*cmd = (struct iommu_veventq_alloc){
		.size = sizeof(*cmd), .viommu_id = self->viommu, .type = TYPE, .veventq_depth = 2};
	ASSERT_EQ(0, mprotect(cmd, PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, iommufd_call(self->fd, IOMMU_VEVENTQ_ALLOC, cmd));
	EXPECT_EQ(-EOPNOTSUPP, report(self, 1));

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	none = (struct rlimit){lowest, limit.rlim_max};
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	EXPECT_EQ(-EMFILE, make_queue(self, 2));
	self->queue = -1;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-EOPNOTSUPP, report(self, 1));

	ASSERT_EQ(0, make_queue(self, 2));
	EXPECT_EQ(lowest, self->queue);
	munmap(cmd, PAGE);
}

int main(int argc, char **argv)
{
	mock_load();
	return test_harness_run(argc, argv);
}
