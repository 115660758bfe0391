// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOAS_MAP_FILE: memfds, and files of tmpfs and hugetlbfs, as DMA memory. On the mock IOMMU, which tells page for page
 * what is mapped and how often it is pinned; the tests of DMA need an edu device, those of hugetlbfs 8 huge pages.
 */
#include "lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/probe.h"
#include "lib/process.h"
#include "lib/system.h"

#define PAGES 16
#define SIZE  (PAGES * PAGE)
#define HUGE  (2UL << 20)
#define IOVA  ((__u64)MOCK_APERTURE_START)
#define OTHER (IOVA + 0x1000000)
#define USER  4713

static int new_memfd(size_t size, unsigned int flags)
{
	int file = memfd_create("file_test", flags);

	return file < 0 || ftruncate(file, (off_t)size) ? -errno : file;
}

static char *map_shared(int file, size_t size) { return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0); }

FIXTURE(file)
{
	int fd, file;
	__u32 ioas;
	struct mock_dev dev;
	char *mem; /* the file, mapped */
	long pinned;
};

FIXTURE_SETUP(file)
{
	ASSERT_TRUE(mock_load());
	self->pinned = pinned_pages();
	self->file = new_memfd(SIZE, MFD_ALLOW_SEALING);
	ASSERT_LE(0, self->file);
	self->mem = map_shared(self->file, SIZE);
	ASSERT_NE(MAP_FAILED, self->mem);
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
}

FIXTURE_TEARDOWN(file)
{
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(self->pinned, pinned_pages());
	EXPECT_EQ(0, self_status_kb("VmPin"));
	EXPECT_EQ(0, self_status_kb("VmLck"));
}

static int map_at(FIXTURE_DATA(file) * self, int file, __u64 start, __u64 length, __u64 iova, __u32 access)
{
	return ioas_map_file_fixed(self->fd, self->ioas, file, start, length, iova, access);
}

static int attach(FIXTURE_DATA(file) * self) { return mock_device(self->fd, self->ioas, 0, &self->dev); }

TEST_F(file, not_open_for_that)
{
	int read_only = open_again(self->file, O_RDONLY), write_only = open_again(self->file, O_WRONLY);
	int path = open_again(self->file, O_PATH);

	ASSERT_LE(0, read_only);
	ASSERT_LE(0, write_only);
	ASSERT_LE(0, path);
	EXPECT_EQ(-EACCES, map_at(self, read_only, 0, PAGE, IOVA, MAP_RW));
	EXPECT_EQ(-EACCES, map_at(self, read_only, 0, PAGE, IOVA, MAP_WRITE));
	EXPECT_EQ(-EACCES, map_at(self, write_only, 0, PAGE, IOVA, MAP_RW));
	EXPECT_EQ(-EACCES, map_at(self, write_only, 0, PAGE, IOVA, MAP_READ));
	EXPECT_EQ(-EBADF, map_at(self, path, 0, PAGE, IOVA, MAP_READ));
	EXPECT_EQ(0, map_at(self, read_only, 0, PAGE, IOVA, MAP_READ));
	EXPECT_EQ(-EPERM, ioas_copy_fixed(self->fd, self->ioas, OTHER, self->ioas, IOVA, PAGE, MAP_RW));
	EXPECT_EQ(0, ioas_copy_fixed(self->fd, self->ioas, OTHER, self->ioas, IOVA, PAGE, MAP_READ));
}

