// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOAS_CHANGE_PROCESS: a descriptor goes to another process (by fork, exec, or sent to another user), which takes over
 * what the first one was charged: all of it, or nothing. On the mock IOMMU; one test needs an edu device.
 */
#include "lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/probe.h"
#include "lib/process.h"
#include "lib/race.h"
#include "lib/system.h"
#include "lib/viommu.h"

#define PAGES 16
#define SIZE  (PAGES * PAGE)
#define KB    (PAGES * 4)
#define IOVA  ((__u64)MOCK_APERTURE_START)
#define OTHER (IOVA + 0x1000000)
#define USER  4714 /* that maps */
#define HEIR  4715

/* Three IOASes, two devices, a file mapped, copied, and pinned by a driver: SIZE is pinned in all. */
FIXTURE(heritage)
{
	int fd, file;
	__u32 ioas, second, empty, pinner, pin;
	struct mock_dev dev, dev2;
	pid_t parent;
	char *mem;
};

FIXTURE_VARIANT(heritage)
{
	__u64 mode;
	bool privileged;
};

FIXTURE_VARIANT_ADD(heritage, user){.mode = 0};
FIXTURE_VARIANT_ADD(heritage, process){.mode = 1};
FIXTURE_VARIANT_ADD(heritage, privileged){.mode = 0, .privileged = true};

FIXTURE_SETUP(heritage)
{
	self->parent = getpid();
	ASSERT_TRUE(mock_load());
	self->file = memfd_create("heritage", 0);
	ASSERT_LE(0, self->file);
	ASSERT_EQ(0, ftruncate(self->file, SIZE));
	self->mem = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, self->file, 0);
	ASSERT_NE(MAP_FAILED, self->mem);
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, option_set(self->fd, IOMMU_OPTION_RLIMIT_MODE, 0, variant->mode));
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->second));
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->empty));
	ASSERT_EQ(0, mock_device(self->fd, self->ioas, 0, &self->dev));
	ASSERT_EQ(0, mock_device(self->fd, self->second, 0, &self->dev2));
	ASSERT_EQ(0, access_create(self->fd, self->second, MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES, &self->pinner));
	if (!variant->privileged)
		ASSERT_EQ(0, setresuid(-1, USER, -1));
	ASSERT_EQ(0, ioas_map_file_fixed(self->fd, self->ioas, self->file, 0, SIZE - PAGE, IOVA, MAP_RW));
	ASSERT_EQ(0, ioas_copy_fixed(self->fd, self->second, OTHER, self->ioas, IOVA, SIZE - PAGE, MAP_RW));
	ASSERT_EQ(0, ioas_map_file_fixed(self->fd, self->second, self->file, SIZE - PAGE, PAGE, IOVA, MAP_RW));
	if (!variant->privileged)
		ASSERT_EQ(0, setresuid(-1, 0, -1));
	ASSERT_EQ(0, access_pin(self->fd, self->pinner, OTHER + PAGE, 2 * PAGE, self->mem + PAGE, 0, &self->pin));
	ASSERT_EQ(KB, self_status_kb("VmPin"));
	ASSERT_EQ(variant->mode ? KB : 0, self_status_kb("VmLck"));
}

FIXTURE_TEARDOWN(heritage)
{
	EXPECT_EQ(0, close((int)self->pinner));
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, self_status_kb("VmPin"));
	EXPECT_EQ(0, self_status_kb("VmLck"));
	EXPECT_EQ(0, pinned_pages());
}

/* The same in another process, whose status tells the line that went wrong; 0: none. */
#define CHECK(condition)                           \
	do {                                       \
		if (!(condition))                  \
			_exit(__LINE__ % 255 + 1); \
	} while (0)

#define IN_CHILD(...)                                                                            \
	do {                                                                                     \
		pid_t child = fork();                                                            \
		ASSERT_LE(0, child);                                                             \
		if (!child) {                                                                    \
			__VA_ARGS__;                                                             \
			_exit(0);                                                                \
		}                                                                                \
		EXPECT_EQ(0, child_status(child)) TH_LOG("line, modulo 255, + 1, of the child"); \
	} while (0)

