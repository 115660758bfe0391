// SPDX-License-Identifier: GPL-2.0-only
// Whom memory is charged to that is allocated while somebody else runs.
#pragma once
#include "base/held.hpp"
#include "bridge/memcg.h"

namespace kern {

using MemcgRef = base::Held<mem_cgroup, kx_memcg_put>;

} // namespace kern
