// SPDX-License-Identifier: GPL-2.0-only
// Intervals of 64-bit numbers, which may overlap, in an AVL tree that also keeps the greatest `last` of each
// subtree: "what touches start..last" costs O(log n), and so does insertion and removal. The nodes are
// embedded in their objects (IntervalHook<Tag>, one tag for each tree an object can be in), the tree
// allocates nothing and owns nothing.
//
// Locking is the owner's: readers may share, writers need the tree to themselves.
#pragma once
#include <initializer_list>

#include "base/types.hpp"

namespace base {

class IntervalNode {
public:
	IntervalNode() = default;
	IntervalNode(const IntervalNode &) = delete;

	u64 start() const { return start_; }
	u64 last() const { return last_; }
	bool linked() const { return height_; }

private:
	friend class IntervalTree;
	u64 start_ = 0, last_ = 0;
	u64 subtree_last_ = 0;
	IntervalNode *parent_ = nullptr, *left_ = nullptr, *right_ = nullptr;
	u32 height_ = 0; // 0: in no tree; a leaf is 1
};

// The untyped tree: use IntervalSet.
class IntervalTree {
public:
	IntervalTree() = default;
	IntervalTree(const IntervalTree &) = delete;

	bool empty() const { return !root_; }
	void insert(IntervalNode &node, u64 start, u64 last);
	void remove(IntervalNode &node);
	void swap(IntervalTree &other);

	// The overlapping node with the smallest start, and the one after `node` in that order.
	IntervalNode *first(u64 start, u64 last) const;
	static IntervalNode *next(const IntervalNode &node, u64 start, u64 last);

	// For the unit tests: every invariant of the structure holds.
	bool valid() const;

private:
	static IntervalNode *first_below(IntervalNode *at, u64 start, u64 last);
	static void refresh(IntervalNode &node);
	void replace_child(IntervalNode *parent, const IntervalNode &old, IntervalNode *with);
	IntervalNode *rotate(IntervalNode &node, bool to_left);
	void rebalance_from(IntervalNode *node);

	IntervalNode *root_ = nullptr;
};

template <typename Tag> class IntervalHook : public IntervalNode {
};

// The tree of all T by the interval of type R (a Strong type) in their hook Tag.
template <typename T, typename Tag, typename R> class IntervalSet {
	using Hook = IntervalHook<Tag>;

	static T *object(IntervalNode *n) { return n ? static_cast<T *>(static_cast<Hook *>(n)) : nullptr; }

public:
	const IntervalTree &tree() const { return tree_; }
	bool empty() const { return tree_.empty(); }
	void insert(T &item, Range<R> r) { tree_.insert(static_cast<Hook &>(item), r.start.raw(), r.last.raw()); }
	void remove(T &item) { tree_.remove(static_cast<Hook &>(item)); }
	void swap(IntervalSet &other) { tree_.swap(other.tree_); }

	static Range<R> range(const T &item)
	{
		const Hook &hook = item;
		return {R(hook.start()), R(hook.last())};
	}
	static bool linked(const T &item) { return static_cast<const Hook &>(item).linked(); }

	T *first(Range<R> r) const { return object(tree_.first(r.start.raw(), r.last.raw())); }
	T *first() const { return object(tree_.first(0, kU64Max)); }
	T *at(R point) const { return first({point, point}); }
	static T *next(const T &item, Range<R> r)
	{
		return object(IntervalTree::next(static_cast<const Hook &>(item), r.start.raw(), r.last.raw()));
	}
	static T *next(const T &item) { return next(item, {R(0), R(kU64Max)}); }

	// Take every item out and hand it to `sink`, which may free it.
	template <typename Fn> void drain(Fn &&sink)
	{
		while (T *item = first()) {
			remove(*item);
			sink(*item);
		}
	}

private:
	IntervalTree tree_;
};

} // namespace base