TEST_F(heritage, refused)
{
	struct iommu_ioas_change_process cmd = {.size = sizeof(cmd), .__reserved = 1};
	char *mem = pages_alloc(PAGE);

	EXPECT_EQ(-EOPNOTSUPP, iommufd_call(self->fd, IOMMU_IOAS_CHANGE_PROCESS, &cmd));
	/* user memory anywhere, and nothing moves */
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->empty, mem, PAGE, IOVA, MAP_RW));
	IN_CHILD({
		CHECK(change_process(self->fd) == -EINVAL);
		CHECK(self_status_kb("VmPin") == 0);
		CHECK(status_kb(self->parent, "VmPin") == KB);
	});
	ASSERT_EQ(0, ioas_unmap_all(self->fd, self->empty, NULL));
	EXPECT_EQ(0, change_process(self->fd));
	EXPECT_EQ(KB, self_status_kb("VmPin"));
}

TEST_F(heritage, fork)
{
	IN_CHILD({
		CHECK(setresuid(-1, HEIR, -1) == 0);
		CHECK(change_process(self->fd) == 0);
		CHECK(self_status_kb("VmPin") == KB);
		CHECK(self_status_kb("VmLck") == (variant->mode ? KB : 0));
		CHECK(status_kb(self->parent, "VmPin") == 0);
		CHECK(status_kb(self->parent, "VmLck") == 0);
		/* what goes, goes from the account of the new one; what comes is his who maps */
		CHECK(ioas_unmap(self->fd, self->second, IOVA, PAGE, NULL) == 0);
		CHECK(self_status_kb("VmPin") == KB - 4);
		CHECK(status_kb(self->parent, "VmPin") == 0);
		CHECK(change_process(self->fd) == 0);
		CHECK(self_status_kb("VmPin") == KB - 4);
	});
	/* the one that paid is gone, and pays nothing any more */
	EXPECT_EQ(0, self_status_kb("VmPin"));
	ASSERT_EQ(0, change_process(self->fd));
	EXPECT_EQ(KB - 4, self_status_kb("VmPin"));
	EXPECT_EQ(0, mock_check_map(self->fd, self->dev.hwpt, IOVA, SIZE - PAGE, self->mem));
}

/* The limit is that of who takes over: one page short, and nothing has moved. */
TEST_F(heritage, limit)
{
	IN_CHILD({
		CHECK(set_memlock(SIZE - PAGE) == 0);
		CHECK(setresuid(-1, HEIR, -1) == 0);
		CHECK(change_process(self->fd) == (variant->privileged ? 0 : -ENOMEM));
		CHECK(self_status_kb("VmPin") == (variant->privileged ? KB : 0));
		CHECK(self_status_kb("VmLck") == 0);
		CHECK(status_kb(self->parent, "VmPin") == (variant->privileged ? 0 : KB));
		CHECK(setresuid(-1, 0, -1) == 0);
		CHECK(set_memlock(SIZE) == 0);
		CHECK(setresuid(-1, HEIR, -1) == 0);
		CHECK(change_process(self->fd) == 0);
		CHECK(self_status_kb("VmPin") == KB);
	});
}

/* Of the same user: his sum stays as it is, so once is enough. */
TEST_F(heritage, same_user)
{
	if (!variant->privileged)
		ASSERT_EQ(0, setresuid(-1, USER, -1));
	for (int round = 0; round < 3; round++) {
		IN_CHILD({
			CHECK(set_memlock(SIZE) == 0);
			CHECK(change_process(self->fd) == 0);
			CHECK(self_status_kb("VmPin") == KB);
		});
	}
	ASSERT_EQ(0, setresuid(-1, 0, -1));
}

/* exec: the same process, another address space. The descriptors stay open. */
TEST_F(heritage, exec)
{
	char number[16];
	char wanted[16];
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		snprintf(number, sizeof(number), "%d", self->fd);
		snprintf(wanted, sizeof(wanted), "%d", KB);
		CHECK(fcntl(self->fd, F_SETFD, 0) == 0);
		execl("/proc/self/exe", "change_process_test", "--heir", number, wanted, NULL);
		_exit(254);
	}
	EXPECT_EQ(0, child_status(child));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

