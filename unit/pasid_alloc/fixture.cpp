// SPDX-License-Identifier: GPL-2.0-only
#include "pasid_alloc/fixture.hpp"

#include <algorithm>
#include <cstdio>

namespace test {

namespace {

int limit_to(void *data, unsigned *first, unsigned *last)
{
	auto &hardware = *static_cast<Hardware *>(data);
	EXPECT_TRUE(data);
	hardware.offered = {*first, *last};
	if (hardware.limit)
		std::tie(*first, *last) = *hardware.limit;
	return hardware.error;
}

void describe_owner(void *, void *owner, char *text, unsigned long size)
{
	snprintf(text, size, "%s", static_cast<Owner *>(owner)->name.c_str());
}

const iommu_pasid_ops kNoLimit{nullptr, describe_owner};
const iommu_pasid_ops kLimited{limit_to, describe_owner};

// Which backend a space is of, and which one is the nth that lives: the functions get nothing else to tell them apart.
std::map<void *, FakeBackend *> spaces;
std::vector<FakeBackend *> backends;

template <int N> int probe_nth(device *dev, unsigned *first, unsigned *last, void **space)
{
	FakeBackend &self = *backends.at(N);
	self.probes++;
	int rc = self.probe(dev, first, last, space);
	spaces[*space] = &self;
	return rc;
}

void release(void *space) { spaces.at(space)->released.push_back(space); }

int alloc_one(void *space, unsigned min, unsigned max, unsigned *pasid)
{
	FakeBackend &self = *spaces.at(space);
	EXPECT_EQ(fake::locks_held(), 0u) << "a backend is called with locks held";
	int rc = self.alloc(space, min, max, pasid);
	if (!rc)
		self.live.insert(*pasid);
	return rc;
}

void free_one(void *space, unsigned pasid)
{
	FakeBackend &self = *spaces.at(space);
	EXPECT_EQ(fake::locks_held(), 0u) << "a backend is called with locks held";
	self.freed.push_back(pasid);
	auto at = self.live.find(pasid);
	ASSERT_NE(at, self.live.end()) << "PASID " << pasid << " was not handed out";
	self.live.erase(at);
}

} // namespace

Consumer::Consumer(device *dev, const char *name, Hardware *hardware)
{
	consumer_ = iommu_pasid_init(dev, name, hardware ? &kLimited : &kNoLimit, hardware);
	auto value = reinterpret_cast<std::intptr_t>(consumer_);
	if (value < 0 && value >= -4095) {
		error_ = static_cast<int>(value);
		consumer_ = nullptr;
	}
}

int Consumer::alloc(unsigned min, unsigned max, void *of)
{
	const unsigned kUntouched = 0xdeadbeef;
	unsigned pasid = kUntouched;
	int rc = iommu_pasid_alloc(consumer_, min, max, of ? of : &owner, &pasid);
	if (rc) {
		EXPECT_EQ(pasid, kUntouched) << "written although it failed";
	}
	return rc ? rc : static_cast<int>(pasid);
}

std::vector<unsigned> Consumer::live()
{
	std::vector<unsigned> all;
	auto note = [](unsigned pasid, void *, void *list) {
		static_cast<std::vector<unsigned> *>(list)->push_back(pasid);
		return 0;
	};
	EXPECT_EQ(iommu_pasid_for_each(consumer_, note, &all), 0);
	return all;
}

void Consumer::free_all()
{
	for (unsigned pasid : live())
		EXPECT_EQ(free(pasid), 0);
}

unsigned Consumer::exit() { return consumer_ ? iommu_pasid_exit(std::exchange(consumer_, nullptr)) : 0; }

FakeBackend::FakeBackend(const char *name, int priority)
{
	probe = [this](device *, unsigned *, unsigned *, void **space) {
		*space = this;
		return 0;
	};
	alloc = [this](void *, unsigned min, unsigned max, unsigned *pasid) {
		while (live.contains(min))
			min++;
		if (min > max)
			return kNoSpace;
		*pasid = min;
		return 0;
	};
	static constexpr decltype(backend_.probe) kProbes[] = {probe_nth<0>, probe_nth<1>, probe_nth<2>};
	backend_ = {name, priority, &owner, kProbes[backends.size()], release, alloc_one, free_one, nullptr, 0};
	backends.push_back(this);
}

FakeBackend::~FakeBackend()
{
	iommu_pasid_backend_unregister(&backend_);
	EXPECT_EQ(owner.refs, 0) << "the backend's module stays pinned";
	EXPECT_EQ(backends.back(), this);
	backends.pop_back();
}

PasidWorld::PasidWorld()
{
	fake::reset_pasids();
	EXPECT_EQ(pasid_module_init(), 0);
}

// Whatever a test takes for others it gives back.
PasidWorld::~PasidWorld()
{
	pasid_module_exit();
	EXPECT_TRUE(taken.empty()) << taken.size() << " of the kernel's PASIDs stay leased";
	spaces.clear();
}

device &PasidWorld::pasid_device(unsigned last)
{
	device &dev = machine.new_device();
	dev.max_pasids = last + 1;
	return dev;
}

} // namespace test
