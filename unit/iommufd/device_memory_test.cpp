// SPDX-License-Identifier: GPL-2.0-only
// Device memory: dma-bufs and mapped BARs as DMA targets, and what is left when they are taken away. The fakes check
// that no domain has a page frame when it goes, and that nothing waits for memory under a lock that notifiers take.
#include "fake/device_memory.hpp"
#include "iommufd/dmabuf_exporters.hpp"
#include "iommufd/ioas.hpp"
#include "iommufd/vfio_uapi.hpp"
#include "support/failures.hpp"

namespace test {

namespace {

constexpr u64 kIova = 0x100000, kOther = 0x800000;
constexpr u64 kPages = 8;

// What the fake exporter has: one range, by dma_buf::data.
struct Memory {
	unsigned long first = 0;
	bool revoked = false;
	int error = -19;
	unsigned long long add_pa = 0, less = 0; // bytes that the exporter is wrong by
};

const dma_buf_ops kOps{};
const dma_buf_ops kForeign{};
const dma_buf_ops kStatic{.can_revoke = false};

int range_of(dma_buf *buf, unsigned long long *pa, unsigned long long *length)
{
	fake::assert_held(buf->resv);
	const auto *memory = static_cast<Memory *>(buf->data);
	if (memory->revoked)
		return memory->error;
	*pa = memory->first * kPage + memory->add_pa;
	*length = buf->size - memory->less;
	return 0;
}

// An exporter that is registered, with one dma-buf, for a scope.
struct Exporter {
	Exporter()
	{
		EXPECT_EQ(iommufd_dmabuf_register(&exporter), 0);
		memory.first = fake::new_device_memory(kPages);
		buf = &fake::new_dmabuf(kOps, kPages * kPage, &memory);
		fd = fake::dmabuf_fd(*buf);
	}
	Exporter(const Exporter &) = delete;
	~Exporter()
	{
		fake::close_dmabuf(fd);
		iommufd_dmabuf_unregister(&exporter);
	}
	void set_revoked(bool revoked)
	{
		fake::take_lock(buf->resv, false);
		memory.revoked = revoked;
		fake::move_notify(*buf);
		fake::drop_lock(buf->resv, false);
		if (revoked) {
			EXPECT_EQ(fake::device_mappings(memory.first, kPages), 0);
		}
	}
	long mappings() const { return fake::device_mappings(memory.first, kPages); }

	iommufd_dmabuf_exporter exporter{.ops = &kOps, .range = range_of, .next = nullptr};
	Memory memory;
	dma_buf *buf;
	int fd;
};

// A device whose domain suits no other one
device &loner(Machine &machine)
{
	device &dev = machine.new_device();
	dev.suits = [&dev](const iommu_domain &d) { return d.made_for == &dev ? 0 : -22; };
	return dev;
}

struct DmaBuf : World {
	Fd fd;
	u32 ioas = fd.ioas();
	Exporter exporter;
};

// VFIO's way on /dev/iommu, with the parameter set, or on /dev/vfio/vfio
struct Bar : World {
	Bar()
	{
		first = fake::new_device_memory(kPages);
		fake::map_bar(process, kBar, first, kPages);
		fake::map_pfnmap = true;
	}
	void zap(u64 page = 0, u64 pages = kPages) { fake::zap(process, kBar + page * kPage, pages); }
	long mappings() const { return fake::device_mappings(first, kPages); }

