// SPDX-License-Identifier: GPL-2.0-only
// Regions for mmap() on /dev/iommu. An IOAS stands for the owner.
#include "fake/mmap.hpp"
#include "support/failures.hpp"

namespace test {

namespace {

using iommufd::MmapRegions;
using Kind = MmapRegions::Kind;
constexpr u64 kPa = 0x70000000;

class Regions : public World {
protected:
	Fd fd;
	u32 id = fd.ioas();
	iommufd::Object &owner = object(id);
	MmapRegions &regions = fd.context().regions();

	iommufd::Object &object(u32 of) { return **fd.context().objects().get_any(iommufd::ObjectId(of)); }
	u64 add(u64 pages = 2, Kind kind = Kind::kDevice, u64 pa = kPa)
	{
		auto offset = regions.add(owner, base::Pa(pa), pages * kPage, kind);
		EXPECT_TRUE(offset);
		return offset.value_or(0);
	}
	int add_error(u64 pa, u64 length)
	{
		auto offset = regions.add(owner, base::Pa(pa), length, Kind::kMemory);
		return offset ? 0 : offset.error().to_errno();
	}
	vm_area_struct *map(u64 offset, u64 pages = 2, int error = 0, bool shared = true, bool executable = false)
	{
		int rc = 0;
		vm_area_struct *vma = fake::mmap(fd.get(), offset, pages * kPage, &rc, shared, executable);
		EXPECT_EQ(rc, error) << fake::last_rejection();
		return vma;
	}
};

TEST_F(Regions, Add)
{
	EXPECT_EQ(add_error(kPa, 0), -22);
	EXPECT_EQ(add_error(kPa, kPage - 1), -22);
	EXPECT_EQ(add_error(kPa + 1, kPage), -22);
	EXPECT_EQ(add_error(~0ull - kPage + 1, 2 * kPage), -22);
	const u64 first = add(), second = add(1);
	EXPECT_NE(first, 0u);
	EXPECT_EQ(first % kPage, 0u);
	EXPECT_EQ(second % kPage, 0u);
	EXPECT_GE(second, first + 2 * kPage);
	// What would leave no offset that mmap() can take
	EXPECT_EQ(add_error(0, 1ull << 63), -12);
	regions.remove(owner, first);
	regions.remove(owner, second);
	EXPECT_GT(add(), second);
	EXPECT_EQ(regions.remove_all_of(owner), 1u);
}

TEST_F(Regions, WhatCanBeMapped)
{
	const u64 memory = add(2, Kind::kMemory), device = add(1);
	map(0, 1, -6);
	map(memory, 1, -6);
	map(memory, 3, -6);
	map(memory + kPage, 1, -6);
	map(memory + kPage, 2, -6);
	map(device + kPage, 1, -6);
	map(memory, 2, -22, false);
	map(memory, 2, -1, true, true);
	map(0, 2, -22, false);
	vm_area_struct *a = map(memory), *b = map(device, 1);
	EXPECT_FALSE(a->device_memory);
	EXPECT_TRUE(b->device_memory);
	EXPECT_EQ(fake::touch(a, 0), kPa / kPage);
	EXPECT_EQ(fake::touch(a, 1), kPa / kPage + 1);
	EXPECT_EQ(fake::touch(b, 0), kPa / kPage);
	fake::munmap(a);
	fake::munmap(b);
	EXPECT_EQ(regions.remove_all_of(owner), 2u);
}

TEST_F(Regions, AMappedOneHoldsItsOwner)
{
	const u64 offset = add();
	vm_area_struct *vma = map(offset), *again = map(offset), *part = fake::duplicate(vma);
	for (vm_area_struct *one : {vma, again, part}) {
		EXPECT_EQ(fd.destroy(id), -16);
		fake::munmap(one);
	}
	regions.remove(owner, offset);
	map(offset, 2, -6);
	EXPECT_EQ(fd.destroy(id), 0);
}

// Who is being made is not found, and neither is who is gone, nor the next one with its id.
TEST_F(Regions, OnlyOfAnOwnerThatIsThere)
{
	auto pending = fd.context().objects().create<iommufd::Ioas>();
	const u64 offset = *regions.add(**pending, base::Pa(kPa), kPage, Kind::kMemory);
	map(offset, 1, -6);
	iommufd::Object &made = pending->publish();
	vm_area_struct *vma = map(offset, 1);
	fake::munmap(vma);
	EXPECT_EQ(regions.remove_all_of(made), 1u);

	const u64 left = add(1);
	ASSERT_EQ(fd.destroy(id), 0);
	map(left, 1, -6);
	ASSERT_EQ(fd.ioas(), id);
	map(left, 1, -6);
	EXPECT_EQ(regions.remove_all_of(owner), 1u);
}

TEST_F(Regions, TakenBackWhileItIsMapped)
{
	const u64 offset = add(), other = add(1, Kind::kMemory, 2 * kPa);
	vm_area_struct *vma = map(offset), *beside = map(other, 1);
	EXPECT_EQ(fake::touch(vma, 0), kPa / kPage);
	EXPECT_EQ(fake::touch(beside, 0), 2 * kPa / kPage);
	regions.remove(owner, offset);
	// What was there is not any more, and nothing comes.
	EXPECT_EQ(fake::touch(vma, 0), fake::kNothing);
	EXPECT_EQ(fake::touch(vma, 1), fake::kNothing);
	EXPECT_EQ(fake::touch(beside, 0), 2 * kPa / kPage);
	map(offset, 2, -6);
	EXPECT_EQ(fd.destroy(id), -16);
	vm_area_struct *child = fake::duplicate(vma);
	fake::munmap(vma);
	EXPECT_EQ(fake::touch(child, 0), fake::kNothing);
	fake::munmap(child);
	fake::munmap(beside);
	regions.remove(owner, other);
	EXPECT_EQ(fd.destroy(id), 0);
}

TEST_F(Regions, OfTheWrongOwner)
{
	const u64 offset = add();
	iommufd::Object &other = object(fd.ioas());
	fake::ExpectWarnings warnings;
	regions.remove(other, offset);
	regions.remove(owner, offset + kPage);
	regions.remove(owner, offset + 2 * kPage);
	EXPECT_EQ(warnings.count(), 3u);
	EXPECT_EQ(regions.remove_all_of(other), 0u);
	EXPECT_EQ(regions.remove_all_of(owner), 1u);
}

TEST_F(Regions, AMappingOutlivesTheDescriptor)
{
	const u64 offset = add();
	vm_area_struct *vma = map(offset);
	regions.remove(owner, offset);
	fd.close();
	EXPECT_EQ(fake::touch(vma, 0), fake::kNothing);
	fake::munmap(vma);
}

} // namespace

} // namespace test
