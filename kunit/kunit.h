/* SPDX-License-Identifier: GPL-2.0-only */
/* What the cases (C++; user_data.c is C, as what it tests) and the suite table (C) know of each other.
 *
 * KUnit's ASSERT leaves a case without unwinding, which C++ does not survive. Cases use EXPECT and EXPECT_EQ, and
 * REQUIRE where going on makes no sense: it returns.
 */
#pragma once
#include "bridge/bridge.h"

struct kunit;

/* X(suite, case) for each case of a suite, in the order in which they run. */
#define KT_OBJECTS(X) \
	X(objects, ids_are_reused) \
	X(objects, pending_is_not_found) \
	X(objects, busy_while_used) \
	X(objects, owner_waits_for_lease) \
	X(objects, all_go_in_order)
#define KT_IO_PAGETABLE(X) \
	X(io_pagetable, placement) \
	X(io_pagetable, allowed_ranges) \
	X(io_pagetable, reserved_ranges) \
	X(io_pagetable, unmap_whole_areas) \
	X(io_pagetable, real_domain) \
	X(io_pagetable, two_domains_share) \
	X(io_pagetable, two_threads)
#define KT_PAGES(X) \
	X(pages, pin_and_unpin) \
	X(pages, overlapping_pins) \
	X(pages, charged_to_the_user) \
	X(pages, charged_to_the_process) \
	X(pages, hole_in_the_memory) \
	X(pages, copy_bytes)
#define KT_RUNS(X) \
	X(runs, neighbours_melt) \
	X(runs, full_list) \
	X(runs, real_memory)
#define KT_DIRTY(X) \
	X(dirty, page_sizes) \
	X(dirty, largest_page_size) \
	X(dirty, across_bitmap_pages) \
	X(dirty, unaligned_bitmaps) \
	X(dirty, nothing_outside)
#define KT_USER_DATA(X) \
	X(user_data, struct_of_our_size) \
	X(user_data, struct_of_an_older_user) \
	X(user_data, struct_refused) \
	X(user_data, struct_out_of_reach) \
	X(user_data, struct_to_the_user) \
	X(user_data, entry_by_index) \
	X(user_data, entries_in_a_row) \
	X(user_data, entries_beyond_the_array) \
	X(user_data, entries_refused) \
	X(user_data, entries_out_of_reach) \
	X(user_data, entry_far_away)
#define KT_LOCKS(X) \
	X(locks, order_is_accepted)

KX_DECLS_BEGIN
void kt_expect(struct kunit *test, bool ok, const char *expression, const char *file, int line);
void kt_expect_eq(struct kunit *test, long long left, long long right, const char *left_text, const char *right_text,
		  const char *file, int line);
/* Marks the case as skipped; the case then returns. */
void kt_skip(struct kunit *test, const char *why);

/* Fresh anonymous memory in the case's own address space; 0 when there is none. Gone with the case. */
unsigned long kt_memory(struct kunit *test, unsigned long size);
/* Pins of one page. */
long kt_pins(unsigned long pfn);
long long kt_pinned_vm(void);
long long kt_locked_vm(void);
long long kt_user_locked_vm(void);
/* From here on RLIMIT_MEMLOCK counts for this case. */
void kt_limit_memlock(struct kunit *test, unsigned long pages);

/* Some device behind an IOMMU, or null; give it back with kt_device_put(). */
struct device *kt_device_get(void);
void kt_device_put(struct device *dev);

/* A domain that does nothing but report these ranges of IOVAs as dirty, each time; gone with the case. */
struct kt_range {
	unsigned long iova, length;
};
struct iommu_domain *kt_dirty_domain(struct kunit *test, const struct kt_range *dirty, unsigned int count);

/* Runs fn(arg) in another kernel thread, with the same address space. */
void *kt_thread_start(void (*fn)(void *arg), void *arg);
void kt_thread_join(void *thread);
void kt_sleep_ms(unsigned int ms);

#define KT_DECLARE(suite, name) void kt_##suite##_##name(struct kunit *test);
KT_OBJECTS(KT_DECLARE)
KT_IO_PAGETABLE(KT_DECLARE)
KT_PAGES(KT_DECLARE)
KT_RUNS(KT_DECLARE)
KT_DIRTY(KT_DECLARE)
KT_USER_DATA(KT_DECLARE)
KT_LOCKS(KT_DECLARE)
KX_DECLS_END

#ifdef __cplusplus
#define EXPECT(condition) kt_expect(test, bool(condition), #condition, __FILE_NAME__, __LINE__)
#define EXPECT_EQ(a, b) \
	kt_expect_eq(test, static_cast<long long>(a), static_cast<long long>(b), #a, #b, __FILE_NAME__, __LINE__)
#define REQUIRE(condition)                                                          \
	do {                                                                        \
		if (!(condition)) {                                                 \
			kt_expect(test, false, #condition, __FILE_NAME__, __LINE__); \
			return;                                                     \
		}                                                                   \
	} while (0)
#endif
