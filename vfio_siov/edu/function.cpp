// SPDX-License-Identifier: GPL-2.0-only
// Page 0: identity, the error record, and who has which ADI.
#include "vfio_siov/edu/function.hpp"

#include "kern/log.hpp"
#include "uapi/linux/siov_edu.h"

namespace edu {

namespace {

constinit kern::LockClass function_class("siov_edu Function::lock");

// What the error codes of the record say
constexpr const char *kErrors[] = {
	nullptr,
	"no such register",
	"wrong size or alignment",
	"register is read-only",
	"bad value",
	"ADI is neither disabled nor paused",
	"malformed command",
	"command rejected: the ADI is disabled",
	"command rejected: the queue is full",
	"the device accessed itself by DMA",
};

const char *error_text(u32 code)
{
	return code && code < sizeof(kErrors) / sizeof(*kErrors) ? kErrors[code] : "unknown error";
}

} // namespace

Function::Function(edu_parent *parent) : parent_(parent), lock_(function_class) {}

Status Function::identify()
{
	if (read(SIOV_EDU_MAGIC) != SIOV_EDU_MAGIC_VALUE)
		return base::fail(base::Errno::kNoDev, "not a siov-edu");
	if (read(SIOV_EDU_VERSION) != SIOV_EDU_VERSION_VALUE)
		return base::fail(base::Errno::kNoDev, "another version of siov-edu");
	adis_ = read(SIOV_EDU_NUM_ADIS);
	if (!adis_ || adis_ > SIOV_EDU_MAX_ADIS)
		return base::fail(base::Errno::kNoDev, "impossible number of ADIs");
	return {};
}

Result<kern::Box<Function>> Function::probe(edu_parent *parent)
{
	TRY_LET(function, kern::make<Function>(parent));
	TRY(function->identify());
	function->records_ = kern::Array<AdiRecord>(function->adis_);
	if (!function->records_)
		return base::fail(base::Errno::kNoMem, "out of memory");
	for (u32 i = 0; i < function->adis_; i++)
		function->records_[i].index = i;
	function->write(SIOV_EDU_CONTROL, SIOV_EDU_CONTROL_RESET);
	function->write(SIOV_EDU_EVENT_ENABLE, SIOV_EDU_EVENT_ERROR);
	return function;
}

void Function::limit(u32 adis)
{
	if (adis >= adis_)
		return;
	ex_log(parent_, "fewer MSI-X vectors than ADIs: there will be fewer slices");
	adis_ = adis;
}

u32 Function::available()
{
	base::Guard guard(lock_);
	u32 free = 0;
	for (u32 i = 0; i < adis_; i++)
		free += !records_[i].used;
	return free;
}

Result<AdiIndex> Function::take_adi()
{
	base::Guard guard(lock_);
	for (u32 i = 0; i < adis_; i++)
		if (!records_[i].used) {
			records_[i].used = true;
			return AdiIndex(i);
		}
	return base::fail(base::Error::from_kernel(-87 /* EUSERS */, "all ADIs are in use"));
}

void Function::give_adi(AdiIndex adi)
{
	base::Guard guard(lock_);
	records_[adi.raw()].used = false;
}

u32 Function::read_adi(AdiIndex adi, u32 offset)
{
	base::Guard guard(lock_);
	write(SIOV_EDU_ADI_SELECT, adi.raw());
	return read(offset);
}

void Function::write_adi(AdiIndex adi, u32 offset, u32 value)
{
	base::Guard guard(lock_);
	write(SIOV_EDU_ADI_SELECT, adi.raw());
	write(offset, value);
}

bool Function::gone() const { return read(SIOV_EDU_MAGIC) != SIOV_EDU_MAGIC_VALUE; }

void Function::quiesce()
{
	write(SIOV_EDU_EVENT_ENABLE, 0);
	write(SIOV_EDU_CONTROL, SIOV_EDU_CONTROL_RESET);
}

// The record holds the first error alone; after it is cleared, the next one raises the event again. What was written is
// not told: it may be a PASID.
void Function::report_event()
{
	write(SIOV_EDU_EVENT, read(SIOV_EDU_EVENT));
	const u32 error = read(SIOV_EDU_ERROR);
	if (!(error & SIOV_EDU_ERROR_VALID) || gone())
		return;
	const u32 address = read(SIOV_EDU_ERROR_ADDRESS);
	write(SIOV_EDU_ERROR, SIOV_EDU_ERROR_VALID);
	ex_log_register(parent_, address / SIOV_EDU_PAGE_SIZE, address % SIOV_EDU_PAGE_SIZE,
			error_text(error & SIOV_EDU_ERROR_CODE));
}

} // namespace edu

namespace {

edu::Function &of(edu_function *function) { return *reinterpret_cast<edu::Function *>(function); }

} // namespace

int edu_function_create(edu_parent *parent, edu_function **function)
{
	auto made = edu::Function::probe(parent);
	if (!made) {
		ex_log(parent, made.error().why());
		return made.error().to_errno();
	}
	*function = reinterpret_cast<edu_function *>(made->release());
	return 0;
}

void edu_function_quiesce(edu_function *function) { of(function).quiesce(); }
void edu_function_destroy(edu_function *function) { delete &of(function); }
unsigned int edu_function_adis(edu_function *function) { return of(function).adis(); }
void edu_function_limit(edu_function *function, unsigned int adis) { of(function).limit(adis); }
unsigned int edu_function_available(edu_function *function) { return of(function).available(); }
void edu_function_event(edu_function *function) { of(function).report_event(); }

// The device tags its DMA with 20 bits.
int edu_function_limit_pasids(void *, unsigned int *, unsigned int *last)
{
	*last = base::min<unsigned>(*last, base::min<unsigned>(ex_max_pasid(), SIOV_EDU_ADI_PASID_MASK));
	return 0;
}

void edu_function_describe(void *, void *record, char *text, unsigned long size)
{
	ex_format_adi(text, size, static_cast<edu::AdiRecord *>(record)->index);
}
