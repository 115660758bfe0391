// SPDX-License-Identifier: GPL-2.0-only
// The PASID allocator on the kernel's own PASIDs, xarrays and contexts.
#include "base/types.hpp"
#include "kunit/pasid.h"
#include "kunit/pasid_consumer.hpp"

using kt::Consumer;
using kt::kNoSpace;

namespace {

constexpr int kInvalid = -22, kNoEntry = -2, kIoError = -5, kBusy = -16;

// Hands out what it is told to, after a while.
struct {
	unsigned answer, freed, sleep_ms;
	bool inside;
} constinit backend{};

int backend_probe(device *, unsigned *, unsigned *, void **space)
{
	*space = &backend;
	return 0;
}

void backend_release(void *) {}

int backend_alloc(void *, unsigned, unsigned, unsigned *pasid)
{
	__atomic_store_n(&backend.inside, true, __ATOMIC_SEQ_CST);
	if (backend.sleep_ms)
		kt_sleep_ms(backend.sleep_ms);
	*pasid = backend.answer;
	__atomic_store_n(&backend.inside, false, __ATOMIC_SEQ_CST);
	return 0;
}

void backend_free(void *, unsigned) { backend.freed++; }

constinit iommu_pasid_backend registered{"kunit",      100,     nullptr, backend_probe, backend_release, backend_alloc,
					 backend_free, nullptr, 0};

// Registered for a scope; its consumers are gone by then.
class Backend {
public:
	explicit Backend(kunit *test) : test(test)
	{
		backend = {};
		EXPECT_EQ(iommu_pasid_backend_register(&registered), 0);
	}
	Backend(const Backend &) = delete;
	~Backend() { EXPECT_EQ(iommu_pasid_backend_unregister(&registered), 0); }

private:
	kunit *test;
};

// Looks for each PASID from 1 to count.
struct Search {
	const Consumer *consumer;
	unsigned count, found;
	static void run(void *self)
	{
		auto &s = *static_cast<Search *>(self);
		for (unsigned p = 1; p <= s.count; p++)
			s.found += s.consumer->find(p) != nullptr;
	}
};

struct SlowAlloc {
	Consumer *consumer;
	int pasid;
	static void run(void *self)
	{
		auto &s = *static_cast<SlowAlloc *>(self);
		s.pasid = s.consumer->alloc(1, 9);
	}
};

} // namespace

void kt_pasid_host_lowest_first(kunit *test)
{
	device *dev = kp_device(test, 1u << 20);
	const unsigned first = kp_global_free_run(dev, 200);
	REQUIRE(first);
	Consumer c(dev);
	REQUIRE(c.get());
	for (unsigned i = 0; i < 100; i++)
		EXPECT_EQ(c.alloc(), first + i);
	EXPECT_EQ(c.free(first + 7), 0);
	EXPECT_EQ(c.alloc(), first + 7);
	EXPECT_EQ(c.alloc(first + 7, first + 7), kNoSpace);
	c.free_all();
}

void kt_pasid_host_others_are_left_alone(kunit *test)
{
	device *dev = kp_device(test, 1u << 20);
	const unsigned a = kp_global_alloc(dev), b = kp_global_alloc(dev);
	REQUIRE(a && b);
	{
		Consumer c(dev);
		REQUIRE(c.get());
		EXPECT_EQ(c.alloc(a, a), kNoSpace);
		EXPECT_EQ(c.alloc(a, b), kNoSpace);
		const int mine = c.alloc();
		EXPECT(mine > static_cast<int>(b));
		const unsigned later = kp_global_alloc(dev);
		EXPECT_EQ(c.alloc(later, later), kNoSpace);
		EXPECT(!c.find(later) && !c.find(a) && c.find(static_cast<unsigned>(mine)));
		kp_global_free(a);
		EXPECT_EQ(c.alloc(a, a), a);
		EXPECT(kp_global_free_run(dev, 1) != a);
		kp_global_free(later);
		c.free_all();
	}
	kp_global_free(b);
}

