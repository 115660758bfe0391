// SPDX-License-Identifier: GPL-2.0-only
// The function siov-edu as its driver has it: page 0 of BAR 0 (include/uapi/linux/siov_edu.h), and which of its ADIs are
// in use. An Adi is one of them, owned, with its switches.
//
// Function::lock_ guards ADI_SELECT and what is behind it, and records_. An Adi is guarded by its owner's lock.
#pragma once
#include <utility>

#include "base/result.hpp"
#include "kern/alloc.hpp"
#include "kern/sync.hpp"
#include "vfio_siov/edu/glue.h"

namespace edu {

using base::Result;
using base::Status;

using AdiIndex = base::Strong<struct AdiIndexTag, u32>;
using Pasid = base::Pasid;

// How long an ADI may take to let go of its DMA.
constexpr u64 kStopTimeoutUs = 2000000;

// Stands for an ADI in the PASID allocator, whose entries outlive slices that could not be stopped.
struct AdiRecord {
	u32 index;
	bool used;
};

class Function {
public:
	// Resets the device and has its errors reported. ENODEV: not a siov-edu of this version. ENOMEM.
	static Result<kern::Box<Function>> probe(edu_parent *parent);

	explicit Function(edu_parent *parent);

	edu_parent *parent() const { return parent_; }
	u32 adis() const { return adis_; }
	void limit(u32 adis);
	u32 available();
	// EUSERS: all are in use.
	Result<AdiIndex> take_adi();
	void give_adi(AdiIndex adi);
	AdiRecord *record(AdiIndex adi) const { return &records_[adi.raw()]; }

	// The registers behind ADI_SELECT; offsets and values are SIOV_EDU_ADI_*.
	u32 read_adi(AdiIndex adi, u32 offset);
	void write_adi(AdiIndex adi, u32 offset, u32 value);
	// Unplugged: reads give ones.
	bool gone() const;

	// No ADI has a PASID or does DMA any more.
	void quiesce();
	// Vector 0: the device has filled its error record.
	void report_event();

private:
	u32 read(u32 offset) const { return static_cast<u32>(ex_read(parent_, offset, 4)); }
	void write(u32 offset, u32 value) const { ex_write(parent_, offset, 4, value); }
	Status identify();

	edu_parent *parent_;
	kern::Mutex lock_;
	kern::Array<AdiRecord> records_;
	u32 adis_ = 0;
};

// Why an ADI starts no commands.
enum class Hold : u32 {
	kNoBusMaster = 1, // its owner has not set the bus master bit
	kReplace = 2,     // its address space is about to change
};

class Adi {
public:
	Adi(Function &function, AdiIndex index) : function_(function), index_(index) {}
	Adi(const Adi &) = delete;
	// One that could not be stopped is nobody's any more.
	~Adi()
	{
		if (!stuck_)
			function_.give_adi(index_);
	}

	AdiIndex index() const { return index_; }
	Function &function() const { return function_; }
	bool stuck() const { return stuck_; }

	// The ADI is stopped: what it is asked for from now on carries the PASID.
	void set_pasid(Pasid pasid);
	void clear_pasid();

	// Accepts commands from now on; they wait for the bus master bit.
	void enable();
	// When it returns without error, DMA that had started is over, or waits for a page, and none starts.
	// ETIMEDOUT: it did not end within kStopTimeoutUs; the hold is off again.
	Status hold(Hold why);
	void release(Hold why);
	bool held(Hold why) const { return holds_ & static_cast<u32>(why); }
	// Its commands are forgotten, its page is as new, and none of its DMA comes later. EIO: it goes on.
	Status reset();
	// Also disables it.
	Status stop();

	u32 delay_us() const;
	void set_delay_us(u32 us);

private:
	u32 control() const;
	void apply() { function_.write_adi(index_, kControl, control()); }
	bool wait_until_paused() const;

	static const u32 kControl;

	Function &function_;
	const AdiIndex index_;
	u32 holds_ = static_cast<u32>(Hold::kNoBusMaster);
	bool enabled_ = false;
	bool stuck_ = false;
};

} // namespace edu