/* Started by the test above: exit status 0 when all of it is charged to this process afterwards. */
static int heir_main(int fd, long kb)
{
	if (self_status_kb("VmPin"))
		return 1;
	if (change_process(fd))
		return 2;
	return self_status_kb("VmPin") == kb ? 0 : 3;
}

/* The descriptor is sent to a process of another user, that has no right to open one. */
TEST_F(heritage, sent_to_another_user)
{
	int socks[2];
	pid_t child;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, socks));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		int fd;

		CHECK(close(self->fd) == 0);
		CHECK(set_memlock(SIZE) == 0);
		CHECK(become_user(HEIR) == 0);
		fd = receive_fd(socks[1]);
		CHECK(fd >= 0);
		CHECK(change_process(fd) == 0);
		CHECK(self_status_kb("VmPin") == KB);
		CHECK(status_kb(self->parent, "VmPin") == 0);
		_exit(0);
	}
	ASSERT_EQ(0, send_fd(socks[0], self->fd));
	EXPECT_EQ(0, child_status(child));
}

/* A page that the IOMMU page table has pinned, and a HW queue beside it, is charged once, and goes over once. */
TEST_F(heritage, queue_of_hardware)
{
	const long kb = KB + 2 * 4;
	__u32 parent, viommu, queue;
	struct mock_dev dev;
	char *mem;

	ASSERT_EQ(0, mock_device(self->fd, self->empty, 0, &dev));
	ASSERT_EQ(0, hwpt_alloc(self->fd, dev.idev, self->empty, IOMMU_HWPT_ALLOC_NEST_PARENT, &parent));
	ASSERT_EQ(0, viommu_alloc(self->fd, dev.idev, parent, IOMMU_VIOMMU_TYPE_SELFTEST, NULL, 0, &viommu));
	if (!variant->privileged)
		ASSERT_EQ(0, setresuid(-1, USER, -1));
	ASSERT_EQ(0, ioas_map_file_fixed(self->fd, self->empty, self->file, 0, 2 * PAGE, IOVA, MAP_RW));
	if (!variant->privileged)
		ASSERT_EQ(0, setresuid(-1, 0, -1));
	ASSERT_EQ(kb, self_status_kb("VmPin"));
	ASSERT_EQ(0, hw_queue_alloc(self->fd, viommu, IOMMU_HW_QUEUE_TYPE_SELFTEST, 0, IOVA, PAGE, &queue));
	EXPECT_EQ(kb, self_status_kb("VmPin"));
	IN_CHILD({
		/* one page short */
		CHECK(set_memlock(SIZE + PAGE) == 0);
		CHECK(setresuid(-1, HEIR, -1) == 0);
		if (!variant->privileged) {
			CHECK(change_process(self->fd) == -ENOMEM);
			CHECK(self_status_kb("VmPin") == 0);
			CHECK(status_kb(self->parent, "VmPin") == kb);
		}
		CHECK(setresuid(-1, 0, -1) == 0);
		CHECK(set_memlock(SIZE + 2 * PAGE) == 0);
		CHECK(setresuid(-1, HEIR, -1) == 0);
		CHECK(change_process(self->fd) == 0);
		CHECK(self_status_kb("VmPin") == kb);
		CHECK(self_status_kb("VmLck") == (variant->mode ? kb : 0));
		CHECK(status_kb(self->parent, "VmPin") == 0);
		CHECK(ioas_unmap_all(self->fd, self->empty, NULL) == -EBUSY);
	});
	/* Who paid has exited. The queue keeps its memory. */
	EXPECT_EQ(-EBUSY, ioas_unmap_all(self->fd, self->empty, NULL));
	EXPECT_EQ(0, mock_check_map(self->fd, parent, IOVA, 2 * PAGE, self->mem));
	EXPECT_EQ(0, change_process(self->fd));
	EXPECT_EQ(kb, self_status_kb("VmPin"));
	ASSERT_EQ(0, object_destroy(self->fd, queue));
	EXPECT_EQ(kb, self_status_kb("VmPin"));
	ASSERT_EQ(0, ioas_unmap_all(self->fd, self->empty, NULL));
	EXPECT_EQ(KB, self_status_kb("VmPin"));

	/* A queue in the memory of the process, which nobody else can pay for */
	mem = pages_alloc(PAGE);
	ASSERT_EQ(0, ioas_map_fixed(self->fd, self->empty, mem, PAGE, IOVA, MAP_RW));
	ASSERT_EQ(0, hw_queue_alloc(self->fd, viommu, IOMMU_HW_QUEUE_TYPE_SELFTEST, 0, IOVA, PAGE, &queue));
	IN_CHILD({
		CHECK(change_process(self->fd) == -EINVAL);
		CHECK(self_status_kb("VmPin") == 0);
		CHECK(status_kb(self->parent, "VmPin") == KB + 4);
	});
}

