// SPDX-License-Identifier: GPL-2.0-only
// The home of Memory's virtual table.
#include "iommufd/memory.hpp"

namespace iommufd {

Memory::~Memory() = default;

} // namespace iommufd
