// SPDX-License-Identifier: GPL-2.0-only
// Doubly linked intrusive list. A T that can be on a list derives from ListHook<Tag>, one tag for each list
// it can be on, so that the way back from hook to object is a static_cast and no offset arithmetic.
#pragma once
#include "base/types.hpp"

namespace base {

struct ListLink {
	ListLink *prev = this, *next = this;

	ListLink() = default;
	ListLink(const ListLink &) = delete;

	bool linked() const { return next != this; }
	void unlink()
	{
		prev->next = next;
		next->prev = prev;
		prev = next = this;
	}
	void insert_before(ListLink &at)
	{
		prev = at.prev;
		next = &at;
		at.prev->next = this;
		at.prev = this;
	}
};

template <typename Tag> struct ListHook : ListLink {
};

// The list does not own what is on it.
template <typename T, typename Tag> class List {
	using Hook = ListHook<Tag>;

public:
	class Iterator {
	public:
		explicit Iterator(ListLink *at) : at_(at) {}
		T &operator*() const { return *static_cast<T *>(static_cast<Hook *>(at_)); }
		Iterator &operator++()
		{
			at_ = at_->next;
			return *this;
		}
		friend bool operator==(Iterator, Iterator) = default;

	private:
		ListLink *at_;
	};

	bool empty() const { return !head_.linked(); }
	void push_back(T &item) { static_cast<Hook &>(item).insert_before(head_); }
	static void remove(T &item) { static_cast<Hook &>(item).unlink(); }
	static bool linked(const T &item) { return static_cast<const Hook &>(item).linked(); }

	T &front() { return *begin(); }
	Iterator begin() { return Iterator(head_.next); }
	Iterator end() { return Iterator(&head_); }

	u32 count()
	{
		u32 n = 0;
		for (ListLink *at = head_.next; at != &head_; at = at->next)
			n++;
		return n;
	}

private:
	ListLink head_;
};

} // namespace base