/* DMA goes on as before: nothing is unmapped or moved. */
TEST(dma_goes_on)
{
	const __u64 iova = 0x1000000;
	struct probe probe;
	struct edu edu;
	int file = memfd_create("dma", 0), fd = iommufd_open();
	int mirror = memfd_create("mirror", 0);
	__u32 ioas;
	char *mem;
	pid_t child;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(file, 2 * PAGE));
	ASSERT_EQ(0, ftruncate(mirror, PAGE));
	mem = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, edu_open(&edu, 0)) TH_LOG("no usable edu device");
	ASSERT_EQ(0, edu_bind(&edu, fd));
	ASSERT_EQ(0, ioas_alloc(fd, &ioas));
	ASSERT_EQ(0, vfio_attach(&edu.vfio, ioas, NULL));
	ASSERT_EQ(0, ioas_map_file_fixed(fd, ioas, file, 0, 2 * PAGE, iova, MAP_RW));
	ASSERT_EQ(0, ioas_map_file_fixed(fd, ioas, mirror, 0, PAGE, MIRROR_IOVA, MAP_RW));
	probe_init(&probe, &edu);
	probe.mirror = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, mirror, 0);
	ASSERT_NE(MAP_FAILED, probe.mirror);
	EXPECT_EQ(1, probe_rw(&probe, iova, mem));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		CHECK(edu_start_write(&edu, iova, PAGE) == 0);
		CHECK(change_process(fd) == 0);
		while (edu_busy(&edu))
			;
		CHECK(probe_rw(&probe, iova + PAGE, mem + PAGE) == 1);
		CHECK(self_status_kb("VmPin") == 12);
		_exit(0);
	}
	EXPECT_EQ(0, child_status(child));
	EXPECT_EQ(1, probe_rw(&probe, iova, mem));
	EXPECT_EQ(0, self_status_kb("VmPin"));
	edu_close(&edu);
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(0, pinned_pages());
}

/* --- against everything that changes what there is to move */

#define RACE_IOASES 3

struct race {
	int fd, file;
	__u32 ioas[RACE_IOASES], access;
	char *mem;
};

static __u64 place(unsigned int x) { return IOVA + x % 4 * 4 * SIZE; }

static int do_map_file(struct race *r, unsigned int x)
{
	const __u64 start = x / 4 % PAGES * PAGE;

	return ioas_map_file_fixed(r->fd, r->ioas[x % RACE_IOASES], r->file, start, SIZE - start, place(x / 64),
				   MAP_RW);
}

static int do_unmap(struct race *r, unsigned int x) { return ioas_unmap_all(r->fd, r->ioas[x % RACE_IOASES], NULL); }

static int do_copy(struct race *r, unsigned int x)
{
	return ioas_copy_fixed(r->fd, r->ioas[x % RACE_IOASES], place(x / 8) + 2 * SIZE, r->ioas[x / 32 % RACE_IOASES],
			       place(x / 128), PAGE, MAP_RW);
}

static int do_change(struct race *r, unsigned int x)
{
	(void)x;
	return change_process(r->fd);
}

static int do_user_memory(struct race *r, unsigned int x)
{
	__u32 ioas = r->ioas[x % RACE_IOASES];
	__u64 iova = IOVA + 32 * SIZE;
	int rc = ioas_map_fixed(r->fd, ioas, r->mem, SIZE, iova, MAP_RW);

	return rc ? rc : ioas_unmap(r->fd, ioas, iova, SIZE, NULL);
}

