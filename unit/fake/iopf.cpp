// SPDX-License-Identifier: GPL-2.0-only
// I/O page faults; see iopf.hpp.
#include "fake/iopf.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "bridge/layout.gen.h"
#include "fake/fault.hpp"
#include "fake/iommu.hpp"
#include "fake/sync.hpp"

using namespace fake;

struct list_head {
	list_head *next, *prev;
};
static_assert(sizeof(list_head) <= KX_SIZE_list_head);

struct iopf_group {
	list_head node; // first
	iommu_group *group;
	unsigned pasid; // 0: by the group's own handle
	void **handle;
	std::vector<kx_page_request> requests;
};

namespace {

std::set<const iopf_group *> alive;
std::map<const iommu_domain *, void *> inlets; // by the domain that leads there

struct Partial {
	device *dev;
	kx_page_request request;
};
std::vector<Partial> partial;

std::vector<Response> answers;

// A group that is used must still be there.
bool check(const iopf_group *group)
{
	if (alive.contains(group))
		return true;
	problem("a fault group is used after its answer");
	return false;
}

iopf_group *of(list_head *node) { return reinterpret_cast<iopf_group *>(node); }

void insert(list_head *before, iopf_group *group)
{
	if (!check(group))
		return;
	if (group->node.next != &group->node)
		problem("a fault group on two lists");
	group->node = {before->next, before};
	before->next->prev = &group->node;
	before->next = &group->node;
}

} // namespace

void fake::raise_faults(device &dev, unsigned group_id, unsigned count, unsigned long long addr)
{
	if (!dev.iopf)
		problem("a page request of a device that may not make any");
	iommu_domain *domain = dev.group->domain;
	if (!domain || !domain->fault_queue) {
		problem("a page request that nobody serves");
		return;
	}
	auto *group = new iopf_group{{}, dev.group, 0, dev.group->handle, {}};
	group->node = {&group->node, &group->node};
	for (unsigned i = 0; i < count; i++)
		group->requests.push_back({i + 1 == count ? 2u : 0u, 0, group_id, 1, addr + i * 4096ull});
	alive.insert(group);
	iommufd_cxx_fault(domain->fault_queue, group);
}

void fake::raise_pasid_faults(device &dev, unsigned pasid, unsigned group_id, unsigned count, bool last)
{
	if (!dev.iopf)
		problem("a page request of a device that may not make any");
	auto it = dev.group->pasids.find(pasid);
	if (it == dev.group->pasids.end()) {
		problem("a page request that nobody serves");
		return;
	}
	auto *group = new iopf_group{{}, dev.group, pasid, it->second.handle, {}};
	group->node = {&group->node, &group->node};
	for (const Partial &p : partial)
		if (last && p.dev == &dev && p.request.group_id == group_id)
			group->requests.push_back(p.request);
	for (unsigned i = 0; i < count; i++) {
		const kx_page_request request{1u | (last && i + 1 == count ? 2u : 0u), pasid, group_id, 1, 0x1000};
		last ? group->requests.push_back(request) : partial.push_back({&dev, request});
	}
	if (!last) {
		delete group;
		return;
	}
	std::erase_if(partial, [&](const Partial &p) { return p.dev == &dev && p.request.group_id == group_id; });
	alive.insert(group);
	const iommu_domain *named = it->second.named;
	const bool real = std::ranges::find(domains(), named) != domains().end();
	if (!real && inlets.contains(named))
		iommufd_cxx_inlet_fault(inlets[named], group);
	else if (real && named->fault_queue)
		iommufd_cxx_fault(named->fault_queue, group);
	else
		problem("a page request that nobody serves");
}

std::size_t fake::partial_faults() { return partial.size(); }

std::vector<Response> fake::take_responses() { return std::exchange(answers, {}); }
std::size_t fake::unanswered() { return alive.size(); }

