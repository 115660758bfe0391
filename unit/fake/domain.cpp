// SPDX-License-Identifier: GPL-2.0-only
// Domains of the fake IOMMU; see iommu.hpp.
#include <algorithm>
#include <bit>
#include <cstdio>
#include <functional>
#include <iterator>
#include <utility>

#include "bridge/uaccess.h"
#include "fake/device_memory.hpp"
#include "fake/fault.hpp"
#include "fake/iommu.hpp"
#include "fake/memory.hpp"
#include "fake/sync.hpp"

using namespace fake;

namespace {

// Not the code under test's allocator: a leak shows as a domain that is left.
std::vector<iommu_domain *> alive;

int make(device *dev, iommu_domain **domain)
{
	might_sleep("allocating a domain");
	if (step(Fault::kAlloc))
		return -12;
	auto *made = new iommu_domain;
	made->made_for = dev;
	made->driver = dev->driver;
	made->page_sizes = dev->page_sizes;
	made->first = dev->first;
	made->last = dev->last;
	made->can_enforce = dev->can_enforce;
	alive.push_back(made);
	*domain = made;
	return 0;
}

std::function<void()> at_unmap;

// The largest page that can map the start of iova -> pa and is not longer than `size`.
unsigned long leaf_size(const iommu_domain &d, unsigned long iova, unsigned long long pa, unsigned long size)
{
	unsigned long best = 0;
	for (unsigned long left = d.page_sizes; left; left &= left - 1) {
		unsigned long page = left & -left;
		if (page <= size && (iova | pa) % page == 0)
			best = page;
	}
	return best;
}

// The entry that covers `iova`.
auto leaf_at(iommu_domain &d, unsigned long iova)
{
	auto it = d.leaves.upper_bound(iova);
	if (it == d.leaves.begin())
		return d.leaves.end();
	--it;
	return iova - it->first < it->second.size ? it : d.leaves.end();
}

void count_mapping(const iommu_domain::Leaf &leaf, int by)
{
	for (unsigned long done = 0; done < leaf.size; done += kPage) {
		const unsigned long pfn = (leaf.pa + done) / kPage;
		if (is_device_memory(pfn)) {
			count_device_mapping(pfn, leaf.prot, by);
			continue;
		}
		if (!is_memory(pfn)) {
			problem("a domain maps %#lx, which is no memory", pfn);
			return;
		}
		page *p = page_of_pfn(pfn);
		if (by > 0 && p->pins <= 0)
			problem("page %#lx mapped without a pin", pfn);
		p->mapped += by;
	}
}

void add_leaf(iommu_domain &d, unsigned long iova, const iommu_domain::Leaf &leaf)
{
	auto next = d.leaves.lower_bound(iova);
	if (leaf_at(d, iova) != d.leaves.end() || (next != d.leaves.end() && next->first - iova < leaf.size))
		problem("IOVA %#lx mapped twice", iova);
	d.leaves[iova] = leaf;
	count_mapping(leaf, 1);
}

} // namespace

const std::vector<iommu_domain *> &fake::domains() { return alive; }

std::string fake::describe(const iommu_domain &domain)
{
	std::string text;
	for (const auto &[iova, leaf] : domain.leaves) {
		char line[80];
		snprintf(line, sizeof(line), " %#lx+%#lx->%#llx/%d", iova, leaf.size, leaf.pa, leaf.prot);
		text += line;
	}
	return text;
}

void fake::while_unmapping(std::function<void()> fn) { at_unmap = std::move(fn); }

unsigned long long fake::mapped_bytes(const iommu_domain &domain)
{
	unsigned long long sum = 0;
	for (const auto &[iova, leaf] : domain.leaves)
		sum += leaf.size;
	return sum;
}

int kx_domain_alloc(device *dev, iommu_domain **domain)
{
	if (dev->can_alloc_user)
		problem("the plain domain allocation although the driver has the other");
	return make(dev, domain);
}

static int alloc_nested(device *dev, unsigned flags, iommu_domain *parent, unsigned data_type, unsigned long data,
			unsigned long data_len, iommu_domain **domain)
{
	unsigned char first;

	if (!(parent->flags & 1))
		problem("nesting on a domain that was not allocated as a parent");
	if (!data_len)
		problem("a nested domain without data");
	if (!kx_copy_from_user(&first, data, 1))
		return -14;
	int rc = make(dev, domain);
	if (rc || dev->nested_is_paging)
		return rc;
	(*domain)->flags = flags;
	(*domain)->parent = parent;
	(*domain)->data_type = data_type;
	(*domain)->data_len = data_len;
	parent->nested++;
	return 0;
}

