// SPDX-License-Identifier: GPL-2.0-only
// Run lists, on numbers and on the pages that real memory gives; and the order of the locks.
#include "iommufd/object.hpp"
#include "iommufd/page_reader.hpp"
#include "kunit/memory.hpp"

namespace {

using namespace kt;

constinit kern::LockClass outer_class("iommufd_kunit outer"), inner_class("iommufd_kunit inner");

} // namespace

void kt_runs_neighbours_melt(kunit *test)
{
	RunList runs(10);
	EXPECT(runs.append(Pfn(100), 4));
	EXPECT(runs.append(Pfn(104), 1));
	EXPECT(runs.append(Pfn(106), 1));
	EXPECT(runs.append(Pfn(105), 1));
	EXPECT_EQ(runs.total(), 7);
	EXPECT_EQ(runs.end() - runs.begin(), 3);
	EXPECT_EQ(runs.begin()->count, 5);
	runs.clear();
	EXPECT_EQ(runs.total(), 0);
	EXPECT(runs.begin() == runs.end());
}

void kt_runs_full_list(kunit *test)
{
	for (u64 wanted : {5ul, 500ul, 50'000ul}) {
		RunList runs(wanted);
		u64 taken = 0;
		while (taken < 100'000 && runs.append(Pfn(2 * taken), 1))
			taken++;
		EXPECT(taken >= 5 && taken <= 1024);
		EXPECT(taken >= (wanted < 1024 ? wanted : 16));
		EXPECT_EQ(runs.total(), taken);
		// The last run can still grow, no other can come.
		EXPECT(runs.append(Pfn(2 * (taken - 1) + 1), 1));
		EXPECT(!runs.append(Pfn(0), 1));
		EXPECT_EQ(runs.total(), taken + 1);
	}
}

// A look at memory pins it for a moment, and the batches together are all of it.
void kt_runs_real_memory(kunit *test)
{
	const u64 count = 300, va = kt_memory(test, count * kPage);
	REQUIRE(va);
	auto pages = make_user_pages(UserVa(va), count * kPage, true, AccountMode::kUser);
	REQUIRE(pages);
	kern::Guard guard((*pages)->lock());
	u64 seen = 0;
	Pfn last{};
	{
		PageReader reader(**pages, {PageIndex(0), PageIndex(count - 1)}, PageReader::Purpose::kLook);
		while (!reader.done()) {
			REQUIRE(reader.next());
			EXPECT_EQ(reader.start().raw(), seen);
			for (const Run &run : reader.runs()) {
				last = run.first;
				EXPECT(kt_pins(run.first.raw()) >= 1);
			}
			seen += reader.runs().total();
		}
	}
	EXPECT_EQ(seen, count);
	EXPECT_EQ(kt_pins(last.raw()), 0);
	EXPECT_EQ(kt_pinned_vm(), 0);
}

// Every lock has its class and its key: with lockdep, classes that were not told apart would be reported as nested.
void kt_locks_order_is_accepted(kunit *test)
{
	auto outer = kern::make<kern::Mutex>(outer_class);
	auto inner = kern::make<kern::RwSem>(inner_class);
	auto table = kern::make<ObjectTable>();
	REQUIRE(outer && inner && table);
	for (int i = 0; i < 2; i++) {
		kern::Guard a(**outer);
		kern::Guard b(**inner);
		(*outer)->assert_held();
		(*inner)->assert_held_exclusive();
		EXPECT((*table)->locked([] { return true; }));
	}
	kern::SharedGuard shared(**inner);
	(*inner)->assert_held();
}
