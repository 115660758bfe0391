// SPDX-License-Identifier: GPL-2.0-only
// Events in chunks: their order, and what is allocated when.
#include <cstring>

#include "support/world.hpp"
#include "vdevice/event_store.hpp"

namespace test {

namespace {

using iommufd::vdevice::EventStore;

class Store : public World {
protected:
	EventStore store;
	u32 next = 0, read = 0;

	void SetUp() override { ASSERT_TRUE(store.init()); }
	bool add(u32 length = 4)
	{
		const std::vector<u8> data(length, static_cast<u8>(next));
		return store.append(next, data) && ++next;
	}
	// Takes up to `most` events, which have to be the next ones, of `length` bytes of data.
	u32 take(u32 most, u32 length = 4)
	{
		const auto batch = store.front(most);
		if (!batch.count)
			return 0;
		EXPECT_EQ(batch.length, 8 + length);
		for (u32 i = 0; i < batch.count; i++) {
			iommufd_vevent_header header;
			memcpy(&header, batch.bytes + i * batch.length, sizeof(header));
			EXPECT_EQ(header.flags, 0u);
			EXPECT_EQ(header.sequence, read);
			EXPECT_EQ(batch.bytes[(i + 1) * batch.length - 1], static_cast<u8>(read));
			read++;
		}
		kx_free(store.take(batch.count));
		return batch.count;
	}
	void take_all()
	{
		while (take(~0u)) {
		}
		EXPECT_EQ(read, next);
		EXPECT_EQ(store.count(), 0u);
	}
};

TEST_F(Store, InOrder)
{
	EXPECT_EQ(take(5), 0u);
	for (unsigned i = 0; i < 1000; i++)
		ASSERT_TRUE(add());
	EXPECT_EQ(store.count(), 1000u);
	EXPECT_EQ(take(3), 3u);
	EXPECT_EQ(store.count(), 997u);
	EXPECT_GT(take(~0u), 100u);
	for (unsigned i = 0; i < 10; i++)
		ASSERT_TRUE(add());
	take_all();
	ASSERT_TRUE(add());
	take_all();
}

TEST_F(Store, AReaderThatKeepsUpAllocatesNothing)
{
	const unsigned before = fake::allocations();
	for (unsigned i = 0; i < 5000; i++) {
		ASSERT_TRUE(add(32));
		ASSERT_TRUE(add(32));
		EXPECT_EQ(take(1, 32), 1u);
		EXPECT_EQ(take(1, 32), 1u);
	}
	EXPECT_EQ(fake::allocations(), before);
	// Two chunks in turn: the second is allocated once.
	for (unsigned i = 0; i < 100; i++)
		ASSERT_TRUE(add(32));
	for (unsigned i = 0; i < 5000; i++) {
		ASSERT_TRUE(add(32));
		EXPECT_EQ(take(1, 32), 1u);
	}
	EXPECT_LE(fake::allocations(), before + 2);
}

TEST_F(Store, EachLengthHasItsChunk)
{
	for (u32 length : {4u, 4u, 32u, 1u, 4u})
		ASSERT_TRUE(add(length));
	EXPECT_EQ(take(~0u), 2u);
	EXPECT_EQ(take(~0u, 32), 1u);
	EXPECT_EQ(take(~0u, 1), 1u);
	EXPECT_EQ(take(~0u), 1u);
	ASSERT_TRUE(add(EventStore::max_data()));
	ASSERT_TRUE(add(EventStore::max_data()));
	EXPECT_EQ(take(~0u, EventStore::max_data()), 1u);
	EXPECT_EQ(take(~0u, EventStore::max_data()), 1u);
	take_all();
}

TEST_F(Store, WithoutMemory)
{
	while (store.front(~0u).count == store.count())
		ASSERT_TRUE(add());
	const u32 in_one = store.count() - 1;
	take_all();
	// One is kept, so that two chunks are full before memory is missed.
	fake::arm(fake::Fault::kAlloc, 1);
	for (u32 i = 0; i < 2 * in_one; i++)
		ASSERT_TRUE(add()) << i;
	EXPECT_FALSE(add());
	EXPECT_EQ(store.count(), 2 * in_one);
	fake::disarm();
	EXPECT_TRUE(add());
	take_all();
}

} // namespace

} // namespace test