int kx_domain_alloc_user(device *dev, unsigned flags, iommu_domain *parent, unsigned data_type, unsigned long data,
			 unsigned long data_len, iommu_domain **domain)
{
	if (!dev->can_alloc_user)
		problem("a driver op that does not exist was called");
	if (parent)
		return alloc_nested(dev, flags, parent, data_type, data, data_len, domain);
	if (data_type || data_len)
		return -95;
	int rc = make(dev, domain);
	if (!rc)
		(*domain)->flags = flags;
	return rc;
}

bool kx_domain_same_driver(const iommu_domain *domain, device *dev) { return domain->driver == dev->driver; }
bool kx_domain_is_nested(const iommu_domain *domain) { return domain->parent; }

int kx_domain_invalidate(iommu_domain *domain, unsigned data_type, unsigned long, unsigned long, unsigned *entry_num)
{
	const unsigned wanted = *entry_num;

	might_sleep("invalidating");
	if (!domain->parent)
		problem("invalidation of a domain that is not nested");
	*entry_num = 0;
	if (data_type != domain->data_type)
		return -22;
	if (step(Fault::kAlloc))
		return -12;
	*entry_num = std::min(wanted, domain->invalidate_good);
	domain->invalidated += *entry_num;
	return *entry_num < wanted ? domain->invalidate_error : 0;
}

bool kx_domain_can_alloc_user(device *dev) { return dev->can_alloc_user; }

void kx_domain_free(iommu_domain *domain)
{
	might_sleep("freeing a domain");
	if (domain->attached)
		problem("a domain freed while it is attached");
	if (domain->nested)
		problem("a parent freed under a nested domain");
	if (domain->parent)
		domain->parent->nested--;
	if (!domain->leaves.empty())
		problem("a domain freed with mappings:%s", describe(*domain).c_str());
	if (!std::erase(alive, domain))
		problem("a domain freed twice");
	else
		delete domain;
}

int kx_domain_map(iommu_domain *domain, unsigned long iova, unsigned long long pa, unsigned long size, int prot)
{
	might_sleep("mapping");
	might_reclaim("mapping");
	return kx_domain_map_nowait(domain, iova, pa, size, prot);
}

int kx_domain_map_nowait(iommu_domain *domain, unsigned long iova, unsigned long long pa, unsigned long size, int prot)
{
	domain->maps++;
	if (step(Fault::kMap) || step(Fault::kAlloc))
		return -12;
	const unsigned long smallest = domain->page_sizes & -domain->page_sizes;
	if (!size || (iova | pa | size) % smallest)
		return -22;
	if (iova < domain->first || iova + (size - 1) > domain->last)
		problem("IOVA %#lx+%#lx mapped outside the aperture", iova, size);
	while (size) {
		unsigned long now = leaf_size(*domain, iova, pa, size);
		add_leaf(*domain, iova, {pa, now, prot});
		iova += now;
		pa += now;
		size -= now;
	}
	return 0;
}

unsigned long kx_domain_unmap(iommu_domain *domain, unsigned long iova, unsigned long size)
{
	unsigned long done = 0;

	domain->unmaps++;
	might_sleep("unmapping");
	if (auto run = std::exchange(at_unmap, nullptr))
		run();
	while (done < size) {
		auto it = domain->leaves.find(iova + done);
		if (it == domain->leaves.end()) {
			problem("unmap of %#lx+%#lx: %#lx is not mapped, or inside an entry", iova, size, iova + done);
			break;
		}
		if (it->second.size > size - done)
			problem("unmap of %#lx+%#lx cuts an entry of %#lx bytes", iova, size, it->second.size);
		count_mapping(it->second, -1);
		done += it->second.size;
		domain->leaves.erase(it);
	}
	return done;
}

unsigned long long kx_domain_iova_to_phys(iommu_domain *domain, unsigned long long iova)
{
	domain->lookups++;
	auto it = leaf_at(*domain, iova);
	if (it == domain->leaves.end()) {
		problem("lookup of %#llx, which is not mapped", iova);
		return 0;
	}
	return it->second.pa + (iova - it->first);
}

unsigned long kx_domain_page_sizes(const iommu_domain *domain) { return domain->page_sizes; }
unsigned long long kx_domain_aperture_start(const iommu_domain *domain) { return domain->first; }
unsigned long long kx_domain_aperture_last(const iommu_domain *domain) { return domain->last; }

bool kx_domain_enforce_coherency(iommu_domain *domain)
{
	if (!domain->leaves.empty())
		problem("coherency enforced on a domain that has mappings already");
	domain->enforced = domain->can_enforce;
	return domain->can_enforce;
}

int kx_domain_set_msi_window(iommu_domain *domain, unsigned long long base)
{
	if (domain->has_msi)
		problem("a second MSI window for one domain");
	if (step(Fault::kAlloc))
		return -12;
	if (domain->made_for->msi_error)
		return domain->made_for->msi_error;
	domain->has_msi = true;
	domain->msi = base;
	return 0;
}
