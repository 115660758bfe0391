// SPDX-License-Identifier: GPL-2.0-only
// AVL tree with the subtree's greatest `last` carried along; see interval_tree.hpp for the model.
// Invariants, checked by valid(): start ordered, children's heights differ by at most one, and
// subtree_last_ is the maximum over the node and both subtrees.
#include "base/interval_tree.hpp"

namespace base {

namespace {

int balance(u32 left, u32 right) { return static_cast<int>(left) - static_cast<int>(right); }

} // namespace

void IntervalTree::refresh(IntervalNode &node)
{
	u32 height = 0;
	u64 last = node.last_;
	for (const IntervalNode *child : {node.left_, node.right_}) {
		if (!child)
			continue;
		height = max(height, child->height_);
		last = max(last, child->subtree_last_);
	}
	node.height_ = height + 1;
	node.subtree_last_ = last;
}

void IntervalTree::replace_child(IntervalNode *parent, const IntervalNode &old, IntervalNode *with)
{
	if (!parent)
		root_ = with;
	else if (parent->left_ == &old)
		parent->left_ = with;
	else
		parent->right_ = with;
	if (with)
		with->parent_ = parent;
}

// Turn `node` down to the left (or right); its other child takes its place and is returned.
IntervalNode *IntervalTree::rotate(IntervalNode &node, bool to_left)
{
	IntervalNode *up = to_left ? node.right_ : node.left_;
	IntervalNode *&handed_over = to_left ? up->left_ : up->right_;

	replace_child(node.parent_, node, up);
	(to_left ? node.right_ : node.left_) = handed_over;
	if (handed_over)
		handed_over->parent_ = &node;
	handed_over = &node;
	node.parent_ = up;
	refresh(node);
	refresh(*up);
	return up;
}

void IntervalTree::rebalance_from(IntervalNode *node)
{
	auto height = [](const IntervalNode *n) { return n ? n->height_ : 0; };

	for (; node; node = node->parent_) {
		refresh(*node);
		int lean = balance(height(node->left_), height(node->right_));
		if (lean > 1) {
			if (height(node->left_->left_) < height(node->left_->right_))
				rotate(*node->left_, true);
			node = rotate(*node, false);
		} else if (lean < -1) {
			if (height(node->right_->right_) < height(node->right_->left_))
				rotate(*node->right_, false);
			node = rotate(*node, true);
		}
	}
}

// Puts `node` into the tree for start..last (inclusive). The node must be in no tree.
void IntervalTree::insert(IntervalNode &node, u64 start, u64 last)
{
	IntervalNode *parent = nullptr;
	IntervalNode **link = &root_;

	node.start_ = start;
	node.last_ = last;
	while (*link) {
		parent = *link;
		link = start < parent->start_ ? &parent->left_ : &parent->right_;
	}
	*link = &node;
	node.parent_ = parent;
	node.left_ = node.right_ = nullptr;
	rebalance_from(&node);
}

// Takes `node` out; it may be inserted again or freed.
void IntervalTree::remove(IntervalNode &node)
{
	IntervalNode *lowest_changed;

	if (!node.left_ || !node.right_) {
		lowest_changed = node.parent_;
		replace_child(node.parent_, node, node.left_ ? node.left_ : node.right_);
	} else {
		IntervalNode *heir = node.right_;
		while (heir->left_)
			heir = heir->left_;
		lowest_changed = heir;
		if (heir->parent_ != &node) {
			lowest_changed = heir->parent_;
			replace_child(heir->parent_, *heir, heir->right_);
			heir->right_ = node.right_;
			heir->right_->parent_ = heir;
		}
		heir->left_ = node.left_;
		heir->left_->parent_ = heir;
		replace_child(node.parent_, node, heir);
	}
	rebalance_from(lowest_changed);
	node.parent_ = node.left_ = node.right_ = nullptr;
	node.height_ = 0;
}

void IntervalTree::swap(IntervalTree &other)
{
	IntervalNode *mine = root_;
	root_ = other.root_;
	other.root_ = mine;
}

IntervalNode *IntervalTree::first_below(IntervalNode *at, u64 start, u64 last)
{
	while (at && at->subtree_last_ >= start) {
		// Whatever in the left subtree ends late enough starts earlier than anything else here.
		if (at->left_ && at->left_->subtree_last_ >= start) {
			at = at->left_;
			continue;
		}
		if (at->start_ > last)
			return nullptr;
		if (at->last_ >= start)
			return at;
		at = at->right_;
	}
	return nullptr;
}

IntervalNode *IntervalTree::first(u64 start, u64 last) const { return first_below(root_, start, last); }

IntervalNode *IntervalTree::next(const IntervalNode &node, u64 start, u64 last)
{
	if (IntervalNode *found = first_below(node.right_, start, last))
		return found;

	const IntervalNode *child = &node;
	for (IntervalNode *up = node.parent_; up; child = up, up = up->parent_) {
		if (up->right_ == child)
			continue;
		if (up->start_ > last)
			return nullptr;
		if (up->last_ >= start)
			return up;
		if (IntervalNode *found = first_below(up->right_, start, last))
			return found;
	}
	return nullptr;
}

bool IntervalTree::valid() const
{
	const IntervalNode *prev = nullptr;
	for (const IntervalNode *n = first(0, kU64Max); n; n = next(*n, 0, kU64Max)) {
		u32 left = n->left_ ? n->left_->height_ : 0, right = n->right_ ? n->right_->height_ : 0;
		u64 last = n->last_;
		for (const IntervalNode *child : {n->left_, n->right_}) {
			if (child && child->parent_ != n)
				return false;
			if (child)
				last = max(last, child->subtree_last_);
		}
		int lean = balance(left, right);
		if (lean < -1 || lean > 1 || n->height_ != max(left, right) + 1 || n->subtree_last_ != last)
			return false;
		if (prev && prev->start_ > n->start_)
			return false;
		prev = n;
	}
	return true;
}

} // namespace base
