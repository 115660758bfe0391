// SPDX-License-Identifier: GPL-2.0-only
// Looks at private state of the code under test, which knows nothing of it: an explicit instantiation may name private
// members.
#pragma once
#include "iommufd/context.hpp"
#include "iommufd/ioas.hpp"
#include "iommufd/file_memory.hpp"
#include "iommufd/user_memory.hpp"

namespace peek {

template <typename Member, auto Pointer, typename Name> struct Open {
	friend auto &look(Name, Member &object) { return object.*Pointer; }
};

// PEEK(class, member): peek::member(object)
#define PEEK(Class, member)                                                                     \
	struct Name_##Class##_##member {};                                                      \
	auto &look(Name_##Class##_##member, iommufd::Class &);                                  \
	template struct Open<iommufd::Class, &iommufd::Class::member, Name_##Class##_##member>; \
	inline auto &member(iommufd::Class &object) { return look(Name_##Class##_##member(), object); }

PEEK(Object, users_)
PEEK(Object, short_users_)
PEEK(ObjectTable, ids_)
PEEK(IoPageTable, areas_)
PEEK(IoPageTable, reserved_)
PEEK(IoPageTable, allowed_)
PEEK(IoPageTable, domains_)
PEEK(IoPageTable, listeners_)
PEEK(IoPageTable, alignment_)
PEEK(Pages, payer_)
PEEK(UserMemory, mm_)
PEEK(Pages, pinned_ranges_)
PEEK(Pages, by_domain_)

} // namespace peek
