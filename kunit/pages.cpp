// SPDX-License-Identifier: GPL-2.0-only
// Pages of real user memory: pins, charges and copies.
#include "bridge/uaccess.h"
#include "kunit/memory.hpp"

namespace {

using namespace kt;

IndexRange indexes(u64 first, u64 last) { return {PageIndex(first), PageIndex(last)}; }

Status pin(Pages &pages, IndexRange r, page **out)
{
	kern::Guard guard(pages.lock());
	return pages.pin(r, out);
}

void unpin(Pages &pages, IndexRange r)
{
	kern::Guard guard(pages.lock());
	pages.unpin(r);
}

// Fresh memory of the case, and its Pages.
struct CaseMemory {
	CaseMemory(kunit *test, u64 count, AccountMode mode) : va(kt_memory(test, count * kPage))
	{
		auto made = va ? make_user_pages(UserVa(va), count * kPage, true, mode) : Result<base::Ref<Pages>>();
		if (made)
			pages = std::move(*made);
	}
	explicit operator bool() const { return va && pages; }
	Pages &operator*() const { return *pages; }

	const u64 va;
	base::Ref<Pages> pages;
};

} // namespace

void kt_pages_pin_and_unpin(kunit *test)
{
	page *out[8] = {};
	CaseMemory memory(test, 8, AccountMode::kUser);
	REQUIRE(memory);
	REQUIRE(pin(*memory, indexes(0, 7), out));
	EXPECT_EQ(kt_pinned_vm(), 8);
	for (u64 i = 0; i < 8; i++) {
		REQUIRE(out[i]);
		EXPECT_EQ(kt_pins(kern::pfn_of(out[i]).raw()), 1);
		// It is that page: what is written to memory is read through it.
		const u64 written = 0x1234567800 + i;
		u64 read = 0;
		EXPECT(kx_copy_to_user(memory.va + i * kPage + 16, &written, sizeof(written)));
		kx_copy_page(kern::pfn_of(out[i]).raw(), 16, &read, sizeof(read), false);
		EXPECT_EQ(read, written);
	}
	unpin(*memory, indexes(0, 7));
	for (page *p : out)
		EXPECT_EQ(kt_pins(kern::pfn_of(p).raw()), 0);
	EXPECT_EQ(kt_pinned_vm(), 0);
}

void kt_pages_overlapping_pins(kunit *test)
{
	page *low[6] = {}, *high[6] = {};
	CaseMemory memory(test, 8, AccountMode::kUser);
	REQUIRE(memory);
	REQUIRE(pin(*memory, indexes(0, 5), low));
	Status second = pin(*memory, indexes(2, 7), high);
	EXPECT(second);
	if (second) {
		EXPECT(low[2] == high[0] && low[5] == high[3]);
		EXPECT_EQ(kt_pins(kern::pfn_of(low[3]).raw()), 1);
		EXPECT_EQ(kt_pinned_vm(), 8);
		unpin(*memory, indexes(2, 7));
		EXPECT_EQ(kt_pins(kern::pfn_of(low[3]).raw()), 1);
	}
	EXPECT_EQ(kt_pinned_vm(), 6);
	unpin(*memory, indexes(0, 5));
	EXPECT_EQ(kt_pinned_vm(), 0);
}

void kt_pages_charged_to_the_user(kunit *test)
{
	page *out[8] = {};
	const long long before = kt_user_locked_vm();
	kt_limit_memlock(test, before + 7);
	CaseMemory memory(test, 8, AccountMode::kUser);
	REQUIRE(memory);
	EXPECT_EQ(error_of(pin(*memory, indexes(0, 7), out)), -12);
	EXPECT_EQ(kt_user_locked_vm(), before);
	EXPECT_EQ(kt_pinned_vm(), 0);
	REQUIRE(pin(*memory, indexes(0, 6), out));
	EXPECT_EQ(kt_user_locked_vm(), before + 7);
	EXPECT_EQ(kt_locked_vm(), 0);
	unpin(*memory, indexes(0, 6));
	EXPECT_EQ(kt_user_locked_vm(), before);
}

void kt_pages_charged_to_the_process(kunit *test)
{
	page *out[8] = {};
	const long long user = kt_user_locked_vm();
	kt_limit_memlock(test, 4);
	CaseMemory memory(test, 8, AccountMode::kMm);
	REQUIRE(memory);
	EXPECT_EQ(error_of(pin(*memory, indexes(0, 7), out)), -12);
	EXPECT_EQ(kt_locked_vm(), 0);
	REQUIRE(pin(*memory, indexes(0, 3), out));
	EXPECT_EQ(kt_locked_vm(), 4);
	EXPECT_EQ(kt_user_locked_vm(), user);
	unpin(*memory, indexes(0, 3));
	EXPECT_EQ(kt_locked_vm(), 0);
}

void kt_pages_hole_in_the_memory(kunit *test)
{
	page *out[8] = {};
	const u64 va = kt_memory(test, 4 * kPage);
	REQUIRE(va);
	// Nothing is mapped behind the first megabytes of an empty address space's end, nor at page 1.
	auto pages = make_user_pages(UserVa(kPage), 4 * kPage, true, AccountMode::kUser);
	REQUIRE(pages);
	EXPECT_EQ(error_of(pin(**pages, indexes(0, 3), out)), -14);
	EXPECT_EQ(kt_pinned_vm(), 0);
}

void kt_pages_copy_bytes(kunit *test)
{
	const u64 va = kt_memory(test, 4 * kPage);
	REQUIRE(va);
	auto pages = make_user_pages(UserVa(va), 4 * kPage, true, AccountMode::kUser);
	auto read_only = make_user_pages(UserVa(va), 4 * kPage, false, AccountMode::kUser);
	REQUIRE(pages && read_only);
	u8 in[64], out[64] = {};
	for (unsigned i = 0; i < sizeof(in); i++)
		in[i] = i * 3;
	// Across a page boundary.
	EXPECT_EQ(error_of(copy_pages(**pages, kPage - 20, in, sizeof(in), true, false)), 0);
	EXPECT_EQ(error_of(copy_pages(**pages, kPage - 20, out, sizeof(out), false, false)), 0);
	EXPECT(__builtin_memcmp(in, out, sizeof(in)) == 0);
	EXPECT(kx_copy_from_user(out, va + kPage - 20, sizeof(out)));
	EXPECT(__builtin_memcmp(in, out, sizeof(in)) == 0);
	EXPECT_EQ(error_of(copy_pages(**read_only, 0, in, sizeof(in), true, false)), -1);
	EXPECT_EQ(kt_pinned_vm(), 0);
}
