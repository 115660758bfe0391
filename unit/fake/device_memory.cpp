// SPDX-License-Identifier: GPL-2.0-only
// A device's memory, dma-bufs and mapped BARs; see device_memory.hpp.
#include "fake/device_memory.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "bridge/alloc.h"
#include "bridge/layout.gen.h"
#include "bridge/pfnmap.h"
#include "fake/fault.hpp"

// A watched range. Its address is the object of the code under test.
struct mmu_interval_notifier {
	mm_struct *mm;
	unsigned long start, last; // bytes
	unsigned long seq;
};
static_assert(sizeof(mmu_interval_notifier) <= KX_SIZE_mmu_interval_notifier);

namespace fake {

namespace {

struct Bar {
	unsigned long pfn;
	bool writable, vfio;
};

std::map<unsigned long, int> mapped; // by page frame
unsigned long next_pfn = kFirstDevicePfn;
std::map<int, dma_buf *> descriptors;
int next_fd = 5000;
unsigned dmabufs;
std::map<std::pair<const mm_struct *, unsigned long>, Bar> bars; // by virtual page
std::vector<mmu_interval_notifier *> watched;
unsigned long seq_now = 1;
std::function<void()> meanwhile, at_wait;

void put(dma_buf &buf)
{
	if (--buf.refs)
		return;
	if (!buf.attachments.empty())
		problem("a dma-buf ends with importers attached");
	if (buf.ops->release)
		buf.ops->release(buf.data);
	dmabufs--;
	delete &buf;
}

bool overlaps(const mmu_interval_notifier &w, const mm_struct *mm, unsigned long va, unsigned long pages)
{
	return w.mm == mm && w.start < va + pages * kPage && w.last >= va;
}

// Runs the notifiers of a range as the kernel does, under the mmap lock.
bool notify(mm_struct *mm, unsigned long va, unsigned long pages, bool may_sleep)
{
	bool done = true;
	touch_mmap_lock("zap");
	seq_now += 2;
	for (mmu_interval_notifier *w : std::vector(watched))
		if (overlaps(*w, mm, va, pages))
			done &= iommufd_cxx_zapped(w, seq_now, may_sleep);
	return done;
}

void under_a_lock(const char *what)
{
	if (!locks_held())
		problem("%s without the lock that the notifier takes", what);
}

} // namespace

bool map_pfnmap;

unsigned long new_device_memory(unsigned long pages)
{
	const unsigned long first = next_pfn;
	next_pfn += pages + 1;
	for (unsigned long i = 0; i < pages; i++)
		mapped[first + i] = 0;
	return first;
}

bool is_device_memory(unsigned long pfn) { return mapped.contains(pfn); }

void count_device_mapping(unsigned long pfn, int prot, int by)
{
	if ((prot & KX_IOMMU_CACHE) || !(prot & KX_IOMMU_MMIO))
		problem("device memory %#lx mapped as if it were RAM", pfn);
	mapped[pfn] += by;
}

long device_mappings(unsigned long first, unsigned long pages)
{
	long sum = 0;
	for (unsigned long i = 0; i < pages; i++)
		sum += mapped[first + i];
	return sum;
}

dma_buf &new_dmabuf(const dma_buf_ops &ops, unsigned long long size, void *data)
{
	dmabufs++;
	return *new dma_buf{.ops = &ops, .size = size, .data = data};
}

int dmabuf_fd(dma_buf &buf)
{
	descriptors[next_fd] = &buf;
	return next_fd++;
}

void close_dmabuf(int fd)
{
	auto it = descriptors.find(fd);
	if (it == descriptors.end())
		return problem("no dma-buf has descriptor %d", fd);
	put(*std::exchange(it->second, nullptr));
	descriptors.erase(it);
}

void move_notify(dma_buf &buf)
{
	assert_held(buf.resv);
	for (dma_buf_attachment *a : buf.attachments)
		iommufd_cxx_dmabuf_moved(a->importer);
}

void map_bar(Process &process, unsigned long va, unsigned long first, unsigned long pages, BarSpec spec)
{
	for (unsigned long i = 0; i < pages; i++)
		bars[{&process.mm, va / kPage + i}] = {i == spec.hole ? kFirstPfn : first + i, spec.writable,
						       spec.vfio};
}

void zap(Process &process, unsigned long va, unsigned long pages)
{
	if (!notify(&process.mm, va, pages, true))
		problem("a notifier that may sleep has refused");
	for (unsigned long i = 0; i < pages; i++) {
		auto it = bars.find({&process.mm, va / kPage + i});
		if (it == bars.end())
			continue;
		if (mapped.contains(it->second.pfn) && mapped[it->second.pfn])
			problem("page frame %#lx is still in a domain when it goes", it->second.pfn);
		bars.erase(it);
	}
}

bool try_zap(unsigned long va, unsigned long pages) { return notify(current.mm, va, pages, false); }

void while_looking(std::function<void()> fn) { meanwhile = std::move(fn); }
void while_short_of_memory(std::function<void()> fn) { at_wait = std::move(fn); }
unsigned watches() { return watched.size(); }

void wait_for_memory()
{
	if (auto run = std::exchange(at_wait, nullptr))
		run();
}

void reset_device_memory()
{
	if (dmabufs || !descriptors.empty())
		problem("%u dma-bufs are left", dmabufs);
	if (!watched.empty())
		problem("%zu ranges are still watched", watched.size());
	for (const auto &[pfn, count] : mapped)
		if (count)
			problem("device memory %#lx is in a domain at the end", pfn);
	mapped.clear();
	bars.clear();
	next_pfn = kFirstDevicePfn;
	map_pfnmap = false;
	meanwhile = nullptr;
}

} // namespace fake