TEST_F(file, not_a_file_in_memory)
{
	int pipes[2], zero = open("/dev/zero", O_RDWR), folder = open("/", O_RDONLY);
	int attribute = open("/sys/module/iommufd/parameters/log_rejected", O_RDWR);
	struct stat st;

	ASSERT_EQ(0, pipe(pipes));
	ASSERT_LE(0, zero);
	ASSERT_LE(0, folder);
	EXPECT_EQ(-EINVAL, map_at(self, pipes[0], 0, PAGE, IOVA, MAP_READ));
	EXPECT_EQ(-EINVAL, map_at(self, zero, 0, PAGE, IOVA, MAP_RW));
	EXPECT_EQ(-EINVAL, map_at(self, folder, 0, PAGE, IOVA, MAP_READ));
	/* long enough */
	ASSERT_EQ(0, fstat(attribute, &st));
	ASSERT_LE((off_t)PAGE, st.st_size);
	EXPECT_EQ(-EINVAL, map_at(self, attribute, 0, PAGE, IOVA, MAP_RW));
	EXPECT_EQ(0, close(attribute));
}

/* What is sealed against writing is not written to by devices either. */
TEST_F(file, seals)
{
	int sealed = new_memfd(SIZE, MFD_ALLOW_SEALING), future = new_memfd(SIZE, MFD_ALLOW_SEALING);

	ASSERT_EQ(0, fcntl(sealed, F_ADD_SEALS, F_SEAL_WRITE));
	ASSERT_EQ(0, fcntl(future, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	EXPECT_EQ(-EPERM, map_at(self, sealed, 0, PAGE, IOVA, MAP_RW));
	EXPECT_EQ(-EPERM, map_at(self, future, 0, PAGE, IOVA, MAP_RW));
	EXPECT_EQ(0, map_at(self, sealed, 0, PAGE, IOVA, MAP_READ));
	EXPECT_EQ(0, map_at(self, future, 0, PAGE, OTHER, MAP_READ));
}

/* Even before a device comes for which pages are pinned. */
TEST_F(file, no_seal_under_a_writable_mapping)
{
	ASSERT_EQ(0, munmap(self->mem, SIZE));
	ASSERT_EQ(0, map_at(self, self->file, 0, SIZE, IOVA, MAP_RW));
	EXPECT_EQ(-1, fcntl(self->file, F_ADD_SEALS, F_SEAL_WRITE));
	EXPECT_EQ(EBUSY, errno);
	ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas, IOVA, SIZE, NULL));
	EXPECT_EQ(0, fcntl(self->file, F_ADD_SEALS, F_SEAL_WRITE));
	EXPECT_EQ(-EPERM, map_at(self, self->file, 0, SIZE, IOVA, MAP_RW));
}

TEST_F(file, mapped_and_pinned)
{
	ASSERT_EQ(0, attach(self));
	memset(self->mem, 1, 4 * PAGE); /* the rest of the file has no pages yet */
	ASSERT_EQ(0, map_at(self, self->file, PAGE, 8 * PAGE, IOVA, MAP_RW));
	EXPECT_EQ(0, mock_check_map(self->fd, self->dev.hwpt, IOVA, 8 * PAGE, self->mem + PAGE));
	EXPECT_EQ(0, mock_check_refs(self->fd, self->mem, PAGE, 0));
	EXPECT_EQ(0, mock_check_refs(self->fd, self->mem + PAGE, 8 * PAGE, 1));
	EXPECT_EQ(0, mock_check_refs(self->fd, self->mem + 9 * PAGE, PAGE, 0));
	EXPECT_EQ(32, self_status_kb("VmPin"));
	EXPECT_EQ(self->pinned + 8, pinned_pages());
	ASSERT_EQ(0, ioas_copy_fixed(self->fd, self->ioas, OTHER, self->ioas, IOVA + PAGE, 4 * PAGE, MAP_RW));
	EXPECT_EQ(0, mock_check_map(self->fd, self->dev.hwpt, OTHER, 4 * PAGE, self->mem + 2 * PAGE));
	EXPECT_EQ(self->pinned + 8, pinned_pages());
	ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas, IOVA, 8 * PAGE, NULL));
	EXPECT_EQ(self->pinned + 4, pinned_pages());
	EXPECT_EQ(0, mock_check_refs(self->fd, self->mem + PAGE, PAGE, 0));
	EXPECT_EQ(0, mock_check_refs(self->fd, self->mem + 2 * PAGE, 4 * PAGE, 1));
	ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas, OTHER, 4 * PAGE, NULL));
	EXPECT_EQ(self->pinned, pinned_pages());
}

