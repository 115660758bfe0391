// SPDX-License-Identifier: GPL-2.0-only
// An IOMMU driver with vIOMMUs, and what a test needs to make one.
#pragma once
#include <functional>

#include "fake/module.hpp"
#include "fake/viommu.hpp"
#include "iommufd/driver_api.hpp"
#include "support/world.hpp"

namespace test {

constexpr u32 kViommuType = 7;

// The driver of the first IOMMUs, for a scope. What it does can be changed while it is registered.
class ViommuDriver {
public:
	struct Part {
		iommufd_viommu core;
		device *dev;
		u32 zero; // nobody writes it
	};
	struct VdevicePart {
		iommufd_vdevice core;
		u32 zero;
	};

	ViommuDriver()
	{
		current = this;
		driver_.ops = fake::driver_ops(0);
		driver_.owner = &owner;
		driver_.viommu_size = [](device *, u32 type) { return type == kViommuType ? current->size : 0; };
		driver_.viommu_init = init;
		ops.destroy = [](iommufd_viommu *) { current->destroyed++; };
		ops.alloc_domain_nested = nested;
		ops.cache_invalidate = [](iommufd_viommu *v, iommu_user_data_array *array) {
			return current->on_invalidate(*v, *array);
		};
		ops.vdevice_size = sizeof(VdevicePart);
		ops.vdevice_init = vdevice_init;
		EXPECT_EQ(iommufd_driver_register(&driver_), 0);
	}
	ViommuDriver(const ViommuDriver &) = delete;
	~ViommuDriver()
	{
		iommufd_driver_unregister(&driver_);
		EXPECT_EQ(owner.refs, 0) << "the driver cannot be unloaded";
		EXPECT_EQ(destroyed, made);
		EXPECT_EQ(vdevices_destroyed, vdevices_made);
		current = nullptr;
	}

	iommufd_driver &registration() { return driver_; }

	module owner;
	unsigned long size = sizeof(Part);
	iommufd_viommu_ops ops{};
	bool forgets_ops = false;
	int init_error = 0, vdevice_error = 0;
	unsigned made = 0, destroyed = 0, vdevices_made = 0, vdevices_destroyed = 0;
	iommufd_viommu *last = nullptr;
	std::function<int(iommufd_viommu &, iommu_user_data_array &)> on_invalidate =
		[](iommufd_viommu &, iommu_user_data_array &) { return 0; };
	std::function<void(const iommu_user_data *)> on_init = [](const iommu_user_data *) {};
	// Within init, which will succeed
	std::function<void(iommufd_viommu &)> on_viommu = [](iommufd_viommu &) {};
	std::function<void(iommufd_vdevice &)> on_vdevice_init = [](iommufd_vdevice &) {};
	std::function<void(iommufd_vdevice &)> on_vdevice_destroy = [](iommufd_vdevice &) {};

private:
	static int init(iommufd_viommu *viommu, const iommu_user_data *data)
	{
		auto &part = *reinterpret_cast<Part *>(viommu);
		EXPECT_EQ(part.zero, 0u);
		EXPECT_EQ(viommu->type, kViommuType);
		if (fake::step(fake::Fault::kAlloc))
			return -12;
		if (current->init_error)
			return current->init_error;
		current->on_init(data);
		part.dev = viommu->dev;
		if (current->forgets_ops)
			return 0;
		viommu->ops = &current->ops;
		current->on_viommu(*viommu);
		current->made++;
		current->last = viommu;
		return 0;
	}

	static iommu_domain *nested(iommufd_viommu *viommu, u32 flags, const iommu_user_data *data)
	{
		EXPECT_EQ(viommu->dev, nullptr);
		iommu_domain *domain = nullptr;
		int rc = kx_domain_alloc_user(reinterpret_cast<Part *>(viommu)->dev, flags, viommu->parent, data->type,
					      reinterpret_cast<u64>(data->uptr), data->len, &domain);
		return rc ? reinterpret_cast<iommu_domain *>(static_cast<std::intptr_t>(rc)) : domain;
	}

	static int vdevice_init(iommufd_vdevice *vdevice)
	{
		EXPECT_EQ(reinterpret_cast<VdevicePart *>(vdevice)->zero, 0u);
		EXPECT_EQ(iommufd_viommu_find_dev(vdevice->viommu, vdevice->virt_id, nullptr), nullptr)
			<< "found too early";
		if (fake::step(fake::Fault::kAlloc))
			return -12;
		if (current->vdevice_error)
			return current->vdevice_error;
		current->on_vdevice_init(*vdevice);
		current->vdevices_made++;
		vdevice->destroy = [](iommufd_vdevice *gone) {
			current->vdevices_destroyed++;
			current->on_vdevice_destroy(*gone);
		};
		return 0;
	}

	static ViommuDriver *current;
	iommufd_driver driver_{};
};

inline ViommuDriver *ViommuDriver::current = nullptr;

// A bound device, an IOAS and a nest parent on it.
struct Guest {
	explicit Guest(const Fd &f, device *device = nullptr)
		: fd(f), raw(device ? *device : fake::new_device(fake::new_group())), dev(std::in_place, f, raw),
		  ioas(f.ioas())
	{
		EXPECT_EQ(fd.hwpt(dev->id(), ioas, parent, IOMMU_HWPT_ALLOC_NEST_PARENT), 0);
	}

	// 0 or an errno; the new object's id in the second.
	int viommu(u32 &id, u32 type = kViommuType) const
	{
		const iommu_viommu_alloc cmd{.type = type, .dev_id = dev->id(), .hwpt_id = parent};
		return fd.call_for(IOMMU_VIOMMU_ALLOC, cmd, &iommu_viommu_alloc::out_viommu_id, id);
	}
	int vdevice(u32 viommu, u32 device, u64 virt_id, u32 &id) const
	{
		const iommu_vdevice_alloc cmd{.viommu_id = viommu, .dev_id = device, .virt_id = virt_id};
		return fd.call_for(IOMMU_VDEVICE_ALLOC, cmd, &iommu_vdevice_alloc::out_vdevice_id, id);
	}
	int vdevice(u32 viommu, u32 device, u64 virt_id) const
	{
		u32 id;
		return vdevice(viommu, device, virt_id, id);
	}
	// A nested HWPT on a vIOMMU or HWPT
	int nested(u32 pt, u32 &id, u32 flags = 0, u32 type = 7) const
	{
		u64 data = 0;
		fake::Reachable reachable(&data, sizeof(data), fake::Reachable::kReadOnly);
		const iommu_hwpt_alloc cmd{.flags = flags,
					   .dev_id = dev->id(),
					   .pt_id = pt,
					   .data_type = type,
					   .data_len = type ? u32(sizeof(data)) : 0,
					   .data_uptr = reinterpret_cast<u64>(&data)};
		return fd.call_for(IOMMU_HWPT_ALLOC, cmd, &iommu_hwpt_alloc::out_hwpt_id, id);
	}
	int invalidate(u32 target, u32 &count, u32 length = 8, u64 data = 0x1000, u32 type = 0) const
	{
		const iommu_hwpt_invalidate cmd{.hwpt_id = target,
						.data_uptr = data,
						.data_type = type,
						.entry_len = length,
						.entry_num = count};
		return fd.call_for(IOMMU_HWPT_INVALIDATE, cmd, &iommu_hwpt_invalidate::entry_num, count);
	}

	const Fd &fd;
	device &raw;
	std::optional<Bound> dev;
	u32 ioas, parent = 0;
};

} // namespace test
