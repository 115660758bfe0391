// SPDX-License-Identifier: GPL-2.0-only
/*
 * RLIMIT_MEMLOCK: who pays for pinned memory, and what happens at the limit.
 *
 *   user mode (the normal one)  all processes of a user share one account
 *   process mode                each process has its own, seen as VmLck
 *   CAP_IPC_LOCK                no account at all
 *
 * The tests are an ordinary user with a limit of 8 pages. What is pinned is
 * always seen as VmPin, whoever pays. Needs an edu device.
 */
#include "lib/harness.h"

#include <errno.h>
#include <sys/resource.h>

#include "lib/edu.h"
#include "lib/iommufd.h"
#include "lib/process.h"
#include "lib/system.h"

#define IOVA  0x1000000ULL
#define LIMIT 8 /* pages */
#define USER  4711

FIXTURE(limits)
{
	int fd;
	struct edu edu;
	__u32 ioas;
	char *mem; /* 2 * LIMIT pages */
};

FIXTURE_VARIANT(limits)
{
	__u64 mode;  /* IOMMU_OPTION_RLIMIT_MODE */
	bool shared; /* by all processes of the user */
};

FIXTURE_VARIANT_ADD(limits, user){.mode = 0, .shared = true};
FIXTURE_VARIANT_ADD(limits, process){.mode = 1, .shared = false};

static int set_limit(unsigned long pages)
{
	struct rlimit r = {pages * PAGE, pages * PAGE};

	return setrlimit(RLIMIT_MEMLOCK, &r) ? -errno : 0;
}


typedef FIXTURE_DATA(limits) fixture;

FIXTURE_SETUP(limits)
{
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, option_set(self->fd, IOMMU_OPTION_RLIMIT_MODE, 0, variant->mode));
	ASSERT_EQ(0, edu_open(&self->edu, 0)) TH_LOG("no usable edu device");
	ASSERT_EQ(0, edu_bind(&self->edu, self->fd));
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	self->mem = pages_alloc(2 * LIMIT * PAGE);
	ASSERT_EQ(0, vfio_attach(&self->edu.vfio, self->ioas, NULL));
	ASSERT_EQ(0, set_limit(LIMIT));
	ASSERT_EQ(0, become_user(USER));
}

FIXTURE_TEARDOWN(limits)
{
	edu_close(&self->edu);
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, self_status_kb("VmPin"));
	EXPECT_EQ(0, self_status_kb("VmLck"));
}

/* n pages of the test memory, in slots of LIMIT pages each */
#define MAP(slot, n) ioas_map_fixed(self->fd, self->ioas, self->mem, (n)*PAGE, IOVA + (slot)*LIMIT * PAGE, MAP_RW)
#define UNMAP(slot)  ioas_unmap(self->fd, self->ioas, IOVA + (slot)*LIMIT * PAGE, LIMIT * PAGE, NULL)
#define EXPECT_PINNED(pages)                                                         \
	do {                                                                         \
		EXPECT_EQ((pages)*4, self_status_kb("VmPin"));                       \
		EXPECT_EQ(variant->shared ? 0 : (pages)*4, self_status_kb("VmLck")); \
	} while (0)

TEST_F(limits, up_to_the_limit_and_not_further)
{
	ASSERT_EQ(0, MAP(0, LIMIT));
	EXPECT_PINNED(LIMIT);
	EXPECT_EQ(-ENOMEM, MAP(1, 1));
	EXPECT_PINNED(LIMIT);
	ASSERT_EQ(0, UNMAP(0));
	EXPECT_PINNED(0);
	EXPECT_EQ(0, MAP(1, LIMIT));
	EXPECT_PINNED(LIMIT);
}

TEST_F(limits, one_call_over_the_limit_leaves_nothing)
{
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(-ENOMEM, MAP(0, LIMIT + 1));
		EXPECT_PINNED(0);
	}
	EXPECT_EQ(0, MAP(0, LIMIT));
}

TEST_F(limits, the_same_memory_twice_costs_twice)
{
	ASSERT_EQ(0, MAP(0, LIMIT / 2));
	ASSERT_EQ(0, MAP(1, LIMIT / 2));
	EXPECT_PINNED(LIMIT);
	EXPECT_EQ(-ENOMEM, MAP(2, 1));
}

TEST_F(limits, a_copy_costs_nothing)
{
	__u64 iova;

	ASSERT_EQ(0, MAP(0, LIMIT));
	EXPECT_EQ(0, ioas_copy_auto(self->fd, self->ioas, &iova, self->ioas, IOVA, LIMIT * PAGE, MAP_RW));
	EXPECT_PINNED(LIMIT);
	/* the account is closed with the last of the two */
	ASSERT_EQ(0, UNMAP(0));
	EXPECT_PINNED(LIMIT);
	EXPECT_EQ(-ENOMEM, MAP(1, 1));
	ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas, iova, LIMIT * PAGE, NULL));
	EXPECT_PINNED(0);
}

