// SPDX-License-Identifier: GPL-2.0-only
#include "fake/edu.hpp"

#include <cstdio>
#include <cstring>

#include "bridge/sync.h"
#include "fake/fault.hpp"
#include "fake/sync.hpp"

namespace fake {

unsigned max_pasid = SIOV_EDU_ADI_PASID_MASK;

std::map<int, eventfd_ctx> &eventfds()
{
	static std::map<int, eventfd_ctx> all;
	return all;
}

void reset_edu()
{
	for (const auto &[fd, ctx] : eventfds())
		if (ctx.refs)
			problem("eventfd %d is still held", fd);
	eventfds().clear();
	max_pasid = SIOV_EDU_ADI_PASID_MASK;
}

} // namespace fake

namespace {

using Adi = edu_parent::Adi;

u32 state_of(const edu_parent &parent, const Adi &adi)
{
	const bool runs = parent.runs(adi);
	return ((adi.control & SIOV_EDU_ADI_PAUSE) && !runs ? SIOV_EDU_ADI_PAUSED : 0) |
	       (runs ? SIOV_EDU_ADI_RUNNING : 0);
}

u32 read_page0(const edu_parent &parent, unsigned offset)
{
	const Adi &adi = parent.adis[parent.select];
	switch (offset) {
	case SIOV_EDU_MAGIC:
		return parent.magic;
	case SIOV_EDU_VERSION:
		return parent.version;
	case SIOV_EDU_NUM_ADIS:
		return parent.num_adis;
	case SIOV_EDU_EVENT:
		return parent.event;
	case SIOV_EDU_ERROR:
		return parent.error;
	case SIOV_EDU_ERROR_ADDRESS:
		return parent.error_address;
	case SIOV_EDU_ADI_STATE:
		return state_of(parent, adi);
	case SIOV_EDU_ADI_DELAY:
		return adi.delay;
	default:
		fake::problem("read of register 0x%x", offset);
		return ~0U;
	}
}

void write_control(edu_parent &parent, Adi &adi, u32 value)
{
	if (value & SIOV_EDU_ADI_RESET) {
		adi.resets++;
		adi.page.fill(0);
		if (!adi.unstoppable)
			adi.runs_until = 0;
	}
	adi.control = value & (SIOV_EDU_ADI_ENABLE | SIOV_EDU_ADI_PAUSE);
	(void)parent;
}

void write_page0(edu_parent &parent, unsigned offset, u32 value)
{
	Adi &adi = parent.adis[parent.select];
	switch (offset) {
	case SIOV_EDU_CONTROL:
		parent.resets++;
		for (Adi &each : parent.adis)
			each = {};
		break;
	case SIOV_EDU_EVENT_ENABLE:
		parent.event_enable = value;
		break;
	case SIOV_EDU_EVENT:
		parent.event &= ~value;
		break;
	case SIOV_EDU_ERROR:
		parent.error = value & SIOV_EDU_ERROR_VALID ? 0 : parent.error;
		break;
	case SIOV_EDU_ADI_SELECT:
		if (value >= parent.num_adis)
			fake::problem("ADI %u is selected", value);
		else
			parent.select = value;
		break;
	case SIOV_EDU_ADI_PASID:
		if (parent.runs(adi) || (adi.control & SIOV_EDU_ADI_ENABLE && !(adi.control & SIOV_EDU_ADI_PAUSE)))
			fake::problem("the PASID of a running ADI changes");
		adi.pasid = value;
		break;
	case SIOV_EDU_ADI_CONTROL:
		write_control(parent, adi, value);
		break;
	case SIOV_EDU_ADI_DELAY:
		adi.delay = value;
		break;
	default:
		fake::problem("write to register 0x%x", offset);
	}
}

} // namespace

unsigned long long ex_read(edu_parent *parent, unsigned int offset, unsigned int width)
{
	unsigned long long value = ~0ULL;
	if (offset % width)
		fake::problem("unaligned read");
	if (parent->gone)
		return width == 8 ? value : value & ((1ULL << (8 * width)) - 1);
	if (offset < SIOV_EDU_PAGE_SIZE)
		return read_page0(*parent, offset);
	value = 0;
	const unsigned at = offset % SIOV_EDU_PAGE_SIZE;
	std::memcpy(&value, parent->adis.at(offset / SIOV_EDU_PAGE_SIZE - 1).page.data() + at, width);
	return value;
}

