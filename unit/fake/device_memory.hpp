// SPDX-License-Identifier: GPL-2.0-only
// A device's memory: page frames without struct pages, the ways to get at them (bridge/dmabuf.h, bridge/pfnmap.h), and
// whether they are there. Rules that are checked: it is mapped without caches and as device memory, and is in no domain
// when it goes.
#pragma once
#include <functional>
#include <vector>

#include "bridge/dmabuf.h"
#include "fake/memory.hpp"
#include "fake/sync.hpp"

struct dma_buf_ops {
	bool can_revoke = true;
	void (*release)(void *data) = nullptr;
};

struct dma_buf_attachment {
	dma_buf *buf;
	void *importer;
	int pins = 0;
};

struct dma_buf {
	const dma_buf_ops *ops;
	unsigned long long size;
	void *data = nullptr;
	int refs = 1;
	int attach_error = 0, pin_error = 0;
	fake::Lock resv{"dma_resv", false, false, 0};
	std::vector<dma_buf_attachment *> attachments{};
};

namespace fake {

constexpr unsigned long kFirstDevicePfn = 0x900000;

// Fresh page frames, physically contiguous.
unsigned long new_device_memory(unsigned long pages);
bool is_device_memory(unsigned long pfn);
void count_device_mapping(unsigned long pfn, int prot, int by);
// How many leaf pages of domains point to those frames
long device_mappings(unsigned long first, unsigned long pages);

// A dma-buf, and its descriptor, which has the only reference.
dma_buf &new_dmabuf(const dma_buf_ops &ops, unsigned long long size, void *data = nullptr);
int dmabuf_fd(dma_buf &buf);
void close_dmabuf(int fd);
// dma_buf_move_notify(), with the lock held
void move_notify(dma_buf &buf);

// VFIO maps device memory at `va`.
struct BarSpec {
	bool writable = true;
	bool vfio = true;          // else some other driver does
	unsigned long hole = ~0ul; // this page is RAM
};
void map_bar(Process &process, unsigned long va, unsigned long first, unsigned long pages, BarSpec spec = {});
// The entries of the page table go, all notifiers first.
void zap(Process &process, unsigned long va, unsigned long pages);
// What the kernel runs while page tables are looked up, once
void while_looking(std::function<void()> fn);
// The same at the next unmap of any domain
void while_unmapping(std::function<void()> fn);
// The same while memory is waited for
void while_short_of_memory(std::function<void()> fn);
void wait_for_memory();
unsigned watches();
// Runs the notifiers of a range where they may not sleep; false: one had to, and has done nothing.
bool try_zap(unsigned long va, unsigned long pages);
extern bool map_pfnmap; // the module's parameter

void reset_device_memory();

} // namespace fake
