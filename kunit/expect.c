// SPDX-License-Identifier: GPL-2.0-only
/* The expectations of the cases, in each module of suites. */
#include <kunit/test.h>

#include "kunit/kunit.h"

void kt_expect(struct kunit *test, bool ok, const char *expression, const char *file, int line)
{
	if (!ok)
		KUNIT_FAIL(test, "%s:%d: %s", file, line, expression);
}

void kt_expect_eq(struct kunit *test, long long left, long long right, const char *left_text, const char *right_text,
		  const char *file, int line)
{
	if (left != right)
		KUNIT_FAIL(test, "%s:%d: %s == %s, but %lld != %lld", file, line, left_text, right_text, left, right);
}

void kt_skip(struct kunit *test, const char *why) { kunit_mark_skipped(test, "%s", why); }
