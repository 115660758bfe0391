// SPDX-License-Identifier: GPL-2.0-only
#include "vfio_siov/soft/slice.hpp"

#include "base/guard.hpp"
#include "kern/alloc.hpp"
#include "kern/log.hpp"

namespace soft {

namespace {

constinit kern::LockClass slice_class("siov_soft Slice::lock");

} // namespace

Slice::Slice(soft_vdev *vdev)
	: PageDevice(slice_class, page_device::Access::kTrapped), vdev_(vdev), adi_(vdev, interrupt_)
{
}

Status Slice::open()
{
	base::Guard guard(lock_);
	TRY(check_usable());
	renew();
	adi_.reset();
	return {};
}

void Slice::stop()
{
	lock_.assert_held();
	adi_.reset();
	adi_.let_run(false);
}

// VFIO takes the access away after this.
void Slice::close()
{
	base::Guard guard(lock_);
	stop();
	forget_owner();
}

void Slice::request(u32 count)
{
	base::Guard guard(lock_);
	if (!count && ask_owner())
		return;
	if (std::exchange(revoked_, true))
		return;
	sf_log(vdev_, "taken from its owner");
	stop();
	interrupt_.clear();
}

bool Slice::revoked()
{
	lock_.assert_held();
	return revoked_;
}

void Slice::read_page(u32 offset, std::span<u8> to) { adi_.read(offset, to); }
void Slice::write_page(u32 offset, std::span<const u8> from) { adi_.write(offset, from); }

// Off: the command that runs is let through first.
Status Slice::let_dma(bool on)
{
	adi_.let_run(on);
	return {};
}

Status Slice::reset_page()
{
	adi_.reset();
	return {};
}

} // namespace soft

namespace {

soft::Slice &of(soft_slice *slice) { return *reinterpret_cast<soft::Slice *>(slice); }

} // namespace

int soft_slice_create(soft_vdev *vdev, soft_slice **slice)
{
	auto made = kern::make<soft::Slice>(vdev);
	if (!made)
		return kern::reject("creation of a slice", made.error());
	*slice = reinterpret_cast<soft_slice *>(made->release());
	return 0;
}

pd_device *soft_slice_device(soft_slice *slice) { return of(slice).handle(); }
void soft_slice_destroy(soft_slice *slice) { delete &of(slice); }
int soft_slice_open(soft_slice *slice) { return kern::to_errno("opening a slice", of(slice).open()); }
void soft_slice_close(soft_slice *slice) { of(slice).close(); }
void soft_slice_request(soft_slice *slice, unsigned int count) { of(slice).request(count); }
void soft_slice_work(soft_slice *slice) { of(slice).adi().work(); }
void soft_slice_unmapped(soft_slice *slice) { of(slice).adi().unmapped(); }
unsigned int soft_slice_delay_us(soft_slice *slice) { return of(slice).adi().delay_us(); }
void soft_slice_set_delay_us(soft_slice *slice, unsigned int us) { of(slice).adi().set_delay_us(us); }