void kt_pasid_host_all_are_returned(kunit *test)
{
	device *dev = kp_device(test, 1u << 20);
	const unsigned first = kp_global_free_run(dev, 3000);
	REQUIRE(first);
	{
		Consumer low(dev), high(dev);
		REQUIRE(low.get() && high.get());
		EXPECT_EQ(high.alloc(first + 2000), first + 2000);
		EXPECT_EQ(kp_global_free_run(dev, 1), first + 2001);
		EXPECT_EQ(low.alloc(), first);
		high.free_all();
		EXPECT_EQ(high.exit(), 0);
		EXPECT_EQ(kp_global_free_run(dev, 2999), first + 1);
		low.free_all();
	}
	EXPECT_EQ(kp_global_free_run(dev, 3000), first);
}

void kt_pasid_host_holds_are_bounded(kunit *test)
{
	device *dev = kp_device(test, 1u << 20);
	const unsigned first = kp_global_free_run(dev, IOMMU_PASID_MOST_IDLE + 1);
	REQUIRE(first);
	Consumer c(dev);
	REQUIRE(c.get());
	EXPECT_EQ(c.alloc(first + IOMMU_PASID_MOST_IDLE + 1), kNoSpace);
	EXPECT_EQ(kp_global_free_run(dev, IOMMU_PASID_MOST_IDLE + 1), first);
	EXPECT_EQ(c.alloc(first + IOMMU_PASID_MOST_IDLE), first + IOMMU_PASID_MOST_IDLE);
	c.free_all();
}

void kt_pasid_host_small_device(kunit *test)
{
	device *dev = kp_device(test, 1u << 20), *small = kp_device(test, 64);
	const unsigned first = kp_global_free_run(dev, 64);
	REQUIRE(first && first < 60);
	Consumer c(small);
	REQUIRE(c.get());
	unsigned count = 0;
	while (c.alloc() > 0)
		count++;
	EXPECT_EQ(count, 64 - first);
	EXPECT_EQ(c.alloc(64), kNoSpace);
	EXPECT_EQ(kp_global_alloc(small), 0);
	c.free_all();
	// What it freed is not kept from others.
	const unsigned other = kp_global_alloc(small);
	EXPECT(other);
	if (other)
		kp_global_free(other);
}

void kt_pasid_consumer_private_spaces(kunit *test)
{
	device *dev = kp_device(test, 1u << 20), *without = kp_device(test, 0);
	const unsigned first = kp_global_free_run(dev, 1);
	Consumer a(nullptr), b(without);
	REQUIRE(a.get() && b.get());
	for (Consumer *c : {&a, &b}) {
		EXPECT_EQ(c->alloc(), 1);
		EXPECT_EQ(c->alloc((1u << 20) - 1), (1 << 20) - 1);
		EXPECT_EQ(c->alloc((1u << 20) - 1), kNoSpace);
	}
	EXPECT_EQ(kp_global_free_run(dev, 1), first);
	a.free_all();
	EXPECT(b.find(1));
	b.free_all();
}

void kt_pasid_consumer_bad_parameters(kunit *test)
{
	Consumer c(nullptr);
	REQUIRE(c.get());
	unsigned pasid = 77;
	EXPECT_EQ(c.alloc(0, 5), kInvalid);
	EXPECT_EQ(c.alloc(6, 5), kInvalid);
	EXPECT_EQ(c.alloc(1u << 20, ~0u), kNoSpace);
	EXPECT_EQ(iommu_pasid_alloc(c.get(), 1, 5, nullptr, &pasid), kInvalid);
	EXPECT_EQ(pasid, 77);
	EXPECT_EQ(c.free(0), kNoEntry);
	EXPECT_EQ(c.free(1), kNoEntry);
	EXPECT_EQ(c.free(~0u), kNoEntry);
	for (unsigned none : {0u, 1u, 1u << 20, ~0u})
		EXPECT(!c.find(none));
}

void kt_pasid_consumer_found_in_an_interrupt(kunit *test)
{
	Consumer c(kp_device(test, 1u << 20));
	REQUIRE(c.get());
	unsigned last = 0;
	for (unsigned i = 0; i < 100; i++)
		last = base::max(last, static_cast<unsigned>(c.alloc()));
	Search search{&c, last + 100, 0};
	kp_in_interrupt(Search::run, &search);
	EXPECT_EQ(search.found, 100);
	c.free_all();
	search.found = 0;
	kp_in_interrupt(Search::run, &search);
	EXPECT_EQ(search.found, 0);
}

