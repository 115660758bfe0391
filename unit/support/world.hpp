// SPDX-License-Identifier: GPL-2.0-only
// World: a fresh fake machine with one process; at its end everything must be as at the beginning. Fd: an open
// /dev/iommu with one function for each ioctl, which return 0 or a negative errno as the kernel's do.
#pragma once
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "bridge/api.h"
#include "bridge/fd.h"
#include "fake/alloc.hpp"
#include "fake/fault.hpp"
#include "fake/file.hpp"
#include "fake/iommu.hpp"
#include "fake/iopf.hpp"
#include "fake/log.hpp"
#include "fake/memory.hpp"
#include "fake/sync.hpp"
#include "fake/uaccess.hpp"
#include "iommufd/context.hpp"
#include "iommufd/pasid_api.hpp"
#include "kern/uapi.hpp"

namespace test {

constexpr u64 kPage = base::kPageSize;
constexpr u64 kVa = 0x10'0000'0000; // where a process's first memory is
constexpr u32 kReadWrite = IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE;
constexpr u32 kRead = IOMMU_IOAS_MAP_READABLE;
constexpr u32 kFixed = IOMMU_IOAS_MAP_FIXED_IOVA;

class Fd {
public:
	explicit Fd(bool vfio_container = false) : file_(fake::open_ours(vfio_container, &open_error_)) {}
	Fd(const Fd &) = delete;
	~Fd() { close(); }

	int open_error() const { return open_error_; }
	file *get() const { return file_; }
	void close();
	iommufd::Context &context() const { return *static_cast<iommufd::Context *>(file_->private_data); }
	iommufd_ctx *ctx() const { return static_cast<iommufd_ctx *>(file_->private_data); }

	// The bare call; `cmd` is reachable for `size` bytes.
	int raw(unsigned nr, void *cmd, u32 size) const;
	template <typename T> int call(unsigned nr, T &cmd) const
	{
		cmd.size = sizeof(cmd);
		return raw(nr, &cmd, sizeof(cmd));
	}
	// The same for a call that also tells something: `field` goes to `out`, whatever comes of it.
	template <typename Cmd, typename Field, typename Out>
	int call_for(unsigned nr, Cmd cmd, Field Cmd::*field, Out &out) const
	{
		int rc = call(nr, cmd);
		out = cmd.*field;
		return rc;
	}

	int destroy(u32 id) const;
	// The new id; fails the test when there is none.
	u32 ioas() const;
	int map(u32 ioas, u64 va, u64 length, u64 &iova, u32 flags = kReadWrite) const;
	int map_at(u32 ioas, u64 va, u64 length, u64 iova, u32 flags = kReadWrite) const;
	int map_file(u32 ioas, int file, u64 start, u64 length, u64 &iova, u32 flags = kReadWrite) const;
	int map_file_at(u32 ioas, int file, u64 start, u64 length, u64 iova, u32 flags = kReadWrite) const;
	int change_process() const;
	int unmap(u32 ioas, u64 iova, u64 length, u64 *unmapped = nullptr) const;
	int unmap_all(u32 ioas) const;
	int copy(u32 to, u32 from, u64 src, u64 length, u64 &dst, u32 flags = kReadWrite | kFixed) const;
	int allow(u32 ioas, std::vector<iommu_iova_range> ranges) const;
	int ranges(u32 ioas, std::vector<iommu_iova_range> &out, u64 *alignment = nullptr, u32 room = 64) const;
	int option(u32 id, u32 op, u32 object, u64 &value) const;
	int vfio_ioas(u32 op, u32 &ioas) const;
	int hwpt(u32 device, u32 pt, u32 &out, u32 flags = 0) const;

private:
	int open_error_ = 0;
	file *file_;
};

// A bound device.
class Bound {
public:
	Bound(const Fd &fd, device &dev);
	Bound(const Bound &) = delete;
	~Bound() { unbind(); }

	explicit operator bool() const { return idev_; }
	int error() const { return error_; }
	u32 id() const { return id_; }
	iommufd_device *idev() const { return idev_; }
	int attach(u32 pt, u32 *hwpt = nullptr);
	int attach_pasid(u32 pasid, u32 pt) { return iommufd_device_attach_pasid(idev_, pasid, &pt); }
	int replace_pasid(u32 pasid, u32 pt) { return iommufd_device_replace_pasid(idev_, pasid, &pt); }
	int replace(u32 pt, u32 *hwpt = nullptr);
	void detach();
	// Detaches too, if need be.
	void unbind();

private:
	iommufd_device *idev_ = nullptr;
	int error_ = 0;
	u32 id_ = 0;
	bool attached_ = false;
};

// A kernel driver's access whose unmap function unpins what it has pinned there (or `on_unmap`).
class Driver {
public:
	explicit Driver(const Fd &fd, bool pins = true);
	Driver(const Driver &) = delete;
	~Driver() { destroy(); }

	int error() const { return error_; }
	u32 id() const { return id_; }
	int attach(u32 ioas) { return iommufd_access_attach(access_, ioas); }
	int replace(u32 ioas) { return iommufd_access_replace(access_, ioas); }
	void detach() { iommufd_access_detach(access_); }
	void destroy();
	int pin(u64 iova, u64 length, bool write = true);
	void unpin(u64 iova, u64 length);
	int rw(u64 iova, void *data, u64 length, unsigned flags);

	std::vector<page *> pages; // of the last pin()
	unsigned told = 0;         // calls of the unmap function
	std::function<void(u64 iova, u64 length)> on_unmap;

private:
	struct Pin {
		u64 iova, length;
	};
	static void unmapped(void *self, unsigned long iova, unsigned long length);

	iommufd_access_ops ops_{};
	iommufd_access *access_ = nullptr;
	int error_ = 0;
	u32 id_ = 0;
	std::vector<Pin> pins_;
};

// A machine; the destructor checks the balance.
class Machine {
public:
	Machine();
	~Machine();

	fake::Process &process;
	// `pages` of memory at kVa + `at` pages, and its address.
	u64 memory(u64 pages, fake::MapSpec spec = {});
	device &new_device() { return fake::new_device(fake::new_group()); }

private:
	u64 next_va_ = kVa;
};

class World : public ::testing::Test {
protected:
	Machine machine;
	fake::Process &process = machine.process;
	u64 memory(u64 pages, fake::MapSpec spec = {}) { return machine.memory(pages, spec); }
};

} // namespace test