TEST_F(file, closed_and_device_later)
{
	__u32 hwpt;

	ASSERT_EQ(0, map_at(self, self->file, 0, SIZE, IOVA, MAP_RW));
	EXPECT_EQ(0, close(self->file));
	EXPECT_EQ(self->pinned, pinned_pages());
	ASSERT_EQ(0, attach(self));
	EXPECT_EQ(0, mock_check_map(self->fd, self->dev.hwpt, IOVA, SIZE, self->mem));
	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev.idev, self->ioas, 0, &hwpt));
	EXPECT_EQ(0, mock_check_map(self->fd, hwpt, IOVA, SIZE, self->mem));
	EXPECT_EQ(self->pinned + PAGES, pinned_pages());
}

/* Who mapped exits; devices and drivers come afterwards. */
TEST_F(file, process_has_exited)
{
	__u32 access;
	char byte = 0;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child)
		_exit(-map_at(self, self->file, 0, SIZE, IOVA, MAP_RW));
	ASSERT_EQ(0, child_status(child));
	memset(self->mem, 7, SIZE);
	ASSERT_EQ(0, access_create(self->fd, self->ioas, 0, &access));
	EXPECT_EQ(0, access_rw(self->fd, access, IOVA + 5 * PAGE - 1, 1, &byte, 0));
	EXPECT_EQ(7, byte);
	ASSERT_EQ(0, attach(self));
	EXPECT_EQ(0, mock_check_map(self->fd, self->dev.hwpt, IOVA, SIZE, self->mem));
	EXPECT_EQ(0, close((int)access));
}

TEST_F(file, automatic_iova)
{
	__u64 iova;

	ASSERT_EQ(0, ioas_map_file_auto(self->fd, self->ioas, self->file, PAGE + 0x80, PAGE, &iova, MAP_RW));
	EXPECT_EQ(0x80, iova % PAGE);
	EXPECT_NE(0, iova);
	ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas, iova, PAGE, NULL));
	/* long enough for large pages: as far as the offset in the file is aligned for them */
	ASSERT_EQ(0, ftruncate(self->file, 4 * HUGE));
	ASSERT_EQ(0, ioas_map_file_auto(self->fd, self->ioas, self->file, HUGE, 2 * HUGE, &iova, MAP_RW));
	EXPECT_EQ(0, iova % HUGE);
}

TEST_F(file, shorter_than_when_mapped)
{
	struct mock_dev dev;

	ASSERT_EQ(0, map_at(self, self->file, 0, SIZE, IOVA, MAP_RW));
	ASSERT_EQ(0, ftruncate(self->file, 4 * PAGE));
	EXPECT_EQ(-EINVAL, mock_device(self->fd, self->ioas, 0, &dev));
	EXPECT_EQ(self->pinned, pinned_pages());
	ASSERT_EQ(0, ftruncate(self->file, SIZE));
	ASSERT_EQ(0, attach(self));
	EXPECT_EQ(0, mock_check_map(self->fd, self->dev.hwpt, IOVA, SIZE, self->mem));
}

