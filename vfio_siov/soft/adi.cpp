// SPDX-License-Identifier: GPL-2.0-only
#include "vfio_siov/soft/adi.hpp"

#include "base/guard.hpp"

namespace soft {

namespace {

constinit kern::LockClass adi_class("siov_soft Adi::lock");
constinit kern::LockClass pin_class("siov_soft Adi::pin_lock");

constexpr u32 kWords = SIOV_EDU_COMMAND_MASK | SIOV_EDU_COMMAND_IRQ | SIOV_EDU_COMMAND_PAGES;
constexpr u32 kPendingShift = 8; // of SIOV_EDU_STATUS_PENDING
constexpr u64 kFnvOffset = 0xcbf29ce484222325;
constexpr u64 kFnvPrime = 0x100000001b3;
constexpr u32 kNapUs = 1000; // how soon a reset is noticed

constexpr bool is_register(u32 offset)
{
	return offset < SIOV_EDU_FAULT_ADDRESS + 8 && offset != SIOV_EDU_IRQ_PENDING + 4;
}

constexpr bool in_memory(u64 address, u32 length, u32 most)
{
	return length && length <= most && address <= base::kU64Max - length;
}

} // namespace

Adi::Adi(soft_vdev *vdev, page_device::Interrupt &interrupt)
	: vdev_(vdev), lock_(adi_class), pin_lock_(pin_class), interrupt_(interrupt)
{
}

void Adi::put64(u32 offset, u64 value)
{
	reg(offset) = static_cast<u32>(value);
	reg(offset + 4) = static_cast<u32>(value >> 32);
}

u32 Adi::get(u32 offset)
{
	if (!is_register(offset)) {
		sf_log(vdev_, "no such register");
		return ~0U;
	}
	return reg(offset) | (offset == SIOV_EDU_STATUS ? pending_ << kPendingShift : 0);
}

void Adi::interrupt_now()
{
	if (reg(SIOV_EDU_IRQ_MASK))
		reg(SIOV_EDU_IRQ_PENDING) = 1;
	else
		interrupt_.raise();
}

void Adi::put(u32 offset, u32 value)
{
	const bool is_switch = offset == SIOV_EDU_IRQ_MASK || offset == SIOV_EDU_IRQ_PENDING;
	if (is_switch ? value > 1 : !is_register(offset) || offset >= SIOV_EDU_RESULT) {
		sf_log(vdev_, "a write that no register takes");
		return;
	}
	if (offset == SIOV_EDU_IRQ_PENDING) {
		reg(offset) &= ~value;
		return;
	}
	reg(offset) = value;
	if (offset == SIOV_EDU_COMMAND)
		submit();
	if (offset == SIOV_EDU_IRQ_MASK && !value && reg(SIOV_EDU_IRQ_PENDING)) {
		reg(SIOV_EDU_IRQ_PENDING) = 0;
		interrupt_.raise();
	}
}

void Adi::submit()
{
	if (pending_ == kDepth) {
		reg(SIOV_EDU_REJECTED)++;
		sf_log(vdev_, "command rejected: the queue is full");
		return;
	}
	queue_[(head_ + pending_++) % kDepth] = {
		.src = get64(SIOV_EDU_SRC),
		.dst = get64(SIOV_EDU_DST),
		.operand = get64(SIOV_EDU_OPERAND),
		.length = reg(SIOV_EDU_LENGTH),
		.word = reg(SIOV_EDU_COMMAND),
		.generation = generation_,
	};
	if (running_)
		sf_work_queue(vdev_);
}

void Adi::read(u32 offset, std::span<u8> to)
{
	base::Guard guard(lock_);
	if (offset >= SIOV_EDU_BUFFER) {
		for (std::size_t i = 0; i < to.size(); i++)
			to[i] = buffer_[offset - SIOV_EDU_BUFFER + i];
		return;
	}
	u64 value = get(offset);
	if (to.size() > 4)
		value |= static_cast<u64>(get(offset + 4)) << 32;
	for (std::size_t i = 0; i < to.size(); i++)
		to[i] = static_cast<u8>(value >> (8 * i));
}

void Adi::write(u32 offset, std::span<const u8> from)
{
	base::Guard guard(lock_);
	if (offset >= SIOV_EDU_BUFFER) {
		for (std::size_t i = 0; i < from.size(); i++)
			buffer_[offset - SIOV_EDU_BUFFER + i] = from[i];
		return;
	}
	u64 value = 0;
	for (std::size_t i = 0; i < from.size(); i++)
		value |= static_cast<u64>(from[i]) << (8 * i);
	put(offset, static_cast<u32>(value));
	if (from.size() > 4)
		put(offset + 4, static_cast<u32>(value >> 32));
}

void Adi::let_run(bool on)
{
	{
		base::Guard guard(lock_);
		running_ = on;
	}
	if (on)
		sf_work_queue(vdev_);
	else
		sf_work_flush(vdev_);
}

void Adi::reset()
{
	{
		base::Guard guard(lock_);
		generation_++;
		pending_ = 0;
	}
	sf_work_flush(vdev_);
	base::Guard guard(lock_);
	registers_.fill(0);
	buffer_.fill(0);
}

void Adi::unmapped() { base::Guard guard(pin_lock_); }

void Adi::work()
{
	while (auto command = next()) {
		Outcome outcome{.status = check(*command)};
		if (outcome.status == SIOV_EDU_OK)
			outcome = execute(*command);
		complete(*command, outcome);
	}
}

std::optional<Command> Adi::next()
{
	base::Guard guard(lock_);
	if (!running_ || !pending_)
		return std::nullopt;
	return queue_[head_];
}

// The status with which a malformed command completes; OK for the others
u32 Adi::check(const Command &c)
{
	const bool src = in_memory(c.src, c.length, kMaxLength);
	const bool dst = in_memory(c.dst, c.length, kMaxLength);
	const auto in_buffer = [&](u64 offset) { return c.length <= kBufferSize && offset <= kBufferSize - c.length; };
	const auto range = [](bool fits) -> u32 { return fits ? SIOV_EDU_OK : SIOV_EDU_BAD_RANGE; };
	if (c.word & ~kWords)
		return SIOV_EDU_BAD_COMMAND;
	switch (c.word & SIOV_EDU_COMMAND_MASK) {
	case SIOV_EDU_READ:
		return range(src && in_buffer(c.dst));
	case SIOV_EDU_WRITE:
		return range(dst && in_buffer(c.src));
	case SIOV_EDU_COPY:
		return range(src && dst);
	case SIOV_EDU_CHECKSUM:
		return range(src);
	case SIOV_EDU_FETCH_ADD:
		return range((c.length == 4 || c.length == 8) && !(c.dst % c.length));
	default:
		return SIOV_EDU_BAD_COMMAND;
	}
}

bool Adi::overtaken(const Command &command)
{
	base::Guard guard(lock_);
	return command.generation != generation_;
}

void Adi::wait(const Command &command)
{
	const u64 end = sf_now_us() + delay_us();
	for (u64 now = sf_now_us(); now < end && !overtaken(command); now = sf_now_us())
		sf_sleep_us(static_cast<u32>(base::min<u64>(end - now, kNapUs)));
}

Adi::Outcome Adi::execute(const Command &command)
{
	const u32 what = command.word & SIOV_EDU_COMMAND_MASK;
	if (what == SIOV_EDU_FETCH_ADD)
		return fetch_add(command);
	wait(command);
	switch (what) {
	case SIOV_EDU_READ:
		return read_memory(command);
	case SIOV_EDU_WRITE:
		return write_memory(command);
	case SIOV_EDU_COPY:
		return copy(command);
	default:
		return checksum(command);
	}
}

Adi::Outcome Adi::read_memory(const Command &c)
{
	if (overtaken(c) || sf_dma(vdev_, c.src, chunk_.data(), c.length, false))
		return {.status = SIOV_EDU_DMA_FAILED, .fault = c.src};
	base::Guard guard(lock_);
	for (u32 i = 0; i < c.length; i++)
		buffer_[c.dst + i] = chunk_[i];
	return {};
}

Adi::Outcome Adi::write_memory(const Command &c)
{
	{
		base::Guard guard(lock_);
		for (u32 i = 0; i < c.length; i++)
			chunk_[i] = buffer_[c.src + i];
	}
	if (overtaken(c) || sf_dma(vdev_, c.dst, chunk_.data(), c.length, true))
		return {.status = SIOV_EDU_DMA_FAILED, .fault = c.dst};
	return {};
}

Adi::Outcome Adi::copy(const Command &c)
{
	for (u32 done = 0; done < c.length; done += kChunk) {
		const u32 n = base::min(c.length - done, kChunk);
		if (overtaken(c) || sf_dma(vdev_, c.src + done, chunk_.data(), n, false))
			return {.status = SIOV_EDU_DMA_FAILED, .fault = c.src + done};
		if (sf_dma(vdev_, c.dst + done, chunk_.data(), n, true))
			return {.status = SIOV_EDU_DMA_FAILED, .fault = c.dst + done};
	}
	return {};
}

Adi::Outcome Adi::checksum(const Command &c)
{
	u64 hash = kFnvOffset;
	for (u32 done = 0; done < c.length; done += kChunk) {
		const u32 n = base::min(c.length - done, kChunk);
		if (overtaken(c) || sf_dma(vdev_, c.src + done, chunk_.data(), n, false))
			return {.status = SIOV_EDU_DMA_FAILED, .fault = c.src + done};
		for (u32 i = 0; i < n; i++)
			hash = (hash ^ chunk_[i]) * kFnvPrime;
	}
	return {.result = hash};
}

// The delay is with the page pinned: an unmap meanwhile waits.
Adi::Outcome Adi::fetch_add(const Command &c)
{
	base::Guard guard(pin_lock_);
	page *pinned = nullptr;
	if (sf_pin(vdev_, c.dst, &pinned))
		return {.status = SIOV_EDU_DMA_FAILED, .fault = c.dst};
	wait(c);
	Outcome outcome{.status = SIOV_EDU_DMA_FAILED, .fault = c.dst};
	if (!overtaken(c))
		outcome = {.result = sf_fetch_add(pinned, static_cast<u32>(c.dst % kChunk), c.length, c.operand)};
	sf_unpin(vdev_, c.dst);
	return outcome;
}

// Of a command that a reset overtook, nothing is told.
void Adi::complete(const Command &command, const Outcome &outcome)
{
	base::Guard guard(lock_);
	if (command.generation != generation_)
		return;
	head_ = (head_ + 1) % kDepth;
	pending_--;
	reg(SIOV_EDU_STATUS) = outcome.status;
	reg(SIOV_EDU_COMPLETED)++;
	if (outcome.result)
		put64(SIOV_EDU_RESULT, *outcome.result);
	if (outcome.status == SIOV_EDU_DMA_FAILED)
		put64(SIOV_EDU_FAULT_ADDRESS, outcome.fault);
	if (command.word & SIOV_EDU_COMMAND_IRQ)
		interrupt_now();
}

} // namespace soft
