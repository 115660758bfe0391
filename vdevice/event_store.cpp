// SPDX-License-Identifier: GPL-2.0-only
// See event_store.hpp.
#include "vdevice/event_store.hpp"

#include "base/math.hpp"
#include "kern/uapi.hpp"

namespace iommufd::vdevice {

namespace {

using Header = iommufd_vevent_header;
constexpr u32 kHeader = sizeof(Header);

} // namespace

// A page of events of one length, of which the first ones have been read.
struct EventStore::Chunk {
	static const u32 kRoom = base::kPageSize - 24;

	Chunk *next;
	u32 length; // of each, bytes; 0: none has been here yet
	u32 read;   // events
	u32 count;  // events, those that were read included
	u32 unused;
	u8 bytes[kRoom];

	void reset()
	{
		next = nullptr;
		length = read = count = 0;
	}
	bool takes(u32 another) const { return !length || (length == another && (count + 1) * length <= kRoom); }
};

u32 EventStore::max_data() { return Chunk::kRoom - kHeader; }

EventStore::~EventStore()
{
	kx_free(spare_);
	while (Chunk *chunk = first_) {
		first_ = chunk->next;
		kx_free(chunk);
	}
}

Status EventStore::init()
{
	static_assert(sizeof(Chunk) == base::kPageSize);
	memcg_ = kern::MemcgRef(kx_memcg_get_current());
	first_ = last_ = static_cast<Chunk *>(kx_alloc(sizeof(Chunk)));
	if (!first_)
		return fail(Errno::kNoMem, "out of memory for events");
	first_->reset();
	return {};
}

EventStore::Chunk *EventStore::next_chunk()
{
	Chunk *chunk = std::exchange(spare_, nullptr);
	if (!chunk)
		chunk = static_cast<Chunk *>(kx_alloc_now(sizeof(Chunk), memcg_.get()));
	if (!chunk)
		return nullptr;
	chunk->reset();
	last_->next = chunk;
	last_ = chunk;
	return chunk;
}

bool EventStore::append(u32 sequence, std::span<const u8> data)
{
	const u32 length = kHeader + static_cast<u32>(data.size());
	Chunk *chunk = last_->takes(length) ? last_ : next_chunk();
	if (!chunk)
		return false;
	const Header header{.flags = 0, .sequence = sequence};
	u8 *to = chunk->bytes + u64{chunk->count} * length;
	__builtin_memcpy(to, &header, kHeader);
	__builtin_memcpy(to + kHeader, data.data(), data.size());
	chunk->length = length;
	chunk->count++;
	count_++;
	return true;
}

EventStore::Batch EventStore::front(u32 most) const
{
	const Chunk &chunk = *first_;
	return {chunk.bytes + u64{chunk.read} * chunk.length, chunk.length, base::min(most, chunk.count - chunk.read)};
}

void *EventStore::take(u32 count)
{
	Chunk *chunk = first_;
	chunk->read += count;
	count_ -= count;
	if (chunk->read < chunk->count)
		return nullptr;
	if (chunk == last_) {
		chunk->reset();
		return nullptr;
	}
	first_ = chunk->next;
	return spare_ ? chunk : std::exchange(spare_, chunk);
}

} // namespace iommufd::vdevice
