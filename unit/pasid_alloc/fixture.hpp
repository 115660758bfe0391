// SPDX-License-Identifier: GPL-2.0-only
// The loaded module on a fake machine, consumers, and a backend that does what a test tells it.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fake/module.hpp"
#include "fake/pasid_alloc.hpp"
#include "pasid_alloc/glue.h"
#include "support/world.hpp"

#define IOMMUFD_CXX_KERNEL
#include "linux/iommu_pasid_alloc.h"

namespace test {

constexpr unsigned kLastPasid = (1u << 20) - 1;
constexpr int kNoDev = -19, kNoSpace = -28, kNoMemory = -12, kInvalid = -22, kBusy = -16, kNoEntry = -2, kIoError = -5;

// Something that a PASID can stand for, and that tells its name.
struct Owner {
	std::string name = "somebody";
};

// What a driver knows of its hardware.
struct Hardware {
	std::optional<std::pair<unsigned, unsigned>> limit{};
	int error = 0;
	std::pair<unsigned, unsigned> offered{}; // what limit() was given
};

class Consumer {
public:
	explicit Consumer(device *dev, const char *name = "driver", Hardware *hardware = nullptr);
	Consumer(const Consumer &) = delete;
	~Consumer() { exit(); }

	int error() const { return error_; }
	// The PASID, or a negative errno.
	int alloc(unsigned min = 1, unsigned max = kLastPasid, void *owner = nullptr);
	int free(unsigned pasid) { return iommu_pasid_free(get(), pasid); }
	Owner *find(unsigned pasid) { return static_cast<Owner *>(iommu_pasid_find(get(), pasid)); }
	std::vector<unsigned> live();
	// Frees all and ends; the number of PASIDs that were left.
	unsigned exit();
	void free_all();
	iommu_pasid_consumer *get() const { return consumer_; }
	Owner owner;

private:
	iommu_pasid_consumer *consumer_ = nullptr;
	int error_ = 0;
};

// Answers come from the functions; the default is a well-behaved one that counts upwards within what it is asked for.
class FakeBackend {
public:
	explicit FakeBackend(const char *name = "fake", int priority = 10);
	FakeBackend(const FakeBackend &) = delete;
	~FakeBackend();

	iommu_pasid_backend *get() { return &backend_; }
	std::function<int(device *dev, unsigned *first, unsigned *last, void **space)> probe;
	std::function<int(void *space, unsigned min, unsigned max, unsigned *pasid)> alloc;
	std::multiset<unsigned> live; // handed out, as the backend sees it
	std::vector<unsigned> freed;  // calls of free
	std::vector<void *> released; // calls of release
	unsigned probes = 0;
	module owner{};

private:
	iommu_pasid_backend backend_{};
};

class PasidWorld : public World {
protected:
	PasidWorld();
	~PasidWorld() override;
	// A device with PASIDs 1 to last.
	device &pasid_device(unsigned last = kLastPasid);
	std::set<unsigned> &taken = fake::global_pasids();
};

} // namespace test
