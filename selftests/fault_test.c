// SPDX-License-Identifier: GPL-2.0-only
/*
 * The descriptor of a fault queue, as far as no page request is needed: what
 * may be read, written and polled, and who keeps whom alive. Needs an edu
 * device; those never ask for a page.
 */
#include "lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "lib/edu.h"
#include "lib/iommufd.h"
#include "lib/process.h"
#include "lib/system.h"

#define NO_ID    12345
#define RECORD   sizeof(struct iommu_hwpt_pgfault)
#define RESPONSE sizeof(struct iommu_hwpt_page_response)
#define SPARES   8 /* ids of objects that failed calls may have left */

FIXTURE(fault)
{
	int fd, queue;
	__u32 id;
	char *mem; /* a page, and behind it one without access */
};

typedef FIXTURE_DATA(fault) fixture;

FIXTURE_SETUP(fault)
{
	self->mem = pages_alloc(2 * PAGE);
	ASSERT_EQ(0, mprotect(self->mem + PAGE, PAGE, PROT_NONE));
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, fault_queue_alloc(self->fd, &self->id, &self->queue));
}

FIXTURE_TEARDOWN(fault)
{
	if (self->queue >= 0) {
		EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->id));
		EXPECT_EQ(0, close(self->queue));
	}
	EXPECT_EQ(0, object_destroy(self->fd, self->id));
	EXPECT_EQ(-ENOENT, object_destroy(self->fd, self->id));
	/* allowed only when the descriptor has no object left */
	EXPECT_EQ(0, option_set(self->fd, IOMMU_OPTION_RLIMIT_MODE, 0, 1));
	EXPECT_EQ(0, close(self->fd));
}

/* read(), write() and so on with a negative errno */
#define SYS(call)                                \
	({                                       \
		ssize_t _rc = (call);            \
		_rc < 0 ? (ssize_t)-errno : _rc; \
	})

static int poll_now(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};
	int rc = poll(&p, 1, 0);

	return rc < 0 ? -errno : p.revents;
}

/* writes one response */
static ssize_t respond(int queue, __u32 cookie, __u32 code)
{
	struct iommu_hwpt_page_response r = {.cookie = cookie, .code = code};

	return SYS(write(queue, &r, sizeof(r)));
}

TEST_F(fault, descriptor_is_what_it_should_be)
{
	struct stat st;

	EXPECT_EQ(FD_CLOEXEC, fcntl(self->queue, F_GETFD));
	EXPECT_EQ(O_RDWR, fcntl(self->queue, F_GETFL) & O_ACCMODE);
	ASSERT_EQ(0, fstat(self->queue, &st));
	EXPECT_EQ(0, S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
}

TEST_F(fault, poll_of_an_empty_queue)
{
	EXPECT_EQ(POLLOUT, poll_now(self->queue, POLLIN | POLLOUT));
	EXPECT_EQ(0, poll_now(self->queue, POLLIN | POLLRDNORM | POLLPRI));
}

TEST_F(fault, read_of_an_empty_queue)
{
	memset(self->mem, 0x55, PAGE);
	EXPECT_EQ(0, SYS(read(self->queue, self->mem, RECORD)));
	EXPECT_EQ(0, SYS(read(self->queue, self->mem, 10 * RECORD)));
	EXPECT_EQ(0, SYS(read(self->queue, self->mem, 0)));
	/* nothing is written, so the buffer does not matter */
	EXPECT_EQ(0, SYS(read(self->queue, self->mem + PAGE, RECORD)));
	EXPECT_EQ(0, bytes_not(self->mem, PAGE, 0x55));
}

TEST_F(fault, read_of_parts_of_a_record)
{
	const size_t sizes[] = {1, RECORD - 1, RECORD + 1, 2 * RECORD - 8, PAGE - 1};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		EXPECT_EQ(-ESPIPE, SYS(read(self->queue, self->mem, sizes[i])))
		TH_LOG("%zu bytes", sizes[i]);
	}
}

TEST_F(fault, write_of_parts_of_a_response)
{
	const size_t sizes[] = {1, RESPONSE - 1, RESPONSE + 1, 2 * RESPONSE + 4};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		EXPECT_EQ(-ESPIPE, SYS(write(self->queue, self->mem, sizes[i])))
		TH_LOG("%zu bytes", sizes[i]);
	}
	EXPECT_EQ(0, SYS(write(self->queue, self->mem, 0)));
}

TEST_F(fault, answers_that_nobody_waits_for)
{
	const __u32 cookies[] = {0, 1, 2, NO_ID, UINT32_MAX};

	for (size_t i = 0; i < ARRAY_SIZE(cookies); i++) {
		EXPECT_EQ(-EINVAL, respond(self->queue, cookies[i], IOMMUFD_PAGE_RESP_SUCCESS));
		EXPECT_EQ(-EINVAL, respond(self->queue, cookies[i], IOMMUFD_PAGE_RESP_INVALID));
		EXPECT_EQ(-EINVAL, respond(self->queue, cookies[i], 2));
		EXPECT_EQ(-EINVAL, respond(self->queue, cookies[i], UINT32_MAX));
	}
	EXPECT_EQ(-EFAULT, SYS(write(self->queue, self->mem + PAGE, RESPONSE)));
	EXPECT_EQ(-EFAULT, SYS(write(self->queue, self->mem + PAGE - RESPONSE / 2, RESPONSE)));
	/* the first of two decides */
	EXPECT_EQ(-EINVAL, SYS(write(self->queue, self->mem + PAGE - RESPONSE, 2 * RESPONSE)));
}

