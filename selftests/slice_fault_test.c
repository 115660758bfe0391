// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page requests of slices: siov-edu asks for pages that its owner has not mapped yet, by way of the kernel's intel
 * driver
 * (--iommu intel-strict), and the owner, who knows of no PASID, maps them and answers. Two slices of one function
 * belong to two fds.
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "lib/harness.h"
#include "lib/iommufd.h"
#include "lib/slice.h"
#include "lib/system.h"

#define IOVA     0x10000000ULL
#define GENEROUS 10000 /* ms for a page request */
#define SLICES   2
#define MOST     8 /* requests in a group */

struct owner {
	int fd, queue;
	__u32 ioas, queue_id, hwpt;
	struct slice slice;
	char *mem; /* two pages; what is mapped at IOVA, once it is */
};

FIXTURE(requests)
{
	char bdf[16];
	struct owner owner[SLICES];
};

typedef FIXTURE_DATA(requests) fixture;

static int faulting_hwpt(struct owner *owner, __u32 ioas, __u32 *hwpt)
{
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.flags = IOMMU_HWPT_FAULT_ID_VALID,
		.dev_id = owner->slice.vfio.dev_id,
		.pt_id = ioas,
		.fault_id = owner->queue_id,
	};
	int rc = iommufd_call(owner->fd, IOMMU_HWPT_ALLOC, &cmd);

	*hwpt = cmd.out_hwpt_id;
	return rc;
}

static int owner_start(struct owner *owner, const char *bdf, unsigned int n)
{
	char uuid[SLICE_UUID_SIZE];
	int rc;

	slice_uuid(n, uuid);
	owner->mem = pages_alloc(2 * PAGE);
	pattern_fill(owner->mem, PAGE, n);
	owner->fd = iommufd_open();
	rc = slice_create(bdf, uuid);
	rc = rc ?: slice_open(&owner->slice, uuid);
	rc = rc ?: slice_bind(&owner->slice, owner->fd);
	rc = rc ?: ioas_alloc(owner->fd, &owner->ioas);
	rc = rc ?: fault_queue_alloc(owner->fd, &owner->queue_id, &owner->queue);
	rc = rc ?: faulting_hwpt(owner, owner->ioas, &owner->hwpt);
	return rc ?: slice_attach(&owner->slice, owner->hwpt);
}

static void owner_end(struct owner *owner)
{
	slice_close(&owner->slice);
	slice_remove(owner->slice.uuid);
	close(owner->queue);
	close(owner->fd);
	owner->fd = -1;
}

FIXTURE_SETUP(requests)
{
	ASSERT_EQ(0, slice_parent(0, self->bdf)) { TH_LOG("no usable siov-edu device"); }
	for (unsigned int i = 0; i < SLICES; i++)
		ASSERT_EQ(0, owner_start(&self->owner[i], self->bdf, i));
}

