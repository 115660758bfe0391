// SPDX-License-Identifier: GPL-2.0-only
// Attachment: a group's or PASID's attachment to a domain, as the IOMMU core knows it by its handle.
#pragma once
#include "iommufd/object.hpp"
#include "kern/iommu.hpp"

namespace iommufd {

struct Attachment {
	kern::AttachHandle handle; // first: faults lead back from it
	ObjectId reporter{};       // the device that the user hears faults from; guarded by the FaultQueue's io_lock_
	bool hides_pasid = false;  // page requests look as if they came without PASID; constant

	static Attachment &of(iommu_attach_handle *handle) { return *reinterpret_cast<Attachment *>(handle); }
};

} // namespace iommufd