TEST_F(limits, paid_when_a_device_comes)
{
	ASSERT_EQ(0, vfio_detach(&self->edu.vfio));
	ASSERT_EQ(0, MAP(0, LIMIT));
	ASSERT_EQ(0, MAP(1, 1));
	EXPECT_PINNED(0);
	EXPECT_EQ(-ENOMEM, vfio_attach(&self->edu.vfio, self->ioas, NULL));
	EXPECT_PINNED(0);
	ASSERT_EQ(0, UNMAP(1));
	EXPECT_EQ(0, vfio_attach(&self->edu.vfio, self->ioas, NULL));
	EXPECT_PINNED(LIMIT);
	EXPECT_EQ(0, vfio_detach(&self->edu.vfio));
	EXPECT_PINNED(0);
}

TEST_F(limits, a_lower_limit_is_for_new_mappings)
{
	ASSERT_EQ(0, MAP(0, 4));
	ASSERT_EQ(0, set_limit(2));
	EXPECT_EQ(-ENOMEM, MAP(1, 1));
	EXPECT_PINNED(4);
	ASSERT_EQ(0, UNMAP(0));
	EXPECT_EQ(-ENOMEM, MAP(1, 3));
	EXPECT_EQ(0, MAP(1, 2));
	EXPECT_PINNED(2);
}

/* The answer of a map call in a child process of the same user. */
static int map_in_child(fixture *self, int slot, int pages)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		return -errno;
	if (!child)
		_exit(-MAP(slot, pages));
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}

TEST_F(limits, another_process_of_the_user)
{
	ASSERT_EQ(0, MAP(0, LIMIT - 2));
	EXPECT_EQ(variant->shared ? -ENOMEM : 0, map_in_child(self, 1, 3));
	if (variant->shared) {
		EXPECT_EQ(0, map_in_child(self, 1, 2));
		EXPECT_EQ(-ENOMEM, MAP(2, 1));
	} else {
		EXPECT_EQ(0, MAP(2, 2));
		EXPECT_EQ(-ENOMEM, MAP(3, 1));
	}
	/* the child has ended; its mapping can still go */
	EXPECT_EQ(0, UNMAP(1));
	EXPECT_EQ(0, ioas_unmap_all(self->fd, self->ioas, NULL));
	EXPECT_PINNED(0);
	EXPECT_EQ(0, MAP(0, LIMIT));
}

TEST_F(limits, memory_of_an_ended_process_cannot_be_pinned)
{
	ASSERT_EQ(0, vfio_detach(&self->edu.vfio));
	ASSERT_EQ(0, map_in_child(self, 0, 1));
	EXPECT_EQ(-EFAULT, vfio_attach(&self->edu.vfio, self->ioas, NULL));
	EXPECT_PINNED(0);
	ASSERT_EQ(0, UNMAP(0));
	EXPECT_EQ(0, vfio_attach(&self->edu.vfio, self->ioas, NULL));
}

FIXTURE(root)
{
	int fd;
	struct edu edu;
	__u32 ioas;
	char *mem;
};

FIXTURE_SETUP(root)
{
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, option_set(self->fd, IOMMU_OPTION_RLIMIT_MODE, 0, 1));
	ASSERT_EQ(0, edu_open(&self->edu, 0)) TH_LOG("no usable edu device");
	ASSERT_EQ(0, edu_bind(&self->edu, self->fd));
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	self->mem = pages_alloc(2 * LIMIT * PAGE);
	ASSERT_EQ(0, set_limit(LIMIT));
}

FIXTURE_TEARDOWN(root)
{
	edu_close(&self->edu);
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

TEST_F(root, no_limit_with_the_capability)
{
	ASSERT_EQ(0, vfio_attach(&self->edu.vfio, self->ioas, NULL));
	ASSERT_EQ(0, MAP(0, 2 * LIMIT));
	EXPECT_EQ(2 * LIMIT * 4, self_status_kb("VmPin"));
	EXPECT_EQ(0, self_status_kb("VmLck"));
}

/* Who pays is settled when the mapping is made, not when it is pinned. */
TEST_F(root, mapped_with_the_capability_and_pinned_without)
{
	ASSERT_EQ(0, MAP(0, 2 * LIMIT));
	ASSERT_EQ(0, become_user(USER));
	ASSERT_EQ(0, vfio_attach(&self->edu.vfio, self->ioas, NULL));
	EXPECT_EQ(2 * LIMIT * 4, self_status_kb("VmPin"));
	EXPECT_EQ(0, self_status_kb("VmLck"));
}

TEST_F(root, device_memory_cannot_be_pinned_later)
{
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->ioas, (void *)self->edu.bar, PAGE, IOVA, MAP_RW));
	EXPECT_EQ(-EFAULT, vfio_attach(&self->edu.vfio, self->ioas, NULL));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

TEST_HARNESS_MAIN