using namespace fake;

dma_buf *kx_dmabuf_from_fd(int fd)
{
	auto it = descriptors.find(fd);
	if (it == descriptors.end())
		return nullptr;
	it->second->refs++;
	return it->second;
}

void kx_dmabuf_put(dma_buf *buf) { put(*buf); }
const dma_buf_ops *kx_dmabuf_ops(const dma_buf *buf) { return buf->ops; }
unsigned long long kx_dmabuf_size(const dma_buf *buf) { return buf->size; }
bool kx_dmabuf_can_revoke(const dma_buf_ops *ops) { return ops->can_revoke; }
void kx_dmabuf_lock(dma_buf *buf) { take_lock(buf->resv, false); }
void kx_dmabuf_unlock(dma_buf *buf) { drop_lock(buf->resv, false); }

int kx_dmabuf_attach(dma_buf *buf, void *importer, dma_buf_attachment **attachment)
{
	take_lock(buf->resv, false);
	drop_lock(buf->resv, false);
	if (step(Fault::kAlloc))
		return -12;
	if (buf->attach_error)
		return buf->attach_error;
	*attachment = new dma_buf_attachment{buf, importer};
	buf->attachments.push_back(*attachment);
	return 0;
}

void kx_dmabuf_detach(dma_buf *buf, dma_buf_attachment *attachment)
{
	take_lock(buf->resv, false);
	drop_lock(buf->resv, false);
	if (attachment->pins)
		problem("a dma-buf is detached while it is pinned");
	if (!std::erase(buf->attachments, attachment))
		problem("a dma-buf is detached twice");
	delete attachment;
}

int kx_dmabuf_pin(dma_buf_attachment *attachment)
{
	assert_held(attachment->buf->resv);
	if (attachment->buf->pin_error)
		return attachment->buf->pin_error;
	attachment->pins++;
	return 0;
}

void kx_dmabuf_unpin(dma_buf_attachment *attachment)
{
	assert_held(attachment->buf->resv);
	if (--attachment->pins < 0)
		problem("a dma-buf is unpinned twice");
}

bool kx_pfnmap_wanted() { return map_pfnmap; }

bool kx_pfnmap_at(unsigned long addr)
{
	touch_mmap_lock("looking for a BAR");
	auto it = bars.find({current.mm, addr / kPage});
	return it != bars.end() && it->second.vfio;
}

int kx_pfnmap_find(unsigned long addr, unsigned long length, bool write, unsigned long *first)
{
	touch_mmap_lock("looking up a BAR");
	if (auto run = std::exchange(meanwhile, nullptr))
		run();
	for (unsigned long done = 0; done < length; done += kPage) {
		auto it = bars.find({current.mm, (addr + done) / kPage});
		if (it == bars.end() || !it->second.vfio || (write && !it->second.writable))
			return -14;
		if (!done)
			*first = it->second.pfn;
		if (it->second.pfn != *first + done / kPage || !mapped.contains(it->second.pfn))
			return -14;
	}
	return 0;
}

int kx_zap_watch(mmu_interval_notifier *watch, unsigned long addr, unsigned long length)
{
	touch_mmap_lock("watching");
	if (step(Fault::kAlloc))
		return -12;
	*watch = {current.mm, addr, addr + (length - 1), 0};
	current.mm->grabs++;
	watched.push_back(watch);
	return 0;
}

void kx_zap_unwatch(mmu_interval_notifier *watch)
{
	might_sleep("the end of a watch");
	watch->mm->grabs--;
	if (!std::erase(watched, watch))
		problem("a watch ends twice");
}

unsigned long kx_zap_begin(mmu_interval_notifier *watch) { return watch->seq; }

bool kx_zap_retry(mmu_interval_notifier *watch, unsigned long seq)
{
	under_a_lock("comparing the sequence");
	return watch->seq != seq;
}

void kx_zap_set_seq(mmu_interval_notifier *watch, unsigned long seq)
{
	under_a_lock("the next sequence");
	watch->seq = seq;
}