FIXTURE_TEARDOWN(requests)
{
	for (int i = 0; i < SLICES; i++)
		if (self->owner[i].fd >= 0)
			owner_end(&self->owner[i]);
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

/* Has the slice copy its page to the one behind it, though neither is mapped. */
static __u32 ask(struct owner *owner)
{
	const struct siov_command command = {
		.src = IOVA, .dst = IOVA + PAGE, .length = PAGE, .command = SIOV_EDU_COPY | SIOV_EDU_COMMAND_PAGES};
	__u32 number;

	slice_queue(&owner->slice, &command, &number);
	return number;
}

/* The next group of requests of this owner; how many there are, 0 when none comes. */
static int wait_requests(struct owner *owner, struct iommu_hwpt_pgfault *got, int wait_ms)
{
	struct pollfd poller = {.fd = owner->queue, .events = POLLIN};
	ssize_t bytes;

	if (poll(&poller, 1, wait_ms) != 1)
		return 0;
	bytes = read(owner->queue, got, MOST * sizeof(*got));
	return bytes < 0 ? -errno : (int)(bytes / (ssize_t)sizeof(*got));
}

static int answer(struct owner *owner, __u32 cookie, __u32 code)
{
	struct iommu_hwpt_page_response response = {.cookie = cookie, .code = code};
	ssize_t rc = write(owner->queue, &response, sizeof(response));

	return rc < 0 ? -errno : rc == sizeof(response) ? 0 : -EIO;
}

static bool looks_like_a_rid(const struct iommu_hwpt_pgfault *request, const struct owner *owner)
{
	return !(request->flags & IOMMU_PGFAULT_FLAGS_PASID_VALID) && request->pasid == 0 &&
	       request->dev_id == owner->slice.vfio.dev_id;
}

/* Maps the owner's memory and grants all requests of the command; 0 or what went wrong. */
static int serve(struct owner *owner, __u32 ioas, __u32 number)
{
	struct iommu_hwpt_pgfault got[MOST];
	int n = wait_requests(owner, got, GENEROUS);

	for (int i = 0; i < n; i++)
		if (!looks_like_a_rid(&got[i], owner))
			return -EBADMSG;
	if (n <= 0)
		return n ?: -ETIMEDOUT;
	n = ioas_map_fixed(owner->fd, ioas, owner->mem, 2 * PAGE, IOVA, MAP_RW);
	n = n ?: answer(owner, got[0].cookie, IOMMUFD_PAGE_RESP_SUCCESS);
	return n ?: slice_wait(&owner->slice, number);
}

TEST_F(requests, served_without_a_pasid_in_sight)
{
	struct owner *owner = &self->owner[0];

	EXPECT_EQ(SIOV_EDU_OK, serve(owner, owner->ioas, ask(owner)));
	EXPECT_EQ(0, pattern_diff(owner->mem + PAGE, PAGE, 0));
}

TEST_F(requests, refused_it_fails_that_command_alone)
{
	struct owner *refused = &self->owner[0], *served = &self->owner[1];
	struct iommu_hwpt_pgfault got[MOST];
	__u32 first = ask(refused), second = ask(served);

	ASSERT_LT(0, wait_requests(refused, got, GENEROUS));
	EXPECT_TRUE(looks_like_a_rid(&got[0], refused));
	EXPECT_EQ(IOVA, got[0].addr);
	EXPECT_EQ(0, answer(refused, got[0].cookie, IOMMUFD_PAGE_RESP_INVALID));
	EXPECT_EQ(SIOV_EDU_NO_PAGE, slice_wait(&refused->slice, first));
	EXPECT_EQ(0, wait_requests(refused, got, 0));
	EXPECT_EQ(SIOV_EDU_OK, serve(served, served->ioas, second));
	EXPECT_EQ(0, pattern_diff(served->mem + PAGE, PAGE, 1));
}

/* Cookies are each queue's own: one owner cannot answer what the other was asked. */
TEST_F(requests, nobody_answers_for_another)
{
	struct owner *asked = &self->owner[0], *other = &self->owner[1];
	struct iommu_hwpt_pgfault got[MOST];
	__u32 number = ask(asked);

	ASSERT_LT(0, wait_requests(asked, got, GENEROUS));
	EXPECT_EQ(-EINVAL, answer(other, got[0].cookie, IOMMUFD_PAGE_RESP_SUCCESS));
	EXPECT_EQ(0, wait_requests(other, got, 0));
	EXPECT_EQ(0, answer(asked, got[0].cookie, IOMMUFD_PAGE_RESP_INVALID));
	EXPECT_EQ(SIOV_EDU_NO_PAGE, slice_wait(&asked->slice, number));
}

/* The function makes page requests for as long as one of its slices may. */
TEST_F(requests, outlive_the_other_slice)
{
	struct owner *owner = &self->owner[1];

	owner_end(&self->owner[0]);
	EXPECT_EQ(SIOV_EDU_OK, serve(owner, owner->ioas, ask(owner)));
	EXPECT_EQ(0, pattern_diff(owner->mem + PAGE, PAGE, 1));
}

/* A request is not lost when its slice moves to another table: the queue is the same, and so is who answers. */
TEST_F(requests, outlive_a_replace)
{
	struct owner *owner = &self->owner[0];
	__u32 ioas, hwpt, number = ask(owner);
	struct pollfd poller = {.fd = owner->queue, .events = POLLIN};

	ASSERT_EQ(1, poll(&poller, 1, GENEROUS));
	ASSERT_EQ(0, ioas_alloc(owner->fd, &ioas));
	ASSERT_EQ(0, faulting_hwpt(owner, ioas, &hwpt));
	EXPECT_EQ(0, slice_attach(&owner->slice, hwpt));
	EXPECT_EQ(SIOV_EDU_OK, serve(owner, ioas, number));
	EXPECT_EQ(0, pattern_diff(owner->mem + PAGE, PAGE, 0));
}

/* Where nobody is to be asked any more, the answer is no. */
TEST_F(requests, answered_when_the_slice_is_detached)
{
	struct owner *owner = &self->owner[0];
	struct pollfd poller = {.fd = owner->queue, .events = POLLIN};
	__u32 number = ask(owner);

	ASSERT_EQ(1, poll(&poller, 1, GENEROUS));
	EXPECT_EQ(0, slice_detach(&owner->slice));
	EXPECT_EQ(SIOV_EDU_NO_PAGE, slice_wait(&owner->slice, number));
	EXPECT_EQ(0, poll(&poller, 1, 0));
	EXPECT_EQ(0, slice_attach(&owner->slice, owner->hwpt));
	EXPECT_EQ(SIOV_EDU_OK, serve(owner, owner->ioas, ask(owner)));
}

TEST_HARNESS_MAIN
