// SPDX-License-Identifier: GPL-2.0-only
// IO page tables: the IOVA space on its own, and with the domain of a real IOMMU and real pins.
#include "kunit/memory.hpp"

namespace {

using namespace kt;

// The pages of the memory at `va`, as the domain has them, each with `pins` pins.
void check_mapped(kunit *test, TestDomain &domain, u64 iova, u64 pages, long pins)
{
	for (u64 i = 0; i < pages; i++) {
		const base::Pa pa = domain.entry.domain.iova_to_pa(Iova(iova + i * kPage));
		EXPECT(pa.raw());
		if (pa.raw())
			EXPECT_EQ(kt_pins(pa.raw() / kPage), pins);
	}
}

struct Worker {
	kunit *test;
	IoPageTable *table;
	u64 va, iova;
	unsigned failures = 0;

	static void run(void *self)
	{
		auto &w = *static_cast<Worker *>(self);
		for (unsigned i = 0; i < 100; i++) {
			auto at = map(*w.table, w.va, 16 * kPage, w.iova);
			auto bytes = at ? w.table->unmap(range(w.iova, 16 * kPage)) : Result<u64>(0);
			w.failures += !at || !bytes || *bytes != 16 * kPage;
		}
	}
};

} // namespace

void kt_io_pagetable_placement(kunit *test)
{
	auto table = kern::make<IoPageTable>();
	const u64 va = kt_memory(test, 64 * kPage);
	REQUIRE(table && va);
	auto first = map(**table, va, kPage, 0);
	REQUIRE(first);
	EXPECT_EQ(first->raw(), kPage);
	auto odd = map(**table, va + 0x123, kPage, 0);
	REQUIRE(odd);
	EXPECT_EQ(odd->raw() % kPage, 0x123);
	EXPECT_EQ(error_of(map(**table, va, kPage, kPage)), -17);
	EXPECT_EQ(error_of(map(**table, va, kPage, base::kU64Max - 100)), -75);
	EXPECT_EQ(kt_pinned_vm(), 0);
}

void kt_io_pagetable_allowed_ranges(kunit *test)
{
	auto table = kern::make<IoPageTable>();
	const u64 va = kt_memory(test, 64 * kPage);
	REQUIRE(table && va);
	AllowedSet allowed;
	auto item = kern::make<AllowedRange>();
	REQUIRE(item);
	allowed.insert(*item->release(), range(0x40000, 2 * kPage));
	EXPECT_EQ(error_of((*table)->set_allowed(allowed)), 0);
	auto at = map(**table, va, 2 * kPage, 0);
	REQUIRE(at);
	EXPECT_EQ(at->raw(), 0x40000);
	EXPECT_EQ(error_of(map(**table, va, kPage, 0)), -28);
	EXPECT_EQ(error_of(map(**table, va, kPage, 0x80000)), 0);
}

void kt_io_pagetable_reserved_ranges(kunit *test)
{
	TestDevice dev;
	auto table = kern::make<IoPageTable>();
	const u64 va = kt_memory(test, 4 * kPage);
	REQUIRE(table && va);
	if (!dev.get())
		return kt_skip(test, "no device with an IOMMU");
	std::optional<base::Pa> sw_msi;
	REQUIRE((*table)->reserve_for(dev.get(), dev.get(), sw_msi));
	u64 usable = 0;
	EXPECT((*table)->for_each_usable([&](IovaRange) -> Status {
		usable++;
		return {};
	}));
	// On x86 at least the window of the interrupts.
	EXPECT(usable >= 2);
	EXPECT_EQ(error_of(map(**table, va, kPage, 0xfee00000)), -22);
	(*table)->unreserve(dev.get());
	EXPECT_EQ(error_of(map(**table, va, kPage, 0xfee00000)), 0);
	EXPECT_EQ(error_of((*table)->reserve_for(dev.get(), dev.get(), sw_msi)), -98);
}

