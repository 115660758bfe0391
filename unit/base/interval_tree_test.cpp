// SPDX-License-Identifier: GPL-2.0-only
// IntervalTree against a list of intervals, under random operations.
#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "base/interval_tree.hpp"

namespace {

using namespace base;

struct Node : IntervalNode {};

// What the tree should answer: all overlapping nodes, ordered by start.
class Model {
public:
	std::vector<Node *> nodes;

	std::vector<u64> touching(u64 start, u64 last) const
	{
		std::vector<u64> starts;
		for (const Node *n : nodes)
			if (n->start() <= last && start <= n->last())
				starts.push_back(n->start());
		std::sort(starts.begin(), starts.end());
		return starts;
	}
};

std::vector<u64> walk(const IntervalTree &tree, u64 start, u64 last)
{
	std::vector<u64> starts;
	for (const IntervalNode *n = tree.first(start, last); n; n = IntervalTree::next(*n, start, last)) {
		EXPECT_TRUE(n->start() <= last && start <= n->last());
		starts.push_back(n->start());
	}
	return starts;
}

// `scale` 1: everything near 0; otherwise the top of the number space.
void random_operations(unsigned seed, bool at_top)
{
	std::mt19937_64 random(seed);
	const u64 base = at_top ? kU64Max - 255 : 0;
	auto interval = [&] {
		u64 a = base + random() % 256, b = base + random() % 256;
		return std::pair(std::min(a, b), std::min(std::max(a, b), std::min(a, b) + random() % 40));
	};
	std::vector<std::unique_ptr<Node>> owner;
	IntervalTree tree;
	Model model;

	for (int i = 0; i < 3000; i++) {
		if (model.nodes.empty() || random() % 100 < (i / 500 % 2 ? 35 : 65)) {
			auto [start, last] = interval();
			if (last < start)
				last = kU64Max;
			Node *n = owner.emplace_back(new Node).get();
			tree.insert(*n, start, last);
			EXPECT_TRUE(n->linked());
			model.nodes.push_back(n);
		} else {
			auto at = model.nodes.begin() + random() % model.nodes.size();
			tree.remove(**at);
			EXPECT_FALSE((*at)->linked());
			model.nodes.erase(at);
		}
		ASSERT_TRUE(tree.valid()) << "after operation " << i;
		EXPECT_EQ(tree.empty(), model.nodes.empty());
		auto [start, last] = interval();
		ASSERT_EQ(walk(tree, start, last), model.touching(start, last)) << "after operation " << i;
		if (i % 50 == 0) {
			ASSERT_EQ(walk(tree, 0, kU64Max), model.touching(0, kU64Max));
		}
	}
}

struct ByTag;
struct Thing : IntervalHook<ByTag> {};

} // namespace

TEST(IntervalTree, RandomOperationsMatchModel)
{
	for (unsigned seed = 1; seed <= 4; seed++)
		random_operations(seed, false);
}

TEST(IntervalTree, RandomOperationsAtTheTop) { random_operations(7, true); }

TEST(IntervalTree, AscendingStaysShallow)
{
	std::vector<Node> nodes(4096);
	IntervalTree tree;
	for (u64 i = 0; i < nodes.size(); i++)
		tree.insert(nodes[i], i * 2, i * 2);
	EXPECT_TRUE(tree.valid());
	EXPECT_EQ(walk(tree, 100, 103), (std::vector<u64>{100, 102}));
	for (u64 i = 0; i < nodes.size(); i += 2)
		tree.remove(nodes[i]);
	EXPECT_TRUE(tree.valid());
	EXPECT_EQ(walk(tree, 0, 10), (std::vector<u64>{2, 6, 10}));
	EXPECT_EQ(tree.first(0, 1), nullptr);
}

TEST(IntervalTree, WholeSpace)
{
	IntervalTree tree;
	Node all, last;
	tree.insert(all, 0, kU64Max);
	tree.insert(last, kU64Max, kU64Max);
	EXPECT_EQ(tree.first(5, 5), &all);
	EXPECT_EQ(tree.first(kU64Max, kU64Max), &all);
	EXPECT_EQ(IntervalTree::next(all, kU64Max, kU64Max), &last);
	EXPECT_EQ(IntervalTree::next(last, 0, kU64Max), nullptr);
}

TEST(IntervalSet, TypedAndSwapped)
{
	Thing a, b;
	IntervalSet<Thing, ByTag, Iova> set, other;
	set.insert(a, {Iova(10), Iova(19)});
	set.insert(b, {Iova(30), Iova(39)});
	EXPECT_EQ(set.at(Iova(15)), &a);
	EXPECT_EQ(set.at(Iova(20)), nullptr);
	EXPECT_EQ(set.next(a), &b);
	EXPECT_EQ(set.next(a, {Iova(0), Iova(29)}), nullptr);
	EXPECT_EQ(set.range(b), (IovaRange{Iova(30), Iova(39)}));
	set.swap(other);
	EXPECT_TRUE(set.empty());
	int drained = 0;
	other.drain([&](Thing &t) {
		EXPECT_FALSE(other.linked(t));
		drained++;
	});
	EXPECT_EQ(drained, 2);
	EXPECT_TRUE(other.empty());
}
