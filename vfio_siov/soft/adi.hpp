// SPDX-License-Identifier: GPL-2.0-only
// An ADI in software: the page of registers of docs/siov-edu.md, whose commands the CPU does, through the access that
// the owner's iommufd gives to a device without DMA. Differences: no page is mapped (each access is trapped), the
// memory of a command is always asked for anew, so COMMAND_PAGES changes nothing, and a wrong access is told in the log
// alone.
//
// Commands run one at a time, in order, in a work item. COPY, READ, WRITE and CHECKSUM go page by page through a buffer
// of ours, so that an unmap has nothing to wait for but one page; FETCH_ADD pins its page, and an unmap waits for that.
//
// lock_ guards the registers, the queue and the buffer; nothing is called under it but the interrupt. pin_lock_ is held
// from pin to unpin, and taken by who has to be sure that there is no pin. It comes before iommufd's locks and the
// owner's mmap lock; iommufd tells of an unmap without a lock that a pin takes.
#pragma once
#include <array>
#include <optional>
#include <span>

#include "base/types.hpp"
#include "kern/sync.hpp"
#include "uapi/linux/siov_edu.h"
#include "vfio_siov/page_device/interrupt.hpp"
#include "vfio_siov/soft/glue.h"

namespace soft {

struct Command {
	u64 src, dst, operand;
	u32 length, word;
	u32 generation; // of the ADI when it was queued
};

class Adi {
public:
	Adi(soft_vdev *vdev, page_device::Interrupt &interrupt);

	// One access of 4 or 8 naturally aligned bytes (the buffer takes 1 and 2, too) within the page
	void read(u32 offset, std::span<u8> to);
	void write(u32 offset, std::span<const u8> from);

	// Commands start (bus master), or: none starts, and the one that had is over when this returns.
	void let_run(bool on);
	// Commands are forgotten, the page is as new, and nothing is done to memory when this returns.
	void reset();
	// What has been queued, from the work item.
	void work();
	// iommufd takes memory away: no page is pinned when this returns.
	void unmapped();

	// From a command's start to its DMA, in microseconds; of commands that start from now on
	u32 delay_us() const { return __atomic_load_n(&delay_us_, __ATOMIC_RELAXED); }
	void set_delay_us(u32 us) { __atomic_store_n(&delay_us_, us, __ATOMIC_RELAXED); }

private:
	static const u32 kDepth = 16;
	static const u32 kRegisters = (SIOV_EDU_FAULT_ADDRESS + 8) / 4;
	static const u32 kBufferSize = SIOV_EDU_PAGE_SIZE - SIOV_EDU_BUFFER;
	static const u32 kMaxLength = 0x100000;
	static const u32 kChunk = 4096;

	// What a command leaves behind
	struct Outcome {
		u32 status = SIOV_EDU_OK;
		u64 fault = 0;
		std::optional<u64> result = std::nullopt;
	};

	u32 &reg(u32 offset) { return registers_[offset / 4]; }
	u64 get64(u32 offset) { return reg(offset) | static_cast<u64>(reg(offset + 4)) << 32; }
	void put64(u32 offset, u64 value);
	u32 get(u32 offset);
	void put(u32 offset, u32 value);
	void submit();
	void interrupt_now();

	static u32 check(const Command &command);
	std::optional<Command> next();
	bool overtaken(const Command &command);
	void wait(const Command &command);
	Outcome execute(const Command &command);
	Outcome read_memory(const Command &command);
	Outcome write_memory(const Command &command);
	Outcome copy(const Command &command);
	Outcome checksum(const Command &command);
	Outcome fetch_add(const Command &command);
	void complete(const Command &command, const Outcome &outcome);

	soft_vdev *vdev_;
	kern::Mutex lock_;
	kern::Mutex pin_lock_;
	page_device::Interrupt &interrupt_;
	std::array<u32, kRegisters> registers_{};
	std::array<Command, kDepth> queue_;
	std::array<u8, kBufferSize> buffer_{};
	std::array<u8, kChunk> chunk_; // the work item's
	u32 head_ = 0;
	u32 pending_ = 0;
	u32 generation_ = 0; // counts resets
	u32 delay_us_ = 0;
	bool running_ = false;
};

} // namespace soft