void kt_io_pagetable_unmap_whole_areas(kunit *test)
{
	auto table = kern::make<IoPageTable>();
	const u64 va = kt_memory(test, 8 * kPage);
	REQUIRE(table && va);
	REQUIRE(map(**table, va, 4 * kPage, 0x10000));
	REQUIRE(map(**table, va, 4 * kPage, 0x20000));
	EXPECT_EQ(error_of((*table)->unmap(range(0x11000, kPage))), -2);
	auto bytes = (*table)->unmap(range(0, 0x40000));
	REQUIRE(bytes);
	EXPECT_EQ(*bytes, 8 * kPage);
	auto nothing = (*table)->unmap(base::kAllIova);
	REQUIRE(nothing);
	EXPECT_EQ(*nothing, 0);
}

void kt_io_pagetable_real_domain(kunit *test)
{
	TestDevice dev;
	auto table = kern::make<IoPageTable>();
	const u64 va = kt_memory(test, 64 * kPage);
	REQUIRE(table && va);
	if (!dev.get())
		return kt_skip(test, "no device with an IOMMU");
	// One area before the domain comes, one after.
	REQUIRE(map(**table, va, 32 * kPage, 0x100000));
	{
		TestDomain domain(**table, dev.get());
		REQUIRE(domain);
		REQUIRE(map(**table, va + 32 * kPage, 32 * kPage, 0x200000));
		check_mapped(test, domain, 0x100000, 32, 1);
		check_mapped(test, domain, 0x200000, 32, 1);
		EXPECT_EQ(kt_pinned_vm(), 64);
		const u64 pfn = domain.entry.domain.iova_to_pa(Iova(0x100000)).raw() / kPage;
		EXPECT((*table)->unmap(range(0x100000, 32 * kPage)));
		EXPECT_EQ(kt_pinned_vm(), 32);
		EXPECT_EQ(kt_pins(pfn), 0);
		EXPECT_EQ(domain.entry.domain.iova_to_pa(Iova(0x100000)).raw(), 0);
	}
	EXPECT_EQ(kt_pinned_vm(), 0);
	EXPECT((*table)->unmap(base::kAllIova));
}

// What is copied to another table is pinned once.
void kt_io_pagetable_two_domains_share(kunit *test)
{
	TestDevice dev;
	auto one = kern::make<IoPageTable>(), two = kern::make<IoPageTable>();
	const u64 va = kt_memory(test, 16 * kPage);
	REQUIRE(one && two && va);
	if (!dev.get())
		return kt_skip(test, "no device with an IOMMU");
	TestDomain first(**one, dev.get()), second(**two, dev.get());
	REQUIRE(first && second);
	REQUIRE(map(**one, va, 16 * kPage, 0x100000));
	{
		SliceList slices;
		REQUIRE((*one)->slices(range(0x104000, 8 * kPage), slices));
		REQUIRE((*two)->map(slices, 8 * kPage, {true, Iova(0x800000)}, kReadWrite));
	}
	check_mapped(test, second, 0x800000, 8, 1);
	EXPECT_EQ(kt_pinned_vm(), 16);
	EXPECT((*one)->unmap(base::kAllIova));
	EXPECT_EQ(kt_pinned_vm(), 8);
	check_mapped(test, second, 0x800000, 8, 1);
	EXPECT((*two)->unmap(base::kAllIova));
	EXPECT_EQ(kt_pinned_vm(), 0);
}

// Two threads map and unmap next to each other, in one domain.
void kt_io_pagetable_two_threads(kunit *test)
{
	TestDevice dev;
	auto table = kern::make<IoPageTable>();
	const u64 va = kt_memory(test, 32 * kPage);
	REQUIRE(table && va);
	if (!dev.get())
		return kt_skip(test, "no device with an IOMMU");
	TestDomain domain(**table, dev.get());
	REQUIRE(domain);
	Worker here{test, table->get(), va, 0x100000}, there{test, table->get(), va + 16 * kPage, 0x110000};
	void *thread = kt_thread_start(Worker::run, &there);
	Worker::run(&here);
	EXPECT(thread);
	if (thread)
		kt_thread_join(thread);
	EXPECT_EQ(here.failures, 0);
	EXPECT_EQ(there.failures, 0);
	EXPECT_EQ(kt_pinned_vm(), 0);
}
