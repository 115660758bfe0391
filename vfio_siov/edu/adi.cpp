// SPDX-License-Identifier: GPL-2.0-only
// The switches of one ADI (ADI_CONTROL, ADI_STATE), and the waits for its DMA, all of them bounded.
#include "kern/log.hpp"
#include "uapi/linux/siov_edu.h"
#include "vfio_siov/edu/function.hpp"

namespace edu {

namespace {

// DMA mostly ends at once: looking again beats a sleep, which may last a tick. A pause is time that the owner waits.
constexpr u64 kSpinUs = 200;
constexpr u32 kPollUs = 20;

} // namespace

const u32 Adi::kControl = SIOV_EDU_ADI_CONTROL;

u32 Adi::control() const { return (enabled_ ? SIOV_EDU_ADI_ENABLE : 0) | (holds_ ? SIOV_EDU_ADI_PAUSE : 0); }

void Adi::set_pasid(Pasid pasid)
{
	function_.write_adi(index_, SIOV_EDU_ADI_PASID, SIOV_EDU_ADI_PASID_VALID | pasid.raw());
}

void Adi::clear_pasid() { function_.write_adi(index_, SIOV_EDU_ADI_PASID, 0); }

void Adi::enable()
{
	enabled_ = true;
	apply();
}

// An unplugged function reads as ones, so as paused, and does no DMA either.
bool Adi::wait_until_paused() const
{
	const u64 start = ex_now_us();
	while (!(function_.read_adi(index_, SIOV_EDU_ADI_STATE) & SIOV_EDU_ADI_PAUSED)) {
		const u64 waited = ex_now_us() - start;
		if (waited > kStopTimeoutUs)
			return false;
		if (waited > kSpinUs)
			ex_sleep_us(kPollUs);
	}
	return true;
}

Status Adi::hold(Hold why)
{
	holds_ |= static_cast<u32>(why);
	apply();
	if (wait_until_paused())
		return {};
	release(why);
	ex_log_adi(function_.parent(), index_.raw(), "does not pause");
	return base::fail(base::Error::from_kernel(-110 /* ETIMEDOUT */, "the ADI's DMA does not end"));
}

void Adi::release(Hold why)
{
	holds_ &= ~static_cast<u32>(why);
	apply();
}

// DMA that has started is let through first, so that nothing is torn; what takes too long is cut off. Then the device
// forgets its commands and clears the page in one step, in which nothing starts.
Status Adi::reset()
{
	function_.write_adi(index_, SIOV_EDU_ADI_CONTROL, control() | SIOV_EDU_ADI_PAUSE);
	if (!wait_until_paused())
		ex_log_adi(function_.parent(), index_.raw(), "does not drain, its DMA is cut off");
	function_.write_adi(index_, SIOV_EDU_ADI_CONTROL, control() | SIOV_EDU_ADI_RESET);
	stuck_ = !function_.gone() && function_.read_adi(index_, SIOV_EDU_ADI_STATE) & SIOV_EDU_ADI_RUNNING;
	if (!stuck_)
		return {};
	ex_log_adi(function_.parent(), index_.raw(), "runs on after a reset, and will not be used again");
	return base::fail(base::Errno::kIo, "the ADI runs on after its reset");
}

Status Adi::stop()
{
	enabled_ = false;
	holds_ = static_cast<u32>(Hold::kNoBusMaster);
	return reset();
}

u32 Adi::delay_us() const { return function_.read_adi(index_, SIOV_EDU_ADI_DELAY); }
void Adi::set_delay_us(u32 us) { function_.write_adi(index_, SIOV_EDU_ADI_DELAY, us); }

} // namespace edu
