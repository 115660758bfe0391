// SPDX-License-Identifier: GPL-2.0-only
// See mmap.hpp.
#include "fake/mmap.hpp"

#include <algorithm>
#include <vector>

#include "bridge/file.h"
#include "bridge/mmap.h"
#include "fake/fault.hpp"
#include "fake/sync.hpp"

struct vm_fault {
	vm_area_struct *vma;
	unsigned long page;
};

namespace {

constexpr unsigned long kPage = 4096;
constexpr unsigned kDone = 0, kSigbus = 2;

std::vector<vm_area_struct *> all;

} // namespace

void kx_vma_set_region(vm_area_struct *vma, void *region, bool device_memory)
{
	vma->region = region;
	vma->device_memory = device_memory;
}

unsigned kx_vma_insert(vm_fault *fault, unsigned long pfn)
{
	fake::might_sleep("a page fault");
	fault->vma->present[fault->page] = pfn;
	return kDone;
}

unsigned kx_vma_refuse() { return kSigbus; }

void kx_vma_zap(file *f, unsigned long long offset, unsigned long long length)
{
	fake::touch_mmap_lock("zapping"); // not that one, but one like it
	for (vm_area_struct *vma : all)
		if (vma->of == f)
			std::erase_if(vma->present, [&](const auto &entry) {
				return entry.first >= offset / kPage && entry.first < (offset + length) / kPage;
			});
}

namespace fake {

vm_area_struct *mmap(file *f, unsigned long offset, unsigned long length, int *error, bool shared, bool executable)
{
	auto *vma = new vm_area_struct{f, offset / kPage, length / kPage};
	*error = iommufd_cxx_mmap(f->private_data, vma, vma->first_page, vma->pages, shared, executable);
	if (*error) {
		delete vma;
		return nullptr;
	}
	if (!vma->region)
		problem("mmap() succeeded without a region");
	kx_file_get(f);
	all.push_back(vma);
	return vma;
}

vm_area_struct *duplicate(vm_area_struct *vma)
{
	auto *copy = new vm_area_struct(*vma);
	iommufd_cxx_region_open(copy->region);
	kx_file_get(copy->of);
	all.push_back(copy);
	return copy;
}

void munmap(vm_area_struct *vma)
{
	std::erase(all, vma);
	iommufd_cxx_region_close(vma->region);
	kx_file_put(vma->of);
	delete vma;
	run_task_work();
}

unsigned long touch(vm_area_struct *vma, unsigned long n)
{
	const unsigned long page = vma->first_page + n;
	if (auto it = vma->present.find(page); it != vma->present.end())
		return it->second;
	vm_fault fault{vma, page};
	return iommufd_cxx_region_fault(vma->region, &fault, page) == kDone ? vma->present.at(page) : kNothing;
}

} // namespace fake
