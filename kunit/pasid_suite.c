// SPDX-License-Identifier: GPL-2.0-only
/* The KUnit suites of the PASID allocator: tables of the cases, which are C++ (see pasid.h). */
#include <kunit/test.h>
#include <linux/module.h>

#include "kunit/pasid.h"

#define CASE(suite, name) KUNIT_CASE(kt_##suite##_##name),

static struct kunit_case host_cases[] = {KT_PASID_HOST(CASE){}};
static struct kunit_case consumer_cases[] = {KT_PASID_CONSUMER(CASE){}};
static struct kunit_case backend_cases[] = {KT_PASID_BACKEND(CASE){}};
static struct kunit_case stress_cases[] = {KT_PASID_STRESS(CASE){}};

static struct kunit_suite host = {.name = "pasid_alloc_host", .test_cases = host_cases};
static struct kunit_suite consumer = {.name = "pasid_alloc_consumer", .test_cases = consumer_cases};
static struct kunit_suite backend = {.name = "pasid_alloc_backend", .test_cases = backend_cases};
static struct kunit_suite stress = {.name = "pasid_alloc_stress", .test_cases = stress_cases};
kunit_test_suites(&host, &consumer, &backend, &stress);

MODULE_DESCRIPTION("KUnit suites of the PASID allocator of iommufd-cxx");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(IOMMUFD);
