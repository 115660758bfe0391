// SPDX-License-Identifier: GPL-2.0-only
/*
 * The structures of the uAPI between a driver and its user: the functions that iommufd.ko exports for them, on real
 * user memory. The structure here has 24 bytes, of which the first version had the first 8. The memory of a case is
 * followed by a hole, so that reading or writing one byte too many is seen. Nothing here is C++: KUnit's ASSERT is
 * fine.
 */
#include <kunit/test.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/uaccess.h>

#include "include/linux/iommufd_driver.h"
#include "kunit/kunit.h"

#define TYPE      5
#define SIZE      24
#define FIRST     8
#define UNTOUCHED 0xee

struct structure {
	u8 bytes[SIZE];
};

/* Two pages: byte i is number(i), never 0. */
struct user_memory {
	unsigned long start, end;
};

static u8 number(unsigned long i) { return i % 251 + 1; }

static struct user_memory fill(struct kunit *test)
{
	struct user_memory user = {.start = kt_memory(test, 3 * PAGE_SIZE)};
	u8 *bytes = kunit_kmalloc(test, 2 * PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NE(test, user.start, 0);
	KUNIT_ASSERT_NOT_NULL(test, bytes);
	user.end = user.start + 2 * PAGE_SIZE;
	KUNIT_ASSERT_EQ(test, vm_munmap(user.end, PAGE_SIZE), 0);
	for (unsigned long i = 0; i < 2 * PAGE_SIZE; i++)
		bytes[i] = number(i);
	KUNIT_ASSERT_EQ(test, copy_to_user((void __user *)user.start, bytes, 2 * PAGE_SIZE), 0);
	return user;
}

/* `count` bytes at `bytes` are those of the user's memory from `from` on. */
static void expect_bytes(struct kunit *test, const u8 *bytes, unsigned long from, unsigned long count)
{
	for (unsigned long i = 0; i < count; i++)
		KUNIT_EXPECT_EQ_MSG(test, bytes[i], number(from + i), "byte %lu", i);
}

static void expect_all(struct kunit *test, const u8 *bytes, unsigned long count, u8 value)
{
	for (unsigned long i = 0; i < count; i++)
		KUNIT_EXPECT_EQ_MSG(test, bytes[i], value, "byte %lu", i);
}

static struct iommu_user_data data(unsigned long at, unsigned long len)
{
	return (struct iommu_user_data){.type = TYPE, .uptr = (void __user *)at, .len = len};
}

static int from_user(struct structure *to, unsigned long at, unsigned long len)
{
	struct iommu_user_data from = data(at, len);

	return iommufd_copy_struct_from_user(to, SIZE, FIRST, &from, TYPE);
}

static int to_user(unsigned long at, unsigned long len, const struct structure *from)
{
	struct iommu_user_data to = data(at, len);

	return iommufd_copy_struct_to_user(&to, from, SIZE, FIRST, TYPE);
}

static struct iommu_user_data_array array(unsigned long at, unsigned long entry_len, u32 entry_num)
{
	return (struct iommu_user_data_array){
		.type = TYPE, .uptr = (void __user *)at, .entry_len = entry_len, .entry_num = entry_num};
}

static int entries(void *to, const struct iommu_user_data_array *from, unsigned int first, unsigned int count)
{
	return iommufd_copy_entries_from_user(to, SIZE, FIRST, from, TYPE, first, count);
}

static int entry(struct structure *to, const struct iommu_user_data_array *from, unsigned int index)
{
	return iommufd_copy_entry_from_user(to, SIZE, FIRST, from, TYPE, index);
}

void kt_user_data_struct_of_our_size(struct kunit *test)
{
	struct user_memory user = fill(test);
	struct structure to[2];

	memset(to, UNTOUCHED, sizeof(to));
	KUNIT_EXPECT_EQ(test, from_user(to, user.start + 3, SIZE), 0);
	expect_bytes(test, to[0].bytes, 3, SIZE);
	expect_all(test, to[1].bytes, SIZE, UNTOUCHED);
	/* The last byte before the hole */
	KUNIT_EXPECT_EQ(test, from_user(to, user.end - SIZE, SIZE), 0);
	expect_bytes(test, to[0].bytes, 2 * PAGE_SIZE - SIZE, SIZE);
}

/* What the user's version has not is 0, and not read. */
void kt_user_data_struct_of_an_older_user(struct kunit *test)
{
	struct user_memory user = fill(test);

	for (unsigned long len = FIRST; len < SIZE; len++) {
		struct structure to[2];

		memset(to, UNTOUCHED, sizeof(to));
		KUNIT_EXPECT_EQ(test, from_user(to, user.end - len, len), 0);
		expect_bytes(test, to[0].bytes, 2 * PAGE_SIZE - len, len);
		expect_all(test, to[0].bytes + len, SIZE - len, 0);
		expect_all(test, to[1].bytes, SIZE, UNTOUCHED);
	}
}

/* Shorter than the first version, longer than ours (of zeros, too), of another type: before any memory is looked at. */
void kt_user_data_struct_refused(struct kunit *test)
{
	static const unsigned long sizes[] = {0, 1, FIRST - 1, SIZE + 1, PAGE_SIZE, 1ul << 32 | SIZE, ULONG_MAX};
	struct user_memory user = fill(test);
	struct iommu_user_data other = data(user.start, SIZE);
	struct structure to;

	memset(&to, UNTOUCHED, sizeof(to));
	KUNIT_ASSERT_EQ(test, clear_user((void __user *)user.start, PAGE_SIZE), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		KUNIT_EXPECT_EQ_MSG(test, from_user(&to, user.start, sizes[i]), -EINVAL, "%lu", sizes[i]);
		KUNIT_EXPECT_EQ_MSG(test, from_user(&to, 0, sizes[i]), -EINVAL, "%lu", sizes[i]);
		KUNIT_EXPECT_EQ_MSG(test, to_user(user.start, sizes[i], &to), -EINVAL, "%lu", sizes[i]);
		KUNIT_EXPECT_EQ_MSG(test, to_user(0, sizes[i], &to), -EINVAL, "%lu", sizes[i]);
	}
	for (int type = 0; type < 2 * TYPE; type++) {
		other.type = type;
		KUNIT_EXPECT_EQ(test, iommufd_copy_struct_from_user(&to, SIZE, FIRST, &other, TYPE),
				type == TYPE ? 0 : -EINVAL);
		KUNIT_EXPECT_EQ(test, iommufd_copy_struct_to_user(&other, &to, SIZE, FIRST, TYPE),
				type == TYPE ? 0 : -EINVAL);
		/* Untouched up to the right type, of which the user's zeros come */
		expect_all(test, to.bytes, SIZE, type < TYPE ? UNTOUCHED : 0);
	}
}

void kt_user_data_struct_out_of_reach(struct kunit *test)
{
	struct user_memory user = fill(test);
	const unsigned long bad[] = {
		0, user.end - 1, user.end - SIZE + 1, user.end, TASK_SIZE_MAX - 1, TASK_SIZE_MAX, ULONG_MAX - SIZE};
	struct structure here = {};

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_EQ_MSG(test, from_user(&here, bad[i], SIZE), -EFAULT, "%lx", bad[i]);
		KUNIT_EXPECT_EQ_MSG(test, to_user(bad[i], SIZE, &here), -EFAULT, "%lx", bad[i]);
	}
	/* The kernel's own memory is none of the user's. */
	KUNIT_EXPECT_EQ(test, from_user(&here, (unsigned long)&here, SIZE), -EFAULT);
	KUNIT_EXPECT_EQ(test, to_user((unsigned long)&here, SIZE, &here), -EFAULT);
}