static int do_new_ioas(struct race *r, unsigned int x)
{
	struct mock_dev dev;
	__u32 ioas;
	int rc = ioas_alloc(r->fd, &ioas);

	(void)x;
	if (rc)
		return rc;
	rc = mock_device(r->fd, ioas, 0, &dev);
	if (!rc) {
		ioas_copy_fixed(r->fd, ioas, IOVA, r->ioas[0], place(x), PAGE, MAP_RW);
		rc = object_destroy(r->fd, dev.stdev);
	}
	/* a call in flight is a user of all IOASes */
	while (object_destroy(r->fd, ioas) == -EBUSY) {
	}
	return rc;
}

static int do_copy_by_driver(struct race *r, unsigned int x)
{
	char byte = 1;

	return access_rw(r->fd, r->access, place(x), 1, &byte, MOCK_ACCESS_RW_WRITE);
}

/* clang-format off */
static const struct race_op
	map_file = { "map file", do_map_file, { EEXIST } },
	unmap = { "unmap all", do_unmap, { 0 } },
	copy = { "copy", do_copy, { EEXIST, ENOENT } },
	change = { "change process", do_change, { EINVAL } },
	user_memory = { "user memory", do_user_memory, { EEXIST, ENOENT } },
	new_ioas = { "new IOAS", do_new_ioas, { 0 } },
	rw = { "driver's copy", do_copy_by_driver, { ENOENT } };
/* clang-format on */

static const struct race_op *const ops[] = {&map_file, &unmap, &copy, &change, &user_memory, &new_ioas, &rw, &map_file};

/* Two processes, both of which take everything over again and again, while one of them maps and unmaps. */
TEST(race)
{
	const __u64 modes[] = {0, 1};

	ASSERT_TRUE(mock_load());
	for (int i = 0; i < 2; i++) {
		struct race r = {.fd = iommufd_open(), .file = memfd_create("race", 0), .mem = pages_alloc(SIZE)};
		struct mock_dev dev[RACE_IOASES - 1];
		pid_t child;

		ASSERT_LE(0, r.fd);
		ASSERT_EQ(0, ftruncate(r.file, SIZE));
		ASSERT_EQ(0, option_set(r.fd, IOMMU_OPTION_RLIMIT_MODE, 0, modes[i]));
		for (int n = 0; n < RACE_IOASES; n++) {
			ASSERT_EQ(0, ioas_alloc(r.fd, &r.ioas[n]));
			if (n < RACE_IOASES - 1)
				ASSERT_EQ(0, mock_device(r.fd, r.ioas[n], 0, &dev[n]));
		}
		ASSERT_EQ(0, access_create(r.fd, r.ioas[0], 0, &r.access));
		/* an ordinary user, so that limits count; large enough ones */
		ASSERT_EQ(0, set_memlock(1UL << 30));
		ASSERT_EQ(0, setresuid(-1, USER, -1));
		child = fork();
		ASSERT_LE(0, child);
		if (!child) {
			for (;;)
				change_process(r.fd);
		}
		EXPECT_TRUE(race_run(&r, ops, ARRAY_SIZE(ops), 4000));
		ASSERT_EQ(0, setresuid(-1, 0, -1));
		ASSERT_EQ(0, kill(child, SIGKILL));
		EXPECT_EQ(-ECHILD, child_status(child));
		for (int n = 0; n < RACE_IOASES; n++)
			EXPECT_EQ(0, ioas_unmap_all(r.fd, r.ioas[n], NULL));
		EXPECT_EQ(0, self_status_kb("VmPin"));
		EXPECT_EQ(0, self_status_kb("VmLck"));
		EXPECT_EQ(0, pinned_pages());
		/* nothing is left on the user's account: all of his limit can be used */
		ASSERT_EQ(0, set_memlock(SIZE));
		ASSERT_EQ(0, setresuid(-1, USER, -1));
		EXPECT_EQ(0, ioas_map_file_fixed(r.fd, r.ioas[0], r.file, 0, SIZE, IOVA, MAP_RW));
		ASSERT_EQ(0, setresuid(-1, 0, -1));
		EXPECT_EQ(0, close((int)r.access));
		EXPECT_EQ(0, close(r.fd));
		EXPECT_EQ(0, close(r.file));
		pages_free(r.mem, SIZE);
	}
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "--heir"))
		return heir_main(atoi(argv[2]), atol(argv[3]));
	return test_harness_run(argc, argv);
}