TEST_F(fault, no_positions)
{
	EXPECT_EQ(-ESPIPE, SYS(lseek(self->queue, 0, SEEK_CUR)));
	EXPECT_EQ(-ESPIPE, SYS(lseek(self->queue, RECORD, SEEK_SET)));
	EXPECT_EQ(-ESPIPE, SYS(pread(self->queue, self->mem, RECORD, 0)));
	EXPECT_EQ(-ESPIPE, SYS(pread(self->queue, self->mem, RECORD, RECORD)));
	EXPECT_EQ(-ESPIPE, SYS(pwrite(self->queue, self->mem, RESPONSE, 0)));
	EXPECT_EQ(-ESPIPE, SYS(pwrite(self->queue, self->mem, RESPONSE, RESPONSE)));
}

TEST_F(fault, other_calls)
{
	struct iommu_ioas_alloc cmd = {.size = sizeof(cmd)};

	EXPECT_EQ(-ENOTTY, iommufd_call(self->queue, IOMMU_IOAS_ALLOC, &cmd));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->queue, 0));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(-EINVAL, SYS(ftruncate(self->queue, 0)));
}

TEST_F(fault, each_descriptor_keeps_the_object)
{
	int copy = dup(self->queue);

	ASSERT_LE(0, copy);
	EXPECT_EQ(0, close(self->queue));
	self->queue = -1;
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->id));
	EXPECT_EQ(0, SYS(read(copy, self->mem, RECORD)));
	EXPECT_EQ(0, close(copy));
}

TEST_F(fault, queues_are_independent)
{
	int queues[8];
	__u32 ids[8];

	for (int i = 0; i < 8; i++) {
		ASSERT_EQ(0, fault_queue_alloc(self->fd, &ids[i], &queues[i]));
		EXPECT_NE(self->id, ids[i]);
	}
	for (int i = 0; i < 8; i += 2) {
		EXPECT_EQ(0, close(queues[i]));
		EXPECT_EQ(0, object_destroy(self->fd, ids[i]));
	}
	for (int i = 1; i < 8; i += 2) {
		EXPECT_EQ(POLLOUT, poll_now(queues[i], POLLIN | POLLOUT));
		EXPECT_EQ(-EBUSY, object_destroy(self->fd, ids[i]));
		EXPECT_EQ(0, close(queues[i]));
		EXPECT_EQ(0, object_destroy(self->fd, ids[i]));
	}
}

/* The queue goes on to work, and gives the rest free when it goes. */
TEST_F(fault, iommufd_closed_first)
{
	int queue, fd = iommufd_open();
	__u32 id;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fault_queue_alloc(fd, &id, &queue));
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(POLLOUT, poll_now(queue, POLLIN | POLLOUT));
	EXPECT_EQ(0, SYS(read(queue, self->mem, RECORD)));
	EXPECT_EQ(-EINVAL, respond(queue, 1, IOMMUFD_PAGE_RESP_SUCCESS));
	EXPECT_EQ(0, close(queue));
}

TEST_F(fault, sent_to_another_process)
{
	int sock[2], left;
	pid_t child;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		int queue;

		close(self->queue);
		close(self->fd);
		close(sock[0]);
		if (become_user(4711))
			_exit(1);
		queue = receive_fd(sock[1]);
		/* the parent has closed its own: this one is the last */
		if (queue < 0 || read(sock[1], &left, sizeof(left)) != sizeof(left))
			_exit(2);
		if (poll_now(queue, POLLIN | POLLOUT) != POLLOUT || SYS(read(queue, self->mem, RECORD)) != 0)
			_exit(3);
		if (respond(queue, 1, IOMMUFD_PAGE_RESP_SUCCESS) != -EINVAL)
			_exit(4);
		_exit(0);
	}
	ASSERT_EQ(0, send_fd(sock[0], self->queue));
	EXPECT_EQ(0, close(self->queue));
	self->queue = -1;
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->id));
	left = 1;
	ASSERT_EQ(sizeof(left), write(sock[0], &left, sizeof(left)));
	EXPECT_EQ(0, child_status(child));
}

/* A descriptor on its way, that nobody will ever receive */
TEST_F(fault, lost_on_the_way)
{
	int sock[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	ASSERT_EQ(0, send_fd(sock[0], self->queue));
	EXPECT_EQ(0, close(self->queue));
	self->queue = -1;
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->id));
	EXPECT_EQ(0, close(sock[0]));
	EXPECT_EQ(0, close(sock[1]));
}