/* As much as the user has room for, and not a byte more. */
void kt_user_data_struct_to_the_user(struct kunit *test)
{
	struct user_memory user = fill(test);
	struct structure from;

	memset(&from, UNTOUCHED, sizeof(from));
	for (unsigned long len = FIRST; len <= SIZE; len++) {
		const unsigned long at = 100 * len;
		u8 got[2 * SIZE];

		KUNIT_EXPECT_EQ(test, to_user(user.start + at, len, &from), 0);
		KUNIT_ASSERT_EQ(test, copy_from_user(got, (void __user *)(user.start + at), sizeof(got)), 0);
		expect_all(test, got, len, UNTOUCHED);
		expect_bytes(test, got + len, at + len, sizeof(got) - len);
		KUNIT_EXPECT_EQ(test, to_user(user.end - len, len, &from), 0);
	}
}

/* Entries stand as far apart as the user's are long. */
void kt_user_data_entry_by_index(struct kunit *test)
{
	struct user_memory user = fill(test);

	for (unsigned long len = FIRST; len <= SIZE; len++) {
		const u32 count = 2 * PAGE_SIZE / len;
		const struct iommu_user_data_array from = array(user.start, len, count);
		const u32 indexes[] = {0, 1, count / 2, count - 1};

		for (unsigned int i = 0; i < ARRAY_SIZE(indexes); i++) {
			struct structure to[2];

			memset(to, UNTOUCHED, sizeof(to));
			KUNIT_EXPECT_EQ(test, entry(to, &from, indexes[i]), 0);
			expect_bytes(test, to[0].bytes, indexes[i] * len, len);
			expect_all(test, to[0].bytes + len, SIZE - len, 0);
			expect_all(test, to[1].bytes, SIZE, UNTOUCHED);
		}
	}
}

