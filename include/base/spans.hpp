// SPDX-License-Identifier: GPL-2.0-only
// Walk a range as maximal spans: used (touched by an interval of any of the given trees) or hole (touched by
// none). Neighbouring intervals melt into one used span. One tree or several: the walk is the same.
// The trees must not change under the walk; it allocates nothing.
#pragma once
#include <array>

#include "base/interval_tree.hpp"

namespace base {

struct Span {
	u64 start, last;
	bool is_hole;
};

template <std::size_t N> class Spans {
public:
	Spans(std::array<const IntervalTree *, N> trees, u64 start, u64 last) : trees_(trees), last_(last)
	{
		find(start);
	}

	bool done() const { return done_; }
	const Span &operator*() const { return span_; }
	const Span *operator->() const { return &span_; }
	void next()
	{
		if (span_.last >= last_)
			done_ = true;
		else
			find(span_.last + 1);
	}

private:
	void find(u64 start)
	{
		u64 hole_last;
		if (!next_used(start, hole_last)) {
			span_ = {start, hole_last, true};
			return;
		}
		u64 last = used_last(start);
		// Touching or overlapping intervals of any tree go on with the same span.
		while (last < last_ && next_used(last + 1, hole_last))
			last = used_last(last + 1);
		span_ = {start, min(last, last_), false};
	}

	// Is `at` used? If not, the hole that begins there ends at hole_last.
	bool next_used(u64 at, u64 &hole_last) const
	{
		hole_last = last_;
		for (const IntervalTree *tree : trees_) {
			const IntervalNode *n = tree->first(at, hole_last);
			if (!n)
				continue;
			if (n->start() <= at)
				return true;
			hole_last = n->start() - 1;
		}
		return false;
	}

	// How far the intervals that cover `at` reach.
	u64 used_last(u64 at) const
	{
		u64 last = at;
		for (const IntervalTree *tree : trees_)
			for (const IntervalNode *n = tree->first(at, at); n; n = IntervalTree::next(*n, at, at))
				last = max(last, n->last());
		return last;
	}

	std::array<const IntervalTree *, N> trees_;
	u64 last_;
	Span span_{};
	bool done_ = false;
};

} // namespace base