/* What the device has stays with the device; the file's next pages are others. */
TEST_F(file, punched_and_cut_while_pinned)
{
	__u32 access;
	char byte;

	memset(self->mem, 1, SIZE);
	ASSERT_EQ(0, attach(self));
	ASSERT_EQ(0, map_at(self, self->file, 0, SIZE, IOVA, MAP_RW));
	ASSERT_EQ(0, fallocate(self->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 2 * PAGE, 2 * PAGE));
	ASSERT_EQ(0, ftruncate(self->file, 8 * PAGE));
	ASSERT_EQ(0, ftruncate(self->file, SIZE));
	memset(self->mem, 2, SIZE);
	EXPECT_EQ(self->pinned + PAGES, pinned_pages());
	EXPECT_EQ(0, mock_check_map(self->fd, self->dev.hwpt, IOVA, 2 * PAGE, self->mem));
	EXPECT_NE(0, mock_check_map(self->fd, self->dev.hwpt, IOVA + 2 * PAGE, PAGE, self->mem + 2 * PAGE));
	EXPECT_NE(0, mock_check_map(self->fd, self->dev.hwpt, IOVA + 8 * PAGE, PAGE, self->mem + 8 * PAGE));
	ASSERT_EQ(0, access_create(self->fd, self->ioas, 0, &access));
	for (int page = 0; page < PAGES; page++) {
		EXPECT_EQ(0, access_rw(self->fd, access, IOVA + page * PAGE, 1, &byte, 0));
		EXPECT_EQ(page == 2 || page == 3 || page >= 8 ? 1 : 2, byte) TH_LOG("page %d", page);
	}
	EXPECT_EQ(0, close((int)access));
	ASSERT_EQ(0, ioas_unmap_all(self->fd, self->ioas, NULL));
	EXPECT_EQ(self->pinned, pinned_pages());
}

TEST_F(file, drivers_copy_and_pin)
{
	char buf[3 * PAGE];
	__u32 copier, pinner, id;

	ASSERT_EQ(0, map_at(self, self->file, PAGE, 8 * PAGE, IOVA, MAP_RW));
	ASSERT_EQ(0, access_create(self->fd, self->ioas, 0, &copier));
	for (__u32 how = 0; how <= MOCK_ACCESS_RW_SLOW_PATH; how += MOCK_ACCESS_RW_SLOW_PATH) {
		pattern_fill(buf, sizeof(buf), how);
		ASSERT_EQ(0, access_rw(self->fd, copier, IOVA + 100, sizeof(buf), buf, MOCK_ACCESS_RW_WRITE | how));
		EXPECT_EQ(0, pattern_diff(self->mem + PAGE + 100, sizeof(buf), how));
		memset(buf, 0, sizeof(buf));
		ASSERT_EQ(0, access_rw(self->fd, copier, IOVA + 100, sizeof(buf), buf, how));
		EXPECT_EQ(0, pattern_diff(buf, sizeof(buf), how));
	}
	EXPECT_EQ(self->pinned, pinned_pages());

	ASSERT_EQ(0, access_create(self->fd, self->ioas, MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES, &pinner));
	ASSERT_EQ(0, access_pin(self->fd, pinner, IOVA + PAGE, 4 * PAGE, self->mem + 2 * PAGE, 0, &id));
	EXPECT_EQ(0, mock_check_refs(self->fd, self->mem + 2 * PAGE, 4 * PAGE, 1));
	EXPECT_EQ(self->pinned + 4, pinned_pages());
	ASSERT_EQ(0, attach(self));
	EXPECT_EQ(self->pinned + 8, pinned_pages());
	ASSERT_EQ(0, access_unpin(self->fd, pinner, id));
	EXPECT_EQ(self->pinned + 8, pinned_pages());
	EXPECT_EQ(0, close((int)pinner));
	EXPECT_EQ(0, close((int)copier));
}

static int mount_tmpfs(const char *at)
{
	mkdir(at, 0700);
	return mount("none", at, "tmpfs", 0, "size=16m,huge=always") ? -errno : 0;
}