void kt_user_data_entries_in_a_row(struct kunit *test)
{
	struct user_memory user = fill(test);

	for (unsigned long len = FIRST; len <= SIZE; len++) {
		const u32 count = 2 * PAGE_SIZE / len;
		const struct iommu_user_data_array from = array(user.end - len * count, len, count);
		struct structure to[6];

		memset(to, UNTOUCHED, sizeof(to));
		KUNIT_EXPECT_EQ(test, entries(to, &from, count - 5, 5), 0);
		for (int i = 0; i < 5; i++) {
			expect_bytes(test, to[i].bytes, 2 * PAGE_SIZE - len * (5 - i), len);
			expect_all(test, to[i].bytes + len, SIZE - len, 0);
		}
		expect_all(test, to[5].bytes, SIZE, UNTOUCHED);
	}
}

/* The memory is there, but the array ends before it: the wrapping of first + count changes nothing. */
void kt_user_data_entries_beyond_the_array(struct kunit *test)
{
	static const u32 bad[][2] = {{4, 1},        {5, 0},        {0, 5},
				     {3, 2},        {1, 4},        {UINT_MAX, 1},
				     {UINT_MAX, 2}, {1, UINT_MAX}, {2, UINT_MAX - 1},
				     {0, UINT_MAX}, {UINT_MAX, 0}};
	static const unsigned long lengths[] = {FIRST, SIZE};
	struct user_memory user = fill(test);
	struct structure to[8];

	memset(to, UNTOUCHED, sizeof(to));
	for (unsigned int l = 0; l < ARRAY_SIZE(lengths); l++) {
		const struct iommu_user_data_array four = array(user.start, lengths[l], 4);
		const struct iommu_user_data_array none = array(user.start, lengths[l], 0);

		for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
			KUNIT_EXPECT_EQ_MSG(test, entries(to, &four, bad[i][0], bad[i][1]), -EINVAL, "%u, %u",
					    bad[i][0], bad[i][1]);
		KUNIT_EXPECT_EQ(test, entry(to, &four, 4), -EINVAL);
		KUNIT_EXPECT_EQ(test, entry(to, &four, UINT_MAX), -EINVAL);
		KUNIT_EXPECT_EQ(test, entry(to, &none, 0), -EINVAL);
		/* None of them is in range, and copies nothing. */
		KUNIT_EXPECT_EQ(test, entries(to, &four, 4, 0), 0);
		KUNIT_EXPECT_EQ(test, entries(to, &none, 0, 0), 0);
	}
	expect_all(test, to[0].bytes, sizeof(to), UNTOUCHED);
}

