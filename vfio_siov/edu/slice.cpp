// SPDX-License-Identifier: GPL-2.0-only
// The life of a slice.
#include "vfio_siov/edu/slice.hpp"

#include "base/guard.hpp"
#include "kern/log.hpp"
#include "uapi/linux/siov_edu.h"

namespace edu {

namespace {

constinit kern::LockClass slice_class("siov_edu Slice::lock");
constinit kern::LockClass page_class("siov_edu Slice::page_lock");

} // namespace

Slice::Slice(edu_vdev *vdev, Function &function, AdiIndex adi, iommu_pasid_consumer *pasids)
	: PageDevice(slice_class, page_device::Access::kMapped), vdev_(vdev), pasids_(pasids), page_lock_(page_class),
	  adi_(function, adi)
{
}

Result<kern::Box<Slice>> Slice::create(edu_vdev *vdev, Function &function, iommu_pasid_consumer *pasids)
{
	TRY_LET(adi, function.take_adi());
	auto made = kern::make<Slice>(vdev, function, adi, pasids);
	if (!made) {
		function.give_adi(adi);
		return base::fail(made.error());
	}
	unsigned pasid = 0;
	TRY(base::check(iommu_pasid_alloc(pasids, 1, SIOV_EDU_ADI_PASID_MASK, function.record(adi), &pasid),
			"no PASID for the slice"));
	kern::Box<Slice> slice = std::move(*made);
	slice->pasid_ = Pasid(pasid);
	TRY(slice->adi_.stop());
	slice->adi_.set_pasid(slice->pasid_);
	slice->adi_.set_delay_us(0);
	return slice;
}

// An ADI that could not be stopped keeps its PASID: nobody else may get it before the device is reset.
Slice::~Slice()
{
	if (adi_.stuck())
		return;
	adi_.clear_pasid();
	if (pasid_.raw())
		iommu_pasid_free(pasids_, pasid_.raw());
}

Status Slice::open()
{
	base::Guard guard(lock_);
	TRY(check_usable());
	TRY(adi_.stop());
	renew();
	TRY(base::check(ex_irq_request(vdev_, adi()), "no interrupt for the slice"));
	adi_.enable();
	open_ = true;
	return {};
}

// First nobody else gets at the page, then the DMA ends, then the interrupts that it raised have nobody to go to, and
// iommufd detaches the PASID later.
void Slice::close()
{
	base::Guard guard(lock_);
	ex_end_exports(vdev_);
	if (auto status = adi_.stop(); !status)
		kern::reject("close of a slice", status.error());
	// One that is under way must not meet the next owner, to whom the same vector may go.
	ex_irq_flush(vdev_, adi());
	ex_irq_free(vdev_, adi());
	forget_owner();
	open_ = false;
}

// Under one hold of lock_ from the first to the last: calls that find the slice revoked find its DMA ended, too.
void Slice::revoke()
{
	base::Guard guard(lock_);
	{
		base::Guard page(page_lock_);
		if (std::exchange(revoked_, true))
			return;
	}
	ex_zap_page(vdev_);
	ex_log_adi(adi_.function().parent(), adi(), "taken from its owner");
	ex_end_exports(vdev_);
	if (auto status = adi_.stop(); open_ && !status)
		kern::reject("revocation of a slice", status.error());
	interrupt_.clear();
}

void Slice::request(u32 count)
{
	bool asked = false;
	if (!count && !adi_.function().gone()) {
		base::Guard guard(lock_);
		asked = ask_owner();
	}
	if (!asked)
		revoke();
}

bool Slice::revoked()
{
	base::Guard page(page_lock_);
	return revoked_;
}

Status Slice::reset_page()
{
	TRY(adi_.reset());
	ex_irq_flush(vdev_, adi());
	return {};
}

Status Slice::let_dma(bool on)
{
	lock_.assert_held();
	if (!on)
		return adi_.hold(Hold::kNoBusMaster);
	adi_.release(Hold::kNoBusMaster);
	return {};
}

Status Slice::pause()
{
	base::Guard guard(lock_);
	return adi_.hold(Hold::kReplace);
}

void Slice::resume()
{
	base::Guard guard(lock_);
	if (adi_.held(Hold::kReplace))
		adi_.release(Hold::kReplace);
}

} // namespace edu

namespace {

edu::Slice &of(edu_slice *slice) { return *reinterpret_cast<edu::Slice *>(slice); }

} // namespace

int edu_slice_create(edu_vdev *vdev, edu_function *function, iommu_pasid_consumer *pasids, edu_slice **slice)
{
	auto made = edu::Slice::create(vdev, *reinterpret_cast<edu::Function *>(function), pasids);
	if (!made)
		return kern::reject("creation of a slice", made.error());
	*slice = reinterpret_cast<edu_slice *>(made->release());
	return 0;
}

pd_device *edu_slice_device(edu_slice *slice) { return of(slice).handle(); }
void edu_slice_destroy(edu_slice *slice) { delete &of(slice); }
unsigned int edu_slice_pasid(edu_slice *slice) { return of(slice).pasid(); }
unsigned int edu_slice_adi(edu_slice *slice) { return of(slice).adi(); }
int edu_slice_open(edu_slice *slice) { return kern::to_errno("opening a slice", of(slice).open()); }
void edu_slice_close(edu_slice *slice) { of(slice).close(); }
void edu_slice_request(edu_slice *slice, unsigned int count) { of(slice).request(count); }

int edu_slice_pause(void *slice)
{
	return kern::to_errno("pause of a slice", static_cast<edu::Slice *>(slice)->pause());
}

void edu_slice_resume(void *slice) { static_cast<edu::Slice *>(slice)->resume(); }
void edu_slice_interrupt(edu_slice *slice) { of(slice).interrupt().raise(); }
unsigned int edu_slice_delay_us(edu_slice *slice) { return of(slice).delay_us(); }
void edu_slice_set_delay_us(edu_slice *slice, unsigned int us) { of(slice).set_delay_us(us); }
