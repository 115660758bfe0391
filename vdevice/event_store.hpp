// SPDX-License-Identifier: GPL-2.0-only
// Events that wait to be read, in the order they came. Each is kept as the user will get it, a header and the driver's
// data, in chunks of a page; a chunk holds events of one length, so that many of them go out in one copy.
//
// Memory grows with what waits, not with how much may: a ring of the greatest depth would be 20 MiB for each queue,
// mostly for nothing. The first chunk is there from the beginning and one that was read empty is kept, so a reader that
// keeps up never makes anybody allocate; and whoever reports an event, in an interrupt perhaps, allocates once for
// about a hundred of them, without waiting, in the name of the queue's user.
//
// Locks: the owner's, of whom one thread at a time may read: it looks at front() without the lock until it takes that
// out, as others only append.
#pragma once
#include <optional>
#include <span>

#include "base/result.hpp"
#include "kern/alloc.hpp"
#include "kern/memcg.hpp"

namespace iommufd::vdevice {

using base::Errno;
using base::fail;
using base::Result;
using base::Status;

class EventStore {
public:
	EventStore() = default;
	EventStore(const EventStore &) = delete;
	~EventStore();
	// Before anything else, in the name of the queue's user. ENOMEM. Context: may sleep.
	Status init();

	// The most data an event may have, bytes.
	static u32 max_data();

	u32 count() const { return count_; }
	// False: there is no memory for it. Any context.
	bool append(u32 sequence, std::span<const u8> data);

	// Events of one length, one behind the other, up to `most` of them.
	struct Batch {
		const u8 *bytes;
		u32 length; // of each, bytes, header included
		u32 count;
	};
	// The oldest ones; count 0: there is none.
	Batch front(u32 most) const;
	// Takes out `count` of what front() returned. Null, or what the caller frees without the lock (kx_free()).
	[[nodiscard]] void *take(u32 count);

private:
	struct Chunk;

	Chunk *next_chunk();

	kern::MemcgRef memcg_;
	Chunk *first_ = nullptr, *last_ = nullptr; // never null after init()
	Chunk *spare_ = nullptr;
	u32 count_ = 0;
};

} // namespace iommufd::vdevice