/* A file of tmpfs with huge pages, mapped from the middle of one to the middle of another */
TEST_F(file, tmpfs_with_huge_pages)
{
	char path[] = "/tmp/file_test_tmpfs/file";
	const __u64 start = HUGE / 2, length = 2 * HUGE;
	char *mem;
	int file;

	mkdir("/tmp", 0700);
	ASSERT_EQ(0, mount_tmpfs("/tmp/file_test_tmpfs"));
	file = open(path, O_RDWR | O_CREAT, 0600);
	ASSERT_LE(0, file);
	ASSERT_EQ(0, ftruncate(file, 4 * HUGE));
	mem = map_shared(file, 4 * HUGE);
	ASSERT_NE(MAP_FAILED, mem);
	pattern_fill(mem, 4 * HUGE, 3);
	ASSERT_EQ(0, attach(self));
	ASSERT_EQ(0, map_at(self, file, start, length, IOVA, MAP_RW));
	EXPECT_EQ(0, mock_check_map(self->fd, self->dev.hwpt, IOVA, length, mem + start));
	EXPECT_EQ(self->pinned + (long)(length / PAGE), pinned_pages());
	EXPECT_EQ((long)length / 1024, self_status_kb("VmPin"));
	/* two areas that share folios, unmapped one after the other */
	ASSERT_EQ(0, map_at(self, file, HUGE, HUGE, OTHER, MAP_RW));
	EXPECT_EQ(self->pinned + (long)((length + HUGE) / PAGE), pinned_pages());
	ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas, IOVA, length, NULL));
	EXPECT_EQ(self->pinned + (long)(HUGE / PAGE), pinned_pages());
	EXPECT_EQ(0, mock_check_map(self->fd, self->dev.hwpt, OTHER, HUGE, mem + HUGE));
	ASSERT_EQ(0, ioas_unmap_all(self->fd, self->ioas, NULL));
	EXPECT_EQ(0, pattern_diff(mem, 4 * HUGE, 3));
	ASSERT_EQ(0, munmap(mem, 4 * HUGE));
	ASSERT_EQ(0, close(file));
	/* nothing is left of it that would keep the mount */
	EXPECT_EQ(0, umount("/tmp/file_test_tmpfs"));
}

TEST_F(file, hugetlbfs)
{
	int file = new_memfd(3 * HUGE, MFD_HUGETLB), sealed = new_memfd(HUGE, MFD_HUGETLB | MFD_ALLOW_SEALING);
	char *mem;

	ASSERT_LE(0, file);
	mem = map_shared(file, 3 * HUGE);
	ASSERT_NE(MAP_FAILED, mem) TH_LOG("no huge pages");
	ASSERT_EQ(0, fcntl(sealed, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	EXPECT_EQ(-EPERM, map_at(self, sealed, 0, PAGE, IOVA, MAP_RW));
	EXPECT_EQ(0, map_at(self, sealed, 0, PAGE, IOVA, MAP_READ));
	ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas, IOVA, PAGE, NULL));
	ASSERT_EQ(0, close(sealed));
	ASSERT_EQ(0, attach(self));
	EXPECT_EQ(-EINVAL, map_at(self, file, PAGE, 3 * HUGE, IOVA, MAP_RW));
	ASSERT_EQ(0, map_at(self, file, 5 * PAGE, 2 * HUGE, IOVA, MAP_RW));
	EXPECT_EQ(self->pinned + (long)(2 * HUGE / PAGE), pinned_pages());
	EXPECT_EQ(0, mock_check_map(self->fd, self->dev.hwpt, IOVA, 2 * HUGE, mem + 5 * PAGE));
	ASSERT_EQ(0, close(file));
	ASSERT_EQ(0, munmap(mem, 3 * HUGE));
	ASSERT_EQ(0, ioas_unmap_all(self->fd, self->ioas, NULL));
	EXPECT_EQ(self->pinned, pinned_pages());
}

/* Who maps pays, in both modes: against the user's sum, and in VmLck. */
FIXTURE(file_limits)
{
	int fd, file;
	__u32 ioas;
	struct mock_dev dev;
};

FIXTURE_VARIANT(file_limits) { __u64 mode; };
FIXTURE_VARIANT_ADD(file_limits, user){.mode = 0};
FIXTURE_VARIANT_ADD(file_limits, process){.mode = 1};

