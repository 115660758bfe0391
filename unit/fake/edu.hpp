// SPDX-License-Identifier: GPL-2.0-only
// vfio_siov/edu/glue.h: a siov-edu as far as its driver sees it (docs/siov-edu.md), a slice as VFIO has it; and
// vfio_siov/page_device/glue.h: eventfds. A rule that is checked: an ADI's PASID changes only while the ADI cannot do
// DMA.
#pragma once
#include <array>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/types.hpp"
#include "uapi/linux/siov_edu.h"
#include "fake/siov.hpp"
#include "vfio_siov/edu/glue.h"

struct eventfd_ctx {
	int signals = 0;
	int refs = 0;
};

struct edu_parent {
	struct Adi {
		u32 pasid = 0, control = 0, delay = 0;
		u64 runs_until = 0;       // a command has started
		bool unstoppable = false; // not even by a reset
		unsigned resets = 0;
		std::array<u8, SIOV_EDU_PAGE_SIZE> page{};
	};

	u32 magic = SIOV_EDU_MAGIC_VALUE, version = SIOV_EDU_VERSION_VALUE, num_adis = 4;
	u32 select = 0, event = 0, event_enable = 0, error = 0, error_address = 0;
	unsigned resets = 0;
	bool gone = false; // unplugged
	u64 now_us = 0;
	unsigned sleeps = 0;
	std::function<void()> on_sleep{};
	std::array<Adi, 8> adis{};
	std::vector<std::string> log{};

	bool runs(const Adi &adi) const { return adi.runs_until > now_us; }
};

struct edu_vdev {
	edu_parent *parent = nullptr;
	vfio_siov_device siov{};
	unsigned long pfn = 0; // of the page, for dma-bufs
	int irq_error = 0;
	bool irq = false;
	unsigned zaps = 0, flushes = 0;
	// What comes in between
	std::function<void()> on_zap, on_flush;
};

namespace fake {

// The eventfds that a process has, by descriptor.
std::map<int, eventfd_ctx> &eventfds();
extern unsigned max_pasid;
// Whose clock goes on while the driver waits
void use_clock(edu_parent *parent);
void reset_edu();

} // namespace fake
