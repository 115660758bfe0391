// SPDX-License-Identifier: GPL-2.0-only
// Threads against each other: those that allocate and free, one that looks PASIDs up as a fault handler does, and one
// that takes the kernel's PASIDs as SVA does. A PASID has one owner at a time, and who is found is alive.
#include "base/types.hpp"
#include "kunit/pasid.h"
#include "kunit/pasid_consumer.hpp"

using kt::Consumer;

namespace {

constexpr unsigned kMost = 512; // PASIDs, for the books
constexpr unsigned kKept = 48;  // by a worker
constexpr unsigned kRounds = 20000;

struct Books {
	const Consumer *consumer;
	device *dev;           // of the host's PASIDs; null: there is no SVA here
	unsigned owner[kMost]; // who has it, 0: nobody
	unsigned stop, two_owners, wrong, found, allocs, globals;

	void take(unsigned pasid, unsigned who)
	{
		if (pasid < kMost && __atomic_exchange_n(&owner[pasid], who, __ATOMIC_SEQ_CST))
			note(two_owners);
	}
	void drop(unsigned pasid)
	{
		if (pasid < kMost)
			__atomic_store_n(&owner[pasid], 0, __ATOMIC_SEQ_CST);
	}
	void note(unsigned &counter, unsigned n = 1) { __atomic_fetch_add(&counter, n, __ATOMIC_RELAXED); }
	bool over() const { return __atomic_load_n(&stop, __ATOMIC_SEQ_CST); }
};
constinit Books books{};

class Random {
public:
	explicit constexpr Random(unsigned seed) : state_(seed * 2654435761u + 1) {}
	unsigned below(unsigned n)
	{
		state_ = state_ * 1664525u + 1013904223u;
		return (state_ >> 8) % n;
	}

private:
	unsigned state_;
};

class Worker {
public:
	explicit constexpr Worker(unsigned id) : id_(id), random_(id) {}
	static void run(void *self) { static_cast<Worker *>(self)->work(); }

private:
	struct Kept {
		unsigned pasid;
		kp_owner *owner;
	};

	void work()
	{
		for (unsigned i = 0; i < kRounds; i++) {
			if (count_ < kKept && random_.below(2))
				alloc();
			else if (count_)
				free(random_.below(count_));
			kp_resched();
		}
		while (count_)
			free(count_ - 1);
	}
	void alloc()
	{
		kp_owner *owner = kp_owner_new(id_);
		if (!owner)
			return books.note(books.wrong);
		const unsigned min = 1 + random_.below(200);
		const int got = books.consumer->alloc(min, min + random_.below(100), owner);
		if (got < 0) {
			if (got != kt::kNoSpace)
				books.note(books.wrong);
			return kp_owner_free(owner);
		}
		const auto pasid = static_cast<unsigned>(got);
		books.take(pasid, id_);
		books.note(books.allocs);
		if (books.consumer->find(pasid) != owner)
			books.note(books.wrong);
		kept_[count_++] = {pasid, owner};
	}
	void free(unsigned index)
	{
		const Kept k = kept_[index];
		kept_[index] = kept_[--count_];
		books.drop(k.pasid);
		if (books.consumer->free(k.pasid))
			books.note(books.wrong);
		kp_owner_free(k.owner);
	}

	unsigned id_;
	Random random_;
	unsigned count_ = 0;
	Kept kept_[kKept]{};
};

constinit Worker workers[]{Worker(1), Worker(2)};

void look_up(void *)
{
	Random random(77);
	while (!books.over()) {
		for (unsigned i = 0; i < 100; i++) {
			kp_read_lock();
			auto *owner = static_cast<kp_owner *>(books.consumer->find(1 + random.below(300)));
			if (owner) {
				books.note(books.found);
				// Long enough for another CPU to free the PASID meanwhile.
				for (unsigned look = 0; look < 500; look++)
					if (__atomic_load_n(&owner->alive, __ATOMIC_RELAXED) != KP_ALIVE) {
						books.note(books.wrong);
						break;
					}
			}
			kp_read_unlock();
		}
		kp_resched();
	}
}

// Holds eight of the kernel's PASIDs at a time.
void bind_sva(void *)
{
	unsigned mine[8]{};
	for (unsigned i = 0; books.dev && !books.over(); i++) {
		unsigned &slot = mine[i % 8];
		if (slot) {
			books.drop(slot);
			kp_global_free(slot);
		}
		slot = kp_global_alloc(books.dev);
		if (slot) {
			books.take(slot, 99);
			books.note(books.globals);
		}
		kp_resched();
	}
	for (unsigned p : mine)
		if (p) {
			books.drop(p);
			kp_global_free(p);
		}
}

void stress(kunit *test, const Consumer &consumer, device *dev)
{
	REQUIRE(consumer.get());
	books = {};
	books.consumer = &consumer;
	books.dev = dev;
	for (unsigned i = 0; i < 2; i++)
		workers[i] = Worker(i + 1);
	void *looking = kt_thread_start(look_up, nullptr);
	void *sva = kt_thread_start(bind_sva, nullptr);
	void *working[]{kt_thread_start(Worker::run, &workers[0]), kt_thread_start(Worker::run, &workers[1])};
	EXPECT(looking && sva && working[0] && working[1]);
	for (void *thread : working)
		if (thread)
			kt_thread_join(thread);
	__atomic_store_n(&books.stop, 1, __ATOMIC_SEQ_CST);
	for (void *thread : {looking, sva})
		if (thread)
			kt_thread_join(thread);
	kp_rcu_barrier();
	EXPECT_EQ(books.two_owners, 0);
	EXPECT_EQ(books.wrong, 0);
	EXPECT(books.allocs > kRounds / 2);
	EXPECT(books.found > 100);
	EXPECT(!dev || books.globals > 100);
	EXPECT_EQ(consumer.count(), 0);
}

struct Comings {
	device *dev;
	unsigned wrong;
	static void run(void *self)
	{
		auto &c = *static_cast<Comings *>(self);
		for (unsigned i = 0; i < 500; i++) {
			Consumer consumer(c.dev);
			if (!consumer.get()) {
				c.wrong++;
				continue;
			}
			const int pasid = consumer.alloc(1 + i % 100);
			if (pasid < 0 || consumer.free(static_cast<unsigned>(pasid)))
				c.wrong++;
			if (consumer.exit())
				c.wrong++;
		}
	}
};

} // namespace

void kt_pasid_stress_host(kunit *test)
{
	device *dev = kp_device(test, 1u << 20);
	const unsigned first = kp_global_free_run(dev, 1000);
	REQUIRE(first);
	{
		Consumer consumer(dev);
		stress(test, consumer, dev);
	}
	EXPECT_EQ(kp_global_free_run(dev, 1000), first);
}

void kt_pasid_stress_private_space(kunit *test)
{
	Consumer consumer(nullptr);
	stress(test, consumer, nullptr);
}

void kt_pasid_stress_init_and_exit(kunit *test)
{
	device *dev = kp_device(test, 1u << 20);
	const unsigned first = kp_global_free_run(dev, 1000);
	Comings one{dev, 0}, two{dev, 0};
	void *thread = kt_thread_start(Comings::run, &one);
	REQUIRE(thread);
	Comings::run(&two);
	kt_thread_join(thread);
	EXPECT_EQ(one.wrong, 0);
	EXPECT_EQ(two.wrong, 0);
	EXPECT_EQ(kp_global_free_run(dev, 1000), first);
}