FIXTURE_SETUP(file_limits)
{
	ASSERT_TRUE(mock_load());
	self->file = new_memfd(SIZE, 0);
	ASSERT_LE(0, self->file);
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, option_set(self->fd, IOMMU_OPTION_RLIMIT_MODE, 0, variant->mode));
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, mock_device(self->fd, self->ioas, 0, &self->dev));
	ASSERT_EQ(0, set_memlock(8 * PAGE));
	ASSERT_EQ(0, become_user(USER));
}

FIXTURE_TEARDOWN(file_limits)
{
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, self_status_kb("VmPin"));
	EXPECT_EQ(0, self_status_kb("VmLck"));
	EXPECT_EQ(0, pinned_pages());
}

#define MAP(n, iova) ioas_map_file_fixed(self->fd, self->ioas, self->file, 0, (n)*PAGE, iova, MAP_RW)

TEST_F(file_limits, hold)
{
	for (int round = 0; round < 2; round++) {
		EXPECT_EQ(-ENOMEM, MAP(9, IOVA));
		EXPECT_EQ(0, self_status_kb("VmPin"));
		EXPECT_EQ(0, pinned_pages());
		ASSERT_EQ(0, MAP(8, IOVA));
		EXPECT_EQ(32, self_status_kb("VmPin"));
		EXPECT_EQ(variant->mode ? 32 : 0, self_status_kb("VmLck"));
		/* the same page again is another pin */
		EXPECT_EQ(-ENOMEM, MAP(1, OTHER));
		ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas, IOVA, 8 * PAGE, NULL));
		EXPECT_EQ(0, self_status_kb("VmPin"));
	}
}

FIXTURE(dma)
{
	int fd, file;
	struct edu edu;
	struct probe probe;
	__u32 ioas;
	char *mem;
};

FIXTURE_SETUP(dma)
{
	self->file = new_memfd(4 * PAGE, 0);
	ASSERT_LE(0, self->file);
	self->mem = map_shared(self->file, 4 * PAGE);
	ASSERT_NE(MAP_FAILED, self->mem);
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, edu_open(&self->edu, 0)) TH_LOG("no usable edu device");
	ASSERT_EQ(0, edu_bind(&self->edu, self->fd));
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	probe_init(&self->probe, &self->edu);
	ASSERT_EQ(0, probe_map(&self->probe, self->fd, self->ioas));
	ASSERT_EQ(0, vfio_attach(&self->edu.vfio, self->ioas, NULL));
}

FIXTURE_TEARDOWN(dma)
{
	edu_close(&self->edu);
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, pinned_pages());
}

TEST_F(dma, reaches_the_file)
{
	const __u64 iova = 0x1000000;

	ASSERT_EQ(0, ioas_map_file_fixed(self->fd, self->ioas, self->file, PAGE, 2 * PAGE, iova, MAP_RW));
	EXPECT_EQ(1, probe_rw(&self->probe, iova, self->mem + PAGE));
	EXPECT_EQ(1, probe_rw(&self->probe, iova + PAGE, self->mem + 2 * PAGE));
	EXPECT_EQ(0, probe_rw(&self->probe, iova + 2 * PAGE, self->mem + 3 * PAGE));
	/* what the device wrote is in the file for good */
	EXPECT_EQ(1, probe_write(&self->probe, iova, self->mem + PAGE));
	ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas, iova, 2 * PAGE, NULL));
	EXPECT_EQ(0, probe_rw(&self->probe, iova, self->mem + PAGE));
	/* read-only */
	ASSERT_EQ(0, ioas_map_file_fixed(self->fd, self->ioas, self->file, 0, PAGE, iova, MAP_READ));
	EXPECT_EQ(1, probe_read(&self->probe, iova, self->mem));
	EXPECT_EQ(0, probe_write(&self->probe, iova, self->mem));
}

TEST_HARNESS_MAIN
