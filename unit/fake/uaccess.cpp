// SPDX-License-Identifier: GPL-2.0-only
// User memory; see uaccess.hpp.
#include "fake/uaccess.hpp"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "bridge/uaccess.h"
#include "fake/fault.hpp"
#include "fake/memory.hpp"
#include "fake/sync.hpp"

namespace fake {

namespace {

struct Piece {
	unsigned long at, size;
	bool writable;
};
std::vector<Piece> pieces;
std::function<void()> meanwhile;

// The byte behind `at`, and how many more follow in one go (up to `size`); null when it cannot be reached.
char *reach(unsigned long at, unsigned long &size, bool write)
{
	for (const Piece &p : pieces)
		if (at >= p.at && at < p.at + p.size && (!write || p.writable)) {
			size = std::min(size, p.at + p.size - at);
			return reinterpret_cast<char *>(at);
		}
	if (!current.mm)
		return nullptr;
	auto it = current.mm->entries.find(at / kPage);
	if (it == current.mm->entries.end() || it->second.special || (write && !it->second.writable))
		return nullptr;
	size = std::min(size, kPage - at % kPage);
	return data_of(*it->second.to) + at % kPage;
}

template <typename Fn> bool each_piece(unsigned long at, unsigned long size, bool write, Fn &&fn)
{
	touch_mmap_lock("user access");
	if (auto run = std::exchange(meanwhile, nullptr))
		run();
	if (step(Fault::kUserCopy))
		return false;
	while (size) {
		unsigned long now = size;
		char *bytes = reach(at, now, write);
		if (!bytes)
			return false;
		fn(bytes, now);
		at += now;
		size -= now;
	}
	return true;
}

} // namespace

Reachable::Reachable(const void *at, unsigned long size, Mode mode)
	: at_(reinterpret_cast<unsigned long>(at)), size_(size)
{
	pieces.push_back({at_, size_, mode == kReadWrite});
}

Reachable::~Reachable()
{
	std::erase_if(pieces, [&](const Piece &p) { return p.at == at_ && p.size == size_; });
}

void while_copying(std::function<void()> fn) { meanwhile = std::move(fn); }

} // namespace fake

using namespace fake;

bool kx_copy_from_user(void *to, unsigned long from, unsigned long size)
{
	char *at = static_cast<char *>(to);
	return each_piece(from, size, false, [&](char *bytes, unsigned long n) {
		memcpy(at, bytes, n);
		at += n;
	});
}

bool kx_copy_to_user(unsigned long to, const void *from, unsigned long size)
{
	const char *at = static_cast<const char *>(from);
	return each_piece(to, size, true, [&](char *bytes, unsigned long n) {
		memcpy(bytes, at, n);
		at += n;
	});
}

bool kx_clear_user(unsigned long to, unsigned long size)
{
	return each_piece(to, size, true, [](char *bytes, unsigned long n) { memset(bytes, 0, n); });
}

int kx_copy_struct_from_user(void *to, unsigned long known, unsigned long from, unsigned long given)
{
	const unsigned long both = std::min(known, given);
	bool zero = true;

	memset(static_cast<char *>(to) + both, 0, known - both);
	if (given > known) {
		if (!each_piece(from + known, given - known, false, [&](char *bytes, unsigned long n) {
			    zero = zero && std::all_of(bytes, bytes + n, [](char c) { return !c; });
		    }))
			return -14;
		if (!zero)
			return -7;
	}
	return kx_copy_from_user(to, from, both) ? 0 : -14;
}