/* Nothing may be left of a call that fails late: no object, no descriptor. */
TEST_F(fault, alloc_that_fails)
{
	struct iommu_fault_alloc *cmd = (void *)(self->mem + 64);
	struct rlimit old, none;
	int queue, lowest;
	__u32 id;

	lowest = dup(self->fd);
	ASSERT_LE(0, lowest);
	EXPECT_EQ(0, close(lowest));
	*cmd = (struct iommu_fault_alloc){.size = sizeof(*cmd)};
	ASSERT_EQ(0, mprotect(self->mem, PAGE, PROT_READ));
	for (int i = 0; i < SPARES; i++)
		EXPECT_EQ(-EFAULT, iommufd_call(self->fd, IOMMU_FAULT_QUEUE_ALLOC, cmd));
	ASSERT_EQ(0, mprotect(self->mem, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(-1, fcntl(lowest, F_GETFD));

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	none = (struct rlimit){lowest, old.rlim_max};
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	for (int i = 0; i < SPARES; i++)
		EXPECT_EQ(-EMFILE, fault_queue_alloc(self->fd, &id, &queue));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	for (__u32 i = self->id + 1; i < self->id + 2 * SPARES; i++)
		EXPECT_EQ(-ENOENT, object_destroy(self->fd, i));
}

TEST_F(fault, hwpt_alloc_with_a_queue)
{
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.flags = IOMMU_HWPT_FAULT_ID_VALID,
		.data_type = IOMMU_HWPT_DATA_NONE,
		.fault_id = self->id,
	};
	struct edu edu;
	__u32 ioas, hwpt;

	ASSERT_EQ(0, edu_open(&edu, 0)) TH_LOG("no usable edu device");
	ASSERT_EQ(0, edu_bind(&edu, self->fd));
	ASSERT_EQ(0, ioas_alloc(self->fd, &ioas));
	ASSERT_EQ(0, hwpt_alloc(self->fd, edu.vfio.dev_id, ioas, 0, &hwpt));
	cmd.dev_id = edu.vfio.dev_id;
	cmd.pt_id = ioas;
	/* edu makes no page requests, so it cannot be attached where they are expected */
	EXPECT_EQ(0, iommufd_call(self->fd, IOMMU_HWPT_ALLOC, &cmd));
	EXPECT_EQ(-ENODEV, vfio_attach(&edu.vfio, cmd.out_hwpt_id, NULL));
	EXPECT_EQ(-EBUSY, object_destroy(self->fd, self->id));
	EXPECT_EQ(0, object_destroy(self->fd, cmd.out_hwpt_id));
	cmd.flags |= IOMMU_HWPT_ALLOC_NEST_PARENT;
	EXPECT_EQ(-EOPNOTSUPP, iommufd_call(self->fd, IOMMU_HWPT_ALLOC, &cmd));
	cmd.flags = IOMMU_HWPT_FAULT_ID_VALID;
	cmd.fault_id = NO_ID;
	EXPECT_EQ(-ENOENT, iommufd_call(self->fd, IOMMU_HWPT_ALLOC, &cmd));
	cmd.pt_id = hwpt;
	EXPECT_EQ(-EOPNOTSUPP, iommufd_call(self->fd, IOMMU_HWPT_ALLOC, &cmd));
	/* not a queue, not a parent either */
	cmd.data_type = IOMMU_HWPT_DATA_VTD_S1;
	cmd.data_len = sizeof(struct iommu_hwpt_vtd_s1);
	cmd.data_uptr = (uintptr_t)self->mem;
	EXPECT_EQ(-EINVAL, iommufd_call(self->fd, IOMMU_HWPT_ALLOC, &cmd));
	cmd.pt_id = self->id;
	EXPECT_EQ(-EINVAL, iommufd_call(self->fd, IOMMU_HWPT_ALLOC, &cmd));
	/* without the flag the id is not looked at */
	cmd = (struct iommu_hwpt_alloc){
		.size = sizeof(cmd), .dev_id = edu.vfio.dev_id, .pt_id = ioas, .fault_id = NO_ID};
	EXPECT_EQ(0, iommufd_call(self->fd, IOMMU_HWPT_ALLOC, &cmd));
	EXPECT_EQ(0, object_destroy(self->fd, cmd.out_hwpt_id));
	EXPECT_EQ(0, object_destroy(self->fd, hwpt));
	EXPECT_EQ(0, object_destroy(self->fd, ioas));
	edu_close(&edu);
}

TEST_F(fault, queue_in_place_of_something_else)
{
	struct iommu_hw_info info;
	struct edu edu;

	EXPECT_EQ(-ENOENT, ioas_unmap_all(self->fd, self->id, NULL));
	EXPECT_EQ(-ENOENT, vfio_ioas_set(self->fd, self->id));
	EXPECT_EQ(-ENOENT, get_hw_info(self->fd, self->id, NULL, 0, &info));
	EXPECT_EQ(-ENOENT, dirty_tracking_set(self->fd, self->id, true));
	ASSERT_EQ(0, edu_open(&edu, 0)) TH_LOG("no usable edu device");
	ASSERT_EQ(0, edu_bind(&edu, self->fd));
	EXPECT_EQ(-EINVAL, vfio_attach(&edu.vfio, self->id, NULL));
	edu_close(&edu);
}

TEST_HARNESS_MAIN