void kt_user_data_entries_refused(struct kunit *test)
{
	static const unsigned long lengths[] = {0, FIRST - 1, SIZE + 1, PAGE_SIZE, 1ul << 32 | SIZE, ULONG_MAX};
	struct user_memory user = fill(test);
	struct iommu_user_data_array from = array(user.start, SIZE, 4);
	struct structure to[4];

	memset(to, UNTOUCHED, sizeof(to));
	for (unsigned int i = 0; i < ARRAY_SIZE(lengths); i++) {
		from.entry_len = lengths[i];
		KUNIT_EXPECT_EQ_MSG(test, entries(to, &from, 0, 1), -EINVAL, "%lu", lengths[i]);
		KUNIT_EXPECT_EQ_MSG(test, entries(to, &from, 0, 0), -EINVAL, "%lu", lengths[i]);
		KUNIT_EXPECT_EQ_MSG(test, entry(to, &from, 0), -EINVAL, "%lu", lengths[i]);
	}
	from.entry_len = SIZE;
	for (int type = 0; type < 2 * TYPE; type += TYPE - 1) {
		from.type = type;
		KUNIT_EXPECT_EQ(test, entries(to, &from, 0, 4), -EINVAL);
		KUNIT_EXPECT_EQ(test, entry(to, &from, 0), -EINVAL);
	}
	expect_all(test, to[0].bytes, sizeof(to), UNTOUCHED);
}

/* Whichever entry lies in the hole, in whole or in part, and where nothing is mapped at all */
void kt_user_data_entries_out_of_reach(struct kunit *test)
{
	static const unsigned long lengths[] = {FIRST, SIZE};
	struct user_memory user = fill(test);

	for (unsigned int l = 0; l < ARRAY_SIZE(lengths); l++) {
		const unsigned long len = lengths[l];
		struct iommu_user_data_array from = array(user.end - 2 * len, len, 4);
		struct structure to[4];

		KUNIT_EXPECT_EQ(test, entries(to, &from, 0, 2), 0);
		KUNIT_EXPECT_EQ(test, entries(to, &from, 0, 3), -EFAULT);
		KUNIT_EXPECT_EQ(test, entries(to, &from, 2, 1), -EFAULT);
		KUNIT_EXPECT_EQ(test, entry(to, &from, 2), -EFAULT);
		from.uptr++;
		KUNIT_EXPECT_EQ(test, entry(to, &from, 0), 0);
		KUNIT_EXPECT_EQ(test, entry(to, &from, 1), -EFAULT);
		from.uptr = NULL;
		KUNIT_EXPECT_EQ(test, entries(to, &from, 0, 4), -EFAULT);
		from.uptr = (void __user *)TASK_SIZE_MAX;
		KUNIT_EXPECT_EQ(test, entries(to, &from, 0, 4), -EFAULT);
		from.uptr = (void __user *)to;
		KUNIT_EXPECT_EQ(test, entries(to, &from, 0, 4), -EFAULT);
	}
}

/* An entry 4 GiB and more behind the array's begin: its place does not fit 32 bits. */
void kt_user_data_entry_far_away(struct kunit *test)
{
	struct user_memory user = fill(test);

	for (unsigned long len = FIRST; len <= SIZE; len += FIRST) {
		const u32 index = (1ul << 33) / len;
		const struct iommu_user_data_array from = array(user.start - index * len, len, index + 1);
		struct structure to;

		KUNIT_ASSERT_GT(test, user.start, 1ul << 33);
		KUNIT_EXPECT_EQ(test, entry(&to, &from, index), 0);
		expect_bytes(test, to.bytes, 0, len);
	}
}
