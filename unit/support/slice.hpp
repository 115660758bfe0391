// SPDX-License-Identifier: GPL-2.0-only
// Slices as a parent's driver has them, and such a driver's and an IOMMU driver's operations.
#pragma once
#include <functional>

#include "fake/iopf.hpp"
#include "iommufd/driver_api.hpp"
#include "iommufd/pasid_api.hpp"
#include "support/world.hpp"

namespace test {

// A bound slice.
class Slice {
public:
	Slice(const Fd &fd, device &dev, u32 pasid)
	{
		iommufd_device *made = iommufd_device_bind_pasid(fd.ctx(), &dev, pasid, &id_);
		error_ = error_of(made);
		if (!error_)
			idev_ = made;
	}
	Slice(const Slice &) = delete;
	~Slice() { unbind(); }

	int error() const { return error_; }
	u32 id() const { return id_; }
	iommufd_device *idev() const { return idev_; }
	int attach(u32 pt, u32 *hwpt = nullptr)
	{
		int rc = iommufd_device_attach(idev_, &pt);
		attached_ |= !rc;
		if (hwpt)
			*hwpt = pt;
		return rc;
	}
	int replace(u32 pt) { return iommufd_device_replace(idev_, &pt); }
	void detach()
	{
		iommufd_device_detach(idev_);
		attached_ = false;
	}
	void unbind()
	{
		if (!idev_)
			return;
		if (attached_)
			detach();
		iommufd_device_unbind(std::exchange(idev_, nullptr));
	}

private:
	static int error_of(const void *ptr)
	{
		auto value = reinterpret_cast<std::intptr_t>(ptr);
		return value < 0 && value >= -4095 ? static_cast<int>(value) : 0;
	}

	iommufd_device *idev_ = nullptr;
	u32 id_ = 0;
	int error_ = 0;
	bool attached_ = false;
};

// A fault queue, and HWPTs that have it.
class Queue {
public:
	explicit Queue(const Fd &fd) : fd_(fd)
	{
		iommu_fault_alloc cmd{};
		EXPECT_EQ(fd.call(IOMMU_FAULT_QUEUE_ALLOC, cmd), 0);
		id_ = cmd.out_fault_id;
		queue_ = fake::file_at(static_cast<int>(cmd.out_fault_fd))->queue;
	}
	// The new id; fails the test when there is none.
	u32 hwpt(u32 device, u32 ioas) const
	{
		iommu_hwpt_alloc cmd{
			.flags = IOMMU_HWPT_FAULT_ID_VALID, .dev_id = device, .pt_id = ioas, .fault_id = id_};
		EXPECT_EQ(fd_.call(IOMMU_HWPT_ALLOC, cmd), 0) << fake::last_rejection();
		return cmd.out_hwpt_id;
	}
	// All that is there to be read.
	std::vector<iommu_hwpt_pgfault> read() const
	{
		std::vector<iommu_hwpt_pgfault> out(16);
		const u64 size = out.size() * sizeof(out[0]);
		fake::Reachable r(out.data(), size);
		long rc = iommufd_cxx_queue_read(queue_, reinterpret_cast<u64>(out.data()), size);
		EXPECT_GE(rc, 0);
		out.resize(rc > 0 ? rc / sizeof(out[0]) : 0);
		return out;
	}

private:
	const Fd &fd_;
	u32 id_ = 0;
	void *queue_ = nullptr;
};

// The registration of the first IOMMU driver, with this operation alone.
inline iommufd_driver replacing_driver(decltype(iommufd_driver::replace_pasid) replace)
{
	iommufd_driver driver{};
	driver.ops = fake::driver_ops(0);
	driver.replace_pasid = replace;
	return driver;
}

// An IOMMU driver that replaces in one step, for a scope. `during`, if set, runs while the hardware changes over, and
// says what becomes of it.
class OneStep {
public:
	OneStep()
	{
		current = this;
		EXPECT_EQ(iommufd_driver_register(&driver_), 0);
	}
	OneStep(const OneStep &) = delete;
	~OneStep()
	{
		iommufd_driver_unregister(&driver_);
		current = nullptr;
	}

	std::function<int()> during;

private:
	static int replace(iommu_domain *to, device *dev, unsigned pasid, iommu_domain *from)
	{
		if (fake::step(fake::Fault::kAttach))
			return -12;
		if (current->during)
			if (int rc = current->during())
				return rc;
		if (dev->suits)
			if (int rc = dev->suits(*to))
				return rc;
		fake::move_pasid(*dev, pasid, from, to);
		return 0;
	}

	static OneStep *current;
	iommufd_driver driver_ = replacing_driver(replace);
};

inline OneStep *OneStep::current = nullptr;

} // namespace test
