// SPDX-License-Identifier: GPL-2.0-only
/* The KUnit suites: tables of the cases, most of which are C++ (see kunit.h), and what the cases need of KUnit itself. */
#include <kunit/test.h>
#include <linux/mman.h>
#include <linux/module.h>

#include "kunit/kunit.h"

#define CASE(suite, name) KUNIT_CASE(kt_##suite##_##name),

static struct kunit_case objects_cases[] = { KT_OBJECTS(CASE){} };
static struct kunit_case io_pagetable_cases[] = { KT_IO_PAGETABLE(CASE){} };
static struct kunit_case pages_cases[] = { KT_PAGES(CASE){} };
static struct kunit_case runs_cases[] = { KT_RUNS(CASE){} };
static struct kunit_case dirty_cases[] = { KT_DIRTY(CASE){} };
static struct kunit_case user_data_cases[] = { KT_USER_DATA(CASE){} };
static struct kunit_case locks_cases[] = { KT_LOCKS(CASE){} };

static struct kunit_suite objects = { .name = "iommufd_objects", .test_cases = objects_cases };
static struct kunit_suite io_pagetable = { .name = "iommufd_io_pagetable", .test_cases = io_pagetable_cases };
static struct kunit_suite pages = { .name = "iommufd_pages", .test_cases = pages_cases };
static struct kunit_suite runs = { .name = "iommufd_runs", .test_cases = runs_cases };
static struct kunit_suite dirty = { .name = "iommufd_dirty", .test_cases = dirty_cases };
static struct kunit_suite user_data = { .name = "iommufd_user_data", .test_cases = user_data_cases };
static struct kunit_suite locks = { .name = "iommufd_locks", .test_cases = locks_cases };
kunit_test_suites(&objects, &io_pagetable, &pages, &runs, &dirty, &user_data, &locks);

unsigned long kt_memory(struct kunit *test, unsigned long size)
{
	unsigned long at = kunit_vm_mmap(test, NULL, 0, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, 0);

	return IS_ERR_VALUE(at) ? 0 : at;
}

MODULE_DESCRIPTION("KUnit suites of iommufd-cxx, with a copy of what they test");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(IOMMUFD);
MODULE_IMPORT_NS(IOMMUFD_INTERNAL);