void kt_pasid_consumer_hundred_thousand(kunit *test)
{
	constexpr unsigned kMany = 100000;
	device *dev = kp_device(test, 1u << 20);
	const unsigned first = kp_global_free_run(dev, kMany + 1);
	REQUIRE(first);
	{
		Consumer c(dev);
		REQUIRE(c.get());
		unsigned wrong = 0;
		for (unsigned i = 0; i < kMany; i++)
			wrong += c.alloc() != static_cast<int>(first + i);
		EXPECT_EQ(wrong, 0);
		Search search{&c, first + kMany + 1000, 0};
		Search::run(&search);
		EXPECT_EQ(search.found, kMany);
		EXPECT_EQ(c.count(), kMany);
		for (unsigned p = first; p < first + kMany; p += 2)
			wrong += c.free(p) != 0;
		EXPECT_EQ(c.count(), kMany / 2);
		// The lowest of those at hand, then the kernel's lowest: none is far up.
		for (unsigned i = 0; i < 1000; i++)
			wrong += static_cast<unsigned>(c.alloc()) > first + kMany + 64;
		EXPECT_EQ(wrong, 0);
		EXPECT_EQ(c.count(), kMany / 2 + 1000);
		c.free_all();
		EXPECT_EQ(c.count(), 0);
	}
	EXPECT_EQ(kp_global_free_run(dev, kMany + 1), first);
}

void kt_pasid_consumer_leaks_are_counted(kunit *test)
{
	device *dev = kp_device(test, 1u << 20);
	const unsigned first = kp_global_free_run(dev, 100);
	Consumer c(dev);
	REQUIRE(c.get());
	for (unsigned i = 0; i < 20; i++)
		c.alloc();
	EXPECT_EQ(c.exit(), 20);
	EXPECT_EQ(kp_global_free_run(dev, 100), first);
}

void kt_pasid_backend_duplicates(kunit *test)
{
	Backend scope(test);
	Consumer one(nullptr), two(nullptr);
	REQUIRE(one.get() && two.get());
	EXPECT_EQ(iommu_pasid_backend_unregister(&registered), kBusy);
	backend.answer = 5;
	EXPECT_EQ(one.alloc(1, 9), 5);
	EXPECT_EQ(one.alloc(1, 9), kIoError);
	EXPECT_EQ(two.alloc(1, 9), kIoError);
	EXPECT_EQ(backend.freed, 0);
	EXPECT(one.find(5) && !two.find(5));
	EXPECT_EQ(one.free(5), 0);
	EXPECT_EQ(two.alloc(1, 9), 5);
	two.free_all();
	EXPECT_EQ(backend.freed, 2);
}

void kt_pasid_backend_out_of_range(kunit *test)
{
	Backend scope(test);
	Consumer c(nullptr);
	REQUIRE(c.get());
	unsigned count = 0;
	for (unsigned bad : {0u, 9u, 21u, 1u << 20, ~0u}) {
		backend.answer = bad;
		EXPECT_EQ(c.alloc(10, 20), kIoError);
		EXPECT_EQ(backend.freed, ++count);
	}
	EXPECT_EQ(c.count(), 0);
}

void kt_pasid_backend_slow(kunit *test)
{
	Backend scope(test);
	Consumer slow(nullptr), other(nullptr);
	REQUIRE(slow.get() && other.get());
	backend.answer = 1;
	EXPECT_EQ(slow.alloc(), 1);
	backend.answer = 2;
	EXPECT_EQ(other.alloc(), 2);
	backend = {.answer = 3, .freed = 0, .sleep_ms = 500, .inside = false};
	SlowAlloc call{&slow, 0};
	void *thread = kt_thread_start(SlowAlloc::run, &call);
	REQUIRE(thread);
	while (!__atomic_load_n(&backend.inside, __ATOMIC_SEQ_CST))
		kt_sleep_ms(1);
	EXPECT(slow.find(1));
	EXPECT_EQ(slow.count(), 1);
	EXPECT_EQ(slow.free(1), 0);
	EXPECT_EQ(other.free(2), 0);
	{
		Consumer newcomer(nullptr);
		EXPECT(newcomer.get());
	}
	// Nothing of that has waited for the backend.
	EXPECT(__atomic_load_n(&backend.inside, __ATOMIC_SEQ_CST));
	kt_thread_join(thread);
	EXPECT_EQ(call.pasid, 3);
	slow.free_all();
}