void ex_write(edu_parent *parent, unsigned int offset, unsigned int width, unsigned long long value)
{
	if (offset % width)
		fake::problem("unaligned write");
	if (parent->gone)
		return;
	const unsigned at = offset % SIOV_EDU_PAGE_SIZE;
	if (offset < SIOV_EDU_PAGE_SIZE)
		write_page0(*parent, offset, static_cast<u32>(value));
	else
		std::memcpy(parent->adis.at(offset / SIOV_EDU_PAGE_SIZE - 1).page.data() + at, &value, width);
}

namespace {

edu_parent *clock_of; // the one whose time goes on; set by whoever asks the device

} // namespace

namespace fake {

void use_clock(edu_parent *parent) { clock_of = parent; }

} // namespace fake

void ex_sleep_us(unsigned int us)
{
	fake::might_sleep("ex_sleep_us");
	clock_of->now_us += us;
	clock_of->sleeps++;
	if (clock_of->on_sleep)
		clock_of->on_sleep();
}

unsigned long long ex_now_us(void) { return ++clock_of->now_us; }

unsigned int ex_max_pasid(void) { return fake::max_pasid; }

void ex_format_adi(char *text, unsigned long size, unsigned int adi) { std::snprintf(text, size, "ADI %u", adi); }
void ex_log(edu_parent *parent, const char *text) { parent->log.emplace_back(text); }

void ex_log_adi(edu_parent *parent, unsigned int adi, const char *text)
{
	parent->log.push_back("ADI " + std::to_string(adi) + ": " + text);
}

void ex_log_register(edu_parent *parent, unsigned int page, unsigned int offset, const char *text)
{
	parent->log.push_back("page " + std::to_string(page) + ", register " + std::to_string(offset) + ": " + text);
}

int ex_irq_request(edu_vdev *vdev, unsigned int)
{
	vdev->irq = !vdev->irq_error;
	return vdev->irq_error;
}

void ex_irq_free(edu_vdev *vdev, unsigned int)
{
	if (!vdev->irq)
		fake::problem("free of an interrupt that was not requested");
	vdev->irq = false;
}

void ex_irq_flush(edu_vdev *vdev, unsigned int)
{
	fake::might_sleep("ex_irq_flush");
	if (!vdev->irq)
		fake::problem("flush of an interrupt that was not requested");
	vdev->flushes++;
	if (vdev->on_flush)
		vdev->on_flush();
}

void ex_zap_page(edu_vdev *vdev)
{
	fake::might_sleep("ex_zap_page");
	vdev->zaps++;
	if (vdev->on_zap)
		vdev->on_zap();
}

int dx_eventfd_get(int fd, eventfd_ctx **ctx)
{
	auto it = fake::eventfds().find(fd);
	if (it == fake::eventfds().end())
		return -9;
	it->second.refs++;
	*ctx = &it->second;
	return 0;
}

void dx_eventfd_put(eventfd_ctx *ctx)
{
	fake::might_sleep("dx_eventfd_put");
	ctx->refs--;
}

void dx_eventfd_signal(eventfd_ctx *ctx) { ctx->signals++; }

unsigned long dx_spin_lock_irqsave(spinlock *lock)
{
	kx_spin_lock(lock);
	return 0;
}

void dx_spin_unlock_irqrestore(spinlock *lock, unsigned long) { kx_spin_unlock(lock); }

int ex_export(edu_vdev *vdev, unsigned int offset, unsigned int length, unsigned int open_flags, bool usable)
{
	return siov_export(&vdev->siov, vdev->pfn * 4096 + offset, length, open_flags, usable);
}

void ex_allow_exports(edu_vdev *vdev, bool usable) { siov_allow_exports(&vdev->siov, usable); }
void ex_end_exports(edu_vdev *vdev) { siov_end_exports(&vdev->siov); }
