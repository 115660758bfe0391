// SPDX-License-Identifier: GPL-2.0-only
// The one mutex of what all contexts share (parents, registered drivers), held for a scope. It needs no set-up, which
// there would be no constructor to do.
#pragma once
#include "bridge/pasid.h"

namespace iommufd {

class [[nodiscard]] RegistryGuard {
public:
	RegistryGuard() { kx_registry_lock(); }
	RegistryGuard(const RegistryGuard &) = delete;
	~RegistryGuard() { kx_registry_unlock(); }
};

} // namespace iommufd