	static constexpr u64 kBar = 0x7000'0000'0000;
	Fd fd;
	u32 ioas = fd.ioas();
	unsigned long first;
};

// Runs once, at the first step that the test hook may fail.
std::function<void()> at_next_step;
iommufd_test_hook meanwhile{nullptr, nullptr, [](device *) { return false; },
			    [] {
				    if (auto run = std::exchange(at_next_step, nullptr))
					    run();
				    return false;
			    }};

} // namespace

TEST_F(DmaBuf, WrongUse)
{
	dma_buf &other = fake::new_dmabuf(kForeign, kPage);
	const int foreign = fake::dmabuf_fd(other);
	other.attach_error = -5;
	EXPECT_EQ(fd.map_file_at(ioas, foreign, 0, kPage, kIova), -95) << "attached, which may map it";
	fake::close_dmabuf(foreign);
	iommufd_dmabuf_exporter twice = exporter.exporter, cannot{.ops = &kStatic, .range = range_of, .next = nullptr};
	EXPECT_EQ(iommufd_dmabuf_register(&twice), -16);
	EXPECT_EQ(iommufd_dmabuf_register(&cannot), -22);
	EXPECT_EQ(fd.map_file_at(ioas, exporter.fd, 0, 0, kIova), -22);
	EXPECT_EQ(fd.map_file_at(ioas, exporter.fd, 0, kPages * kPage + 1, kIova), -22);
	EXPECT_EQ(fd.map_file_at(ioas, exporter.fd, kPages * kPage, kPage, kIova), -22);
	EXPECT_EQ(fd.map_file_at(ioas, exporter.fd, base::kU64Max - kPage + 1, 2 * kPage, kIova), -75);
	EXPECT_EQ(fd.map_file_at(ioas, exporter.fd, 0, kPage, kIova, kReadWrite | 1 << 20), -95);
	EXPECT_EQ(fd.map_file_at(ioas, exporter.fd, 0, kPage, kIova, kFixed), -22);
	exporter.memory.revoked = true;
	EXPECT_EQ(fd.map_file_at(ioas, exporter.fd, 0, kPage, kIova), -19);
	exporter.memory.revoked = false;
	exporter.buf->attach_error = -16;
	EXPECT_EQ(fd.map_file_at(ioas, exporter.fd, 0, kPage, kIova), -16);
	exporter.buf->attach_error = 0;
	exporter.buf->pin_error = -6;
	EXPECT_EQ(fd.map_file_at(ioas, exporter.fd, 0, kPage, kIova), -6);
	EXPECT_TRUE(exporter.buf->attachments.empty());
}

// What the exporter says is not what it has promised.
TEST_F(DmaBuf, ExporterIsWrong)
{
	fake::ExpectWarnings expected;
	for (const auto &[pa, less] : {std::pair{kPage / 2, 0ull}, {0ull, 1ull}, {0ull, kPage}}) {
		exporter.memory.add_pa = pa;
		exporter.memory.less = less;
		EXPECT_EQ(fd.map_file_at(ioas, exporter.fd, 0, kPages * kPage, kIova), -22);
	}
	EXPECT_EQ(expected.count(), 3u);
	EXPECT_TRUE(exporter.buf->attachments.empty());
}

// Each list end and middle goes once; who has gone is not found by way of those that are registered again.
TEST_F(DmaBuf, ExportersComeAndGo)
{
	const dma_buf_ops second_ops{}, third_ops{};
	iommufd_dmabuf_exporter second{.ops = &second_ops, .range = range_of, .next = nullptr};
	iommufd_dmabuf_exporter third{.ops = &third_ops, .range = range_of, .next = nullptr};
	const auto known = [&](std::initializer_list<bool> want) {
		std::vector<bool> is;
		for (const dma_buf_ops *ops : {&kOps, &second_ops, &third_ops})
			is.push_back(iommufd::dmabuf_exporter(ops));
		return is == std::vector<bool>(want);
	};
	ASSERT_EQ(iommufd_dmabuf_register(&second), 0);
	ASSERT_EQ(iommufd_dmabuf_register(&third), 0);
	EXPECT_TRUE(known({true, true, true}));
	iommufd_dmabuf_unregister(&second);
	EXPECT_TRUE(known({true, false, true}));
	ASSERT_EQ(iommufd_dmabuf_register(&second), 0);
	iommufd_dmabuf_unregister(&third);
	EXPECT_TRUE(known({true, true, false}));
	iommufd_dmabuf_unregister(&exporter.exporter);
	EXPECT_TRUE(known({false, true, false}));
	iommufd_dmabuf_unregister(&second);
	// with what was behind it then
	ASSERT_EQ(iommufd_dmabuf_register(&exporter.exporter), 0);
	EXPECT_TRUE(known({true, false, false}));
}

TEST_F(DmaBuf, MapsWhatTheExporterSays)
{
	Bound dev(fd, loner(machine)), second(fd, loner(machine));
	ASSERT_EQ(dev.attach(ioas), 0);
	ASSERT_EQ(fd.map_file_at(ioas, exporter.fd, 2 * kPage, 3 * kPage, kIova), 0);
	EXPECT_EQ(kx_domain_iova_to_phys(fake::domains()[0], kIova), (exporter.memory.first + 2) * kPage);
	EXPECT_EQ(exporter.mappings(), 3);
	ASSERT_EQ(second.attach(ioas), 0);
	EXPECT_EQ(exporter.mappings(), 6);
	EXPECT_EQ(fake::pins_total(), 0);
	EXPECT_EQ(process.user->locked_vm, 0);
	dev.detach();
	EXPECT_EQ(exporter.mappings(), 3);
	EXPECT_EQ(exporter.buf->attachments.size(), 1u);
	ASSERT_EQ(fd.unmap(ioas, kIova, 3 * kPage), 0);
	EXPECT_EQ(exporter.mappings(), 0);
	EXPECT_TRUE(exporter.buf->attachments.empty());
}

// Half of a page and half of the next one, where a domain's pages are finer than the CPU's
TEST_F(DmaBuf, BeginsInsideOfAPage)
{
	device &fine = loner(machine);
	fine.page_sizes |= kPage / 2;
	Bound dev(fd, fine);
	u64 iova = 0;
	ASSERT_EQ(dev.attach(ioas), 0);
	ASSERT_EQ(fd.map_file(ioas, exporter.fd, (kPages - 1) * kPage - kPage / 2, kPage, iova), 0);
	EXPECT_EQ(iova % kPage, kPage / 2);
	EXPECT_EQ(kx_domain_iova_to_phys(fake::domains()[0], iova),
		  (exporter.memory.first + kPages - 1) * kPage - kPage / 2);
	EXPECT_EQ(fake::mapped_bytes(*fake::domains()[0]), kPage);
	// to its end
	ASSERT_EQ(fd.map_file_at(ioas, exporter.fd, kPages * kPage - kPage / 2, kPage / 2, kOther), 0);
	EXPECT_EQ(kx_domain_iova_to_phys(fake::domains()[0], kOther),
		  (exporter.memory.first + kPages) * kPage - kPage / 2);
	exporter.set_revoked(true);
	EXPECT_EQ(fake::mapped_bytes(*fake::domains()[0]), 0u);
}

TEST_F(DmaBuf, ReadOnlyStaysReadOnly)
{
	u64 at = kOther;
	ASSERT_EQ(fd.map_file_at(ioas, exporter.fd, 0, kPage, kIova, kRead), 0);
	EXPECT_EQ(fd.copy(ioas, ioas, kIova, kPage, at), -1);
	EXPECT_EQ(fd.copy(ioas, ioas, kIova, kPage, at, kRead | kFixed), 0);
}

// It is nobody's: there is no one else to pay for it.
TEST_F(DmaBuf, ChangeProcessRefuses)
{
	EXPECT_EQ(fd.change_process(), 0);
	ASSERT_EQ(fd.map_file_at(ioas, exporter.fd, 0, kPage, kIova), 0);
	EXPECT_EQ(fd.change_process(), -22);
	exporter.set_revoked(true);
	EXPECT_EQ(fd.change_process(), -22);
}

TEST_F(DmaBuf, RevokedIsInNoDomainForGood)
{
	Bound dev(fd, loner(machine)), second(fd, loner(machine)), late(fd, loner(machine));
	const u32 other = fd.ioas();
	u64 at = kOther, bytes = 0;
	ASSERT_EQ(dev.attach(ioas), 0);
	ASSERT_EQ(second.attach(ioas), 0);
	ASSERT_EQ(fd.map_file_at(ioas, exporter.fd, 0, kPages * kPage, kIova), 0);
	ASSERT_EQ(fd.copy(other, ioas, kIova, kPage, at), 0);
	ASSERT_EQ(late.attach(other), 0);
	EXPECT_EQ(exporter.mappings(), 2 * long{kPages} + 1);
	exporter.set_revoked(true);
	exporter.set_revoked(true);
	exporter.set_revoked(false);
	EXPECT_EQ(exporter.mappings(), 0);

	// What comes later gets nothing of what is dead, and all of what is mapped anew.
	late.detach();
	ASSERT_EQ(late.attach(ioas), 0);
	EXPECT_EQ(exporter.mappings(), 0);
	ASSERT_EQ(fd.map_file_at(ioas, exporter.fd, 0, kPage, kOther), 0);
	EXPECT_EQ(exporter.mappings(), 3);
	at = kIova;
	ASSERT_EQ(fd.copy(other, ioas, kIova + kPage, kPage, at), 0);
	EXPECT_EQ(fd.map_at(ioas, memory(1), kPage, kIova), -17);
	ASSERT_EQ(fd.unmap(ioas, kIova, kPages * kPage, &bytes), 0);
	EXPECT_EQ(bytes, kPages * kPage);
	EXPECT_EQ(exporter.mappings(), 3);
}

TEST_F(DmaBuf, KernelDriversGetNothing)
{
	Driver driver(fd);
	char byte = 0;
	ASSERT_EQ(driver.attach(ioas), 0);
	ASSERT_EQ(fd.map_file_at(ioas, exporter.fd, 0, kPage, kIova), 0);
	EXPECT_EQ(driver.pin(kIova, kPage), -22);
	EXPECT_EQ(driver.rw(kIova, &byte, 1, 0), -22);
	EXPECT_EQ(driver.rw(kIova, &byte, 1, 1), -22);
}

// Its entries may go while they would be read, and page tables with them: they are not looked at. User memory beside it
// is.
TEST_F(DmaBuf, DirtyBitsAreNotLookedFor)
{
	device &tracking = machine.new_device();
	tracking.tracks_dirty = true;
	Bound dev(fd, tracking);
	u32 hwpt = 0;
	ASSERT_EQ(fd.map_file_at(ioas, exporter.fd, 0, 4 * kPage, kIova), 0);
	ASSERT_EQ(fd.map_at(ioas, memory(4), 4 * kPage, kIova + 4 * kPage), 0);
	ASSERT_EQ(fd.hwpt(dev.id(), ioas, hwpt, IOMMU_HWPT_ALLOC_DIRTY_TRACKING), 0);
	iommu_domain &domain = *fake::domains().back();
	domain.dirty = {kIova + 5 * kPage};
	iommu_hwpt_set_dirty_tracking on{.flags = IOMMU_HWPT_DIRTY_TRACKING_ENABLE, .hwpt_id = hwpt};
	ASSERT_EQ(fd.call(IOMMU_HWPT_SET_DIRTY_TRACKING, on), 0);
	EXPECT_TRUE(domain.dirty.empty());
	const auto read = [&] {
		u8 bits = 0;
		fake::Reachable r(&bits, 1);
		iommu_hwpt_get_dirty_bitmap cmd{
			.hwpt_id = hwpt, .iova = kIova, .length = 8 * kPage, .page_size = kPage};
		cmd.data = reinterpret_cast<u64>(&bits);
		domain.dirty = {kIova + kPage, kIova + 6 * kPage};
		EXPECT_EQ(fd.call(IOMMU_HWPT_GET_DIRTY_BITMAP, cmd), 0);
		return bits;
	};
	EXPECT_EQ(read(), 1 << 6);
	exporter.set_revoked(true);
	EXPECT_EQ(read(), 1 << 6);
	on.flags = 0;
	EXPECT_EQ(fd.call(IOMMU_HWPT_SET_DIRTY_TRACKING, on), 0);
	on.flags = IOMMU_HWPT_DIRTY_TRACKING_ENABLE;
	EXPECT_EQ(fd.call(IOMMU_HWPT_SET_DIRTY_TRACKING, on), 0);
}

// The domain is on no list yet, and has one of the two areas.
TEST_F(DmaBuf, RevokedWhileADomainIsFilled)
{
	ASSERT_EQ(iommufd_test_register(&meanwhile), 0);
	ASSERT_EQ(fd.map_file_at(ioas, exporter.fd, 0, kPages * kPage, kIova), 0);
	ASSERT_EQ(fd.map_at(ioas, memory(2), 2 * kPage, 2 * kIova), 0);
	ASSERT_EQ(fd.map_file_at(ioas, exporter.fd, 0, kPages * kPage, kOther), 0);
	Bound dev(fd, machine.new_device());
	long before = -1;
	// Steps before that of the memory in the middle: looking for the objects
	std::function<void()> step = [&] {
		before = exporter.mappings();
		if (before)
			exporter.set_revoked(true);
		else
			at_next_step = step;
	};
	at_next_step = step;
	ASSERT_EQ(dev.attach(ioas), 0);
	EXPECT_EQ(before, long{kPages});
	EXPECT_EQ(exporter.mappings(), 0);
	EXPECT_EQ(fake::mapped_bytes(*fake::domains()[0]), 2 * kPage);
	dev.unbind();
	iommufd_test_unregister(&meanwhile);
}

// One domain has an area that another one, which is being filled, has not yet.
TEST_F(DmaBuf, RevokedBeforeADomainHasIt)
{
	ASSERT_EQ(iommufd_test_register(&meanwhile), 0);
	Bound dev(fd, loner(machine)), second(fd, loner(machine));
	// in front of it: under its own lock nobody revokes it
	ASSERT_EQ(fd.map_at(ioas, memory(1), kPage, 0), 0);
	ASSERT_EQ(fd.map_file_at(ioas, exporter.fd, 0, kPages * kPage, kIova), 0);
	ASSERT_EQ(dev.attach(ioas), 0);
	bool filling = false;
	std::function<void()> step = [&] {
		filling = fake::domains().size() == 2;
		if (filling)
			exporter.set_revoked(true);
		else
			at_next_step = step;
	};
	at_next_step = step;
	ASSERT_EQ(second.attach(ioas), 0);
	EXPECT_TRUE(filling);
	EXPECT_EQ(exporter.mappings(), 0);
	second.unbind();
	dev.unbind();
	iommufd_test_unregister(&meanwhile);
}

// At IOVA 0, in all domains that are there
TEST_F(DmaBuf, RevokedAtZero)
{
	Bound dev(fd, loner(machine)), second(fd, loner(machine));
	ASSERT_EQ(dev.attach(ioas), 0);
	ASSERT_EQ(fd.map_file_at(ioas, exporter.fd, 0, kPage, 0), 0);
	ASSERT_EQ(second.attach(ioas), 0);
	EXPECT_EQ(exporter.mappings(), 2);
	exporter.set_revoked(true);
	EXPECT_EQ(exporter.mappings(), 0);
}

// A domain that leaves has the second of two areas, and not the first any more.
TEST_F(DmaBuf, RevokedWhileADomainIsEmptied)
{
	Bound dev(fd, loner(machine)), second(fd, loner(machine));
	ASSERT_EQ(dev.attach(ioas), 0);
	ASSERT_EQ(second.attach(ioas), 0);
	ASSERT_EQ(fd.map_file_at(ioas, exporter.fd, 0, kPages * kPage, kIova), 0);
	ASSERT_EQ(fd.map_at(ioas, memory(2), 2 * kPage, 2 * kIova), 0);
	ASSERT_EQ(fd.map_file_at(ioas, exporter.fd, 0, kPages * kPage, kOther), 0);
	long before = -1;
	fake::while_unmapping([&] {
		fake::while_unmapping([&] {
			before = exporter.mappings();
			exporter.set_revoked(true);
		});
	});
	second.detach();
	EXPECT_EQ(before, 3 * long{kPages});
	EXPECT_EQ(exporter.mappings(), 0);
	EXPECT_EQ(fake::mapped_bytes(*fake::domains()[0]), 2 * kPage);
}

TEST_F(Bar, OnDevIommuOnlyWithTheParameter)
{
	Bound dev(fd, machine.new_device());
	ASSERT_EQ(dev.attach(ioas), 0);
	fake::map_pfnmap = false;
	EXPECT_EQ(fd.map_at(ioas, kBar, kPage, kIova), -14);
	fake::map_pfnmap = true;
	EXPECT_EQ(fd.map_at(ioas, kBar, kPages * kPage, kIova), 0);
	EXPECT_EQ(kx_domain_iova_to_phys(fake::domains()[0], kIova), first * kPage);
	EXPECT_EQ(process.user->locked_vm, 0);
	EXPECT_EQ(fd.unmap(ioas, kIova, kPages * kPage), 0);
	EXPECT_EQ(fake::watches(), 0u);
}

TEST_F(Bar, ContainersTakeThem)
{
	fake::map_pfnmap = false;
	Fd container(true);
	ASSERT_EQ(iommufd_vfio_compat_ioas_create(container.ctx()), 0);
	iommufd::vfio::MapDma cmd{sizeof(cmd), 3, kBar, kIova, kPages * kPage};
	EXPECT_EQ(container.raw(iommufd::vfio::kMapDma, &cmd, sizeof(cmd)), 0);
	EXPECT_EQ(process.mm.locked_vm, 0u);
	EXPECT_EQ(fake::watches(), 1u);
}

TEST_F(Bar, WhatIsRefused)
{
	Bound dev(fd, machine.new_device());
	ASSERT_EQ(dev.attach(ioas), 0);
	EXPECT_EQ(fd.map_at(ioas, kBar, (kPages + 1) * kPage, kIova), -14) << "beyond";
	EXPECT_EQ(fd.map_at(ioas, kBar, 0, kIova), -22);
	fake::map_bar(process, kBar, first, kPages, {.hole = 3});
	EXPECT_EQ(fd.map_at(ioas, kBar, kPages * kPage, kIova), -14) << "RAM in it";
	fake::map_bar(process, kBar, first, kPages, {.writable = false});
	EXPECT_EQ(fd.map_at(ioas, kBar, kPages * kPage, kIova), -14) << "not writable";
	EXPECT_EQ(fd.map_at(ioas, kBar, kPages * kPage, kIova, kRead | kFixed), 0);
	zap();
	fake::map_bar(process, kBar, first, kPages, {.vfio = false});
	EXPECT_EQ(fd.map_at(ioas, kBar, kPages * kPage, kOther), -14) << "another driver's";
	zap();
	EXPECT_EQ(fake::watches(), 1u);
}

TEST_F(Bar, ReadOnlyStaysReadOnly)
{
	u64 at = kOther;
	ASSERT_EQ(fd.map_at(ioas, kBar, kPage, kIova, kRead | kFixed), 0);
	EXPECT_EQ(fd.copy(ioas, ioas, kIova, kPage, at), -1);
	EXPECT_EQ(fd.copy(ioas, ioas, kIova, kPage, at, kRead | kFixed), 0);
	EXPECT_EQ(fd.change_process(), -22) << "another process would pay, though it has it not";
}

// Half of a page and half of the next one, which both are looked at and watched
TEST_F(Bar, BeginsInsideOfAPage)
{
	device &fine = loner(machine);
	fine.page_sizes |= kPage / 2;
	Bound dev(fd, fine);
	const u64 start = kBar + (kPages - 1) * kPage - kPage / 2;
	u64 iova = 0;
	ASSERT_EQ(dev.attach(ioas), 0);
	EXPECT_EQ(fd.map(ioas, start + kPage, kPage, iova), -14);
	ASSERT_EQ(fd.map(ioas, start, kPage, iova), 0);
	EXPECT_EQ(iova % kPage, kPage / 2);
	EXPECT_EQ(kx_domain_iova_to_phys(fake::domains()[0], iova), (first + kPages - 1) * kPage - kPage / 2);
	zap(kPages - 1, 1);
	EXPECT_EQ(fake::mapped_bytes(*fake::domains()[0]), 0u);
}

// Nor does hardware that knows no revocation; and asking for it waits for no memory under the lock of notifiers.
TEST_F(Bar, NobodyGetsItForGood)
{
	Driver driver(fd);
	char byte = 0;
	ASSERT_EQ(driver.attach(ioas), 0);
	ASSERT_EQ(fd.map_at(ioas, kBar, kPages * kPage, kIova), 0);
	EXPECT_EQ(driver.pin(kIova, kPage), -22);
	EXPECT_EQ(driver.rw(kIova, &byte, 1, 0), -22);
	EXPECT_EQ(driver.rw(kIova, &byte, 1, 1), -22);
	auto held = fd.context().objects().get<iommufd::Ioas>(iommufd::ObjectId(ioas));
	ASSERT_TRUE(held);
	const auto lock = (*held)->table().lock_memory({base::Iova(kIova), base::Iova(kIova + 2 * kPage - 1)});
	EXPECT_EQ(lock ? 0 : lock.error().to_errno(), -22);
	zap();
}

// So long that nobody could keep its pages on the stack: the fakes see who waits for memory where notifiers do.
TEST_F(Bar, LongOnes)
{
	constexpr u64 kMany = 300, kFar = kBar + (1ull << 30);
	const unsigned long far = fake::new_device_memory(kMany);
	fake::map_bar(process, kFar, far, kMany);
	Bound dev(fd, loner(machine)), second(fd, loner(machine));
	ASSERT_EQ(dev.attach(ioas), 0);
	ASSERT_EQ(fd.map_at(ioas, kFar, kMany * kPage, kIova), 0);
	ASSERT_EQ(second.attach(ioas), 0);
	EXPECT_EQ(fake::device_mappings(far, kMany), 2 * long{kMany});
	fake::zap(process, kFar, kMany);
	EXPECT_EQ(fake::device_mappings(far, kMany), 0);
}

TEST_F(Bar, AnyZapEndsAllOfIt)
{
	Bound dev(fd, loner(machine)), second(fd, loner(machine));
	ASSERT_EQ(dev.attach(ioas), 0);
	ASSERT_EQ(second.attach(ioas), 0);
	ASSERT_EQ(fd.map_at(ioas, kBar, kPages * kPage, kIova), 0);
	EXPECT_EQ(mappings(), 2 * long{kPages});
	fake::zap(process, kBar - 4 * kPage, 4);
	EXPECT_EQ(mappings(), 2 * long{kPages}) << "the neighbour";
	EXPECT_FALSE(fake::try_zap(kBar, 1)) << "nobody may sleep";
	EXPECT_EQ(mappings(), 2 * long{kPages});
	zap(kPages - 1, 1);
	EXPECT_EQ(mappings(), 0);
	EXPECT_TRUE(fake::try_zap(kBar, 1)) << "nothing is left to be done";
	zap();
	second.detach();
	ASSERT_EQ(second.attach(ioas), 0);
	EXPECT_EQ(mappings(), 0);
	EXPECT_EQ(fd.unmap(ioas, kIova, kPages * kPage), 0);
	EXPECT_EQ(fake::watches(), 0u);
}

// The page frames that were found are those of before.
TEST_F(Bar, ZapWhileItIsLookedUp)
{
	Bound dev(fd, machine.new_device());
	ASSERT_EQ(dev.attach(ioas), 0);
	const unsigned long moved = fake::new_device_memory(kPages);
	fake::while_looking([&] {
		zap();
		fake::map_bar(process, kBar, first, kPages);
		fake::while_looking([&] {
			zap();
			fake::map_bar(process, kBar, moved, kPages);
		});
	});
	ASSERT_EQ(fd.map_at(ioas, kBar, kPages * kPage, kIova), 0);
	EXPECT_EQ(mappings(), 0);
	EXPECT_EQ(fake::device_mappings(moved, kPages), long{kPages});
	// without an end
	std::function<void()> again = [&] {
		zap();
		fake::map_bar(process, kBar, first, kPages);
		fake::while_looking(again);
	};
	fake::while_looking(again);
	EXPECT_EQ(fd.map_at(ioas, kBar, kPages * kPage, kOther), -14);
	fake::while_looking(nullptr);
}

// The IOMMU driver cannot get memory without waiting: it is waited for without the lock, and all works.
TEST_F(Bar, WaitsForMemoryWithoutTheLock)
{
	Bound dev(fd, machine.new_device());
	ASSERT_EQ(dev.attach(ioas), 0);
	fake::arm(fake::Fault::kMap, 1);
	EXPECT_EQ(fd.map_at(ioas, kBar, kPages * kPage, kIova), 0);
	EXPECT_TRUE(fake::fired());
	fake::disarm();
	EXPECT_EQ(mappings(), long{kPages});
}

// Then it goes before the new domain has any of it, though the old one has.
TEST_F(Bar, ZapWhileMemoryIsWaitedFor)
{
	Bound dev(fd, loner(machine)), second(fd, loner(machine));
	bool zapped = false;
	ASSERT_EQ(dev.attach(ioas), 0);
	ASSERT_EQ(fd.map_at(ioas, kBar, kPages * kPage, 0), 0);
	fake::while_short_of_memory([&] {
		zap();
		zapped = true;
	});
	fake::arm(fake::Fault::kMap, 1);
	EXPECT_EQ(second.attach(ioas), 0);
	fake::disarm();
	EXPECT_TRUE(zapped);
	EXPECT_EQ(mappings(), 0);
}

namespace {

struct MapBar : Scenario {
	u32 ioas = 0;
	std::unique_ptr<Bound> dev;
	void setup() override
	{
		fake::map_pfnmap = true;
		fake::map_bar(machine.process, Bar::kBar, fake::new_device_memory(kPages), kPages);
		ioas = fd.ioas();
		dev = std::make_unique<Bound>(fd, machine.new_device());
		ASSERT_EQ(dev->attach(ioas), 0);
	}
	int run() override { return fd.map_at(ioas, Bar::kBar, kPages * kPage, kIova); }
};

struct MapDmaBuf : Scenario {
	std::unique_ptr<Exporter> exporter;
	u32 ioas = 0;
	std::unique_ptr<Bound> dev;
	void setup() override
	{
		exporter = std::make_unique<Exporter>();
		ioas = fd.ioas();
		dev = std::make_unique<Bound>(fd, machine.new_device());
		ASSERT_EQ(dev->attach(ioas), 0);
	}
	~MapDmaBuf() override
	{
		dev.reset();
		fd.close();
		exporter.reset();
	}
	int run() override { return fd.map_file_at(ioas, exporter->fd, 0, kPages * kPage, kIova); }
};

} // namespace

TEST(DeviceMemoryFailures, MapBar)
{
	fail_each<MapBar>(fake::Fault::kAlloc, {.error = -12, .may_survive = true, .at_least = 5});
	fail_each<MapBar>(fake::Fault::kHook, {.error = -14, .or_errors = {-2, -12}});
}

TEST(DeviceMemoryFailures, MapDmaBuf)
{
	fail_each<MapDmaBuf>(fake::Fault::kAlloc, {.error = -12, .at_least = 5});
	fail_each<MapDmaBuf>(fake::Fault::kMap, {.error = -12});
	fail_each<MapDmaBuf>(fake::Fault::kHook, {.error = -14, .or_errors = {-2, -12}});
}

} // namespace test