void fake::check_faults()
{
	for (const iopf_group *group : alive)
		if (group->pasid ? !group->group->pasids.contains(group->pasid) : group->group->handle != group->handle)
			problem("a fault group outlived the attachment it came by");
}

void fake::reset_iopf()
{
	for (const iopf_group *group : alive)
		delete group;
	alive.clear();
	answers.clear();
	inlets.clear();
	partial.clear();
}

int kx_device_enable_iopf(device *dev)
{
	might_sleep("enabling page requests");
	if (dev->iopf)
		problem("page requests enabled twice");
	if (step(Fault::kAlloc))
		return -12;
	if (dev->iopf_error)
		return dev->iopf_error;
	dev->iopf = true;
	return 0;
}

void kx_device_disable_iopf(device *dev)
{
	might_sleep("disabling page requests");
	if (!dev->iopf)
		problem("page requests disabled that were not enabled");
	for (const auto &[pasid, entry] : dev->group->pasids)
		if (inlets.contains(entry.named) && !std::ranges::count(domains(), entry.named))
			problem("page requests disabled while PASID %u leads to an inlet", pasid);
	std::erase_if(partial, [&](const Partial &p) { return p.dev == dev; });
	dev->iopf = false;
}

bool kx_device_is_virtual_function(device *dev) { return dev->virtual_function; }
void kx_domain_set_fault_queue(iommu_domain *domain, void *queue) { domain->fault_queue = queue; }

// Not one of the fake's domains, only memory for one: it is known by its address.
void kx_inlet_domain_init(iommu_domain *domain, void *inlet) { inlets[domain] = inlet; }

void kx_iopf_forget(device *dev, unsigned pasid)
{
	might_sleep("forgetting page requests");
	if (!dev->iopf)
		problem("page requests are not enabled");
	std::erase_if(partial, [&](const Partial &p) { return p.dev == dev && p.request.pasid == pasid; });
}

void kx_iopf_list_init(list_head *list) { *list = {list, list}; }
bool kx_iopf_list_empty(const list_head *list) { return list->next == list; }
iopf_group *kx_iopf_first(list_head *list) { return list->next == list ? nullptr : of(list->next); }

iopf_group *kx_iopf_next(list_head *list, iopf_group *group)
{
	check(group);
	return group->node.next == list ? nullptr : of(group->node.next);
}

void kx_iopf_add_tail(list_head *list, iopf_group *group) { insert(list->prev, group); }
void kx_iopf_add_head(list_head *list, iopf_group *group) { insert(list, group); }

void kx_iopf_remove(iopf_group *group)
{
	if (!check(group))
		return;
	if (group->node.next == &group->node)
		problem("a fault group removed that is on no list");
	group->node.next->prev = group->node.prev;
	group->node.prev->next = group->node.next;
	group->node = {&group->node, &group->node};
}

iommu_attach_handle *kx_iopf_handle(const iopf_group *group)
{
	check(group);
	return reinterpret_cast<iommu_attach_handle *>(group->handle);
}

unsigned long kx_iopf_count(const iopf_group *group)
{
	check(group);
	return group->requests.size();
}

bool kx_iopf_for_each(iopf_group *group, kx_page_request_fn fn, void *context)
{
	check(group);
	return std::all_of(group->requests.begin(), group->requests.end(),
			   [&](const kx_page_request &request) { return fn(context, &request); });
}

unsigned kx_iopf_drop_others(iopf_group *group)
{
	check(group);
	const unsigned pasid = group->requests.back().pasid;
	return std::erase_if(group->requests, [&](const kx_page_request &r) { return r.pasid != pasid; });
}

void kx_iopf_respond(iopf_group *group, bool success)
{
	might_sleep("answering page requests");
	if (!check(group))
		return;
	if (group->node.next != &group->node)
		problem("a fault group answered that is still on a list");
	alive.erase(group);
	answers.push_back({group->requests.front().group_id, success});
	delete group;
}
