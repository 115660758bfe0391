// SPDX-License-Identifier: GPL-2.0-only
// bridge/iommu.h: devices, groups and domains of a fake IOMMU.
//
// A domain is a page table: map() makes leaf entries of the largest page sizes that fit, as the IOMMU core does, and
// unmap() takes whole entries. Rules that are checked: no double map, no map outside the aperture or of memory without
// a pin, no unmap of what is not mapped or of part of an entry, no free of a domain that is in use or holds mappings,
// no attach without ownership of the group, the attach handle outlives the attachment.
#pragma once
#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "bridge/iommu.h"
#include "bridge/pasid.h"

struct iommu_domain {
	struct Leaf {
		unsigned long long pa;
		unsigned long size;
		int prot;
	};

	device *made_for = nullptr;
	int driver = 0;
	unsigned long page_sizes = 0;
	unsigned long long first = 0, last = ~0ull; // aperture
	bool can_enforce = true;
	unsigned flags = 0; // of kx_domain_alloc_user()

	// A nested domain: what it is on top of, and what the user passed.
	iommu_domain *parent = nullptr;
	unsigned data_type = 0;
	unsigned long data_len = 0;
	int nested = 0; // domains on top of it
	// Of the entries of an invalidation, how many are done before one is refused with that error.
	unsigned invalidate_good = ~0u;
	int invalidate_error = -22;
	unsigned invalidated = 0; // entries

	void *fault_queue = nullptr;

	bool dirty_tracking = false;
	std::set<unsigned long> dirty; // IOVAs of leaves or pages
	int dirty_error = 0;           // of reading
	int tracking_error = 0;        // of switching
	unsigned dirty_reads = 0;      // calls

	std::map<unsigned long, Leaf> leaves; // by IOVA
	bool enforced = false;
	bool has_msi = false;
	unsigned long long msi = 0;
	int attached = 0;
	unsigned long maps = 0, unmaps = 0, lookups = 0; // calls so far
};

// {group, PASID}'s attachment
struct PasidEntry {
	iommu_domain *domain;
	void **handle;
	iommu_domain *named; // by the handle
};

struct iommu_group {
	std::map<unsigned, PasidEntry> pasids;
	unsigned pasid_attaches = 0, pasid_detaches = 0;
	int refs = 0;
	bool isolated = true;
	void *owner = nullptr;
	int claims = 0;
	iommu_domain *domain = nullptr;
	void **handle = nullptr;
	unsigned attaches = 0, replaces = 0, detaches = 0;
};

struct device {
	struct Resv {
		unsigned long long start, length;
		kx_resv_kind kind;
	};

	iommu_group *group = nullptr;
	bool coherent = true, can_enforce = true, tracks_dirty = false, can_alloc_user = true;
	unsigned long page_sizes = 0x40201000; // 4 KiB, 2 MiB, 1 GiB
	unsigned long long first = 0, last = (1ull << 48) - 1;
	std::vector<Resv> resv;
	unsigned max_pasids = 0;
	bool iommu_has_pasids = true;
	bool ats = false;
	bool pasid_exec = false, pasid_priv = false;
	std::vector<unsigned char> hw_info; // empty: the driver has none
	unsigned hw_info_type = 1;
	int hw_info_error = 0;
	int msi_error = 0;
	int driver = 0;                // which IOMMU driver is in front of it
	int iommu = 0;                 // and which of the driver's IOMMUs
	bool nested_is_paging = false; // a broken driver
	bool virtual_function = false;
	int iopf_error = 0;
	bool iopf = false; // page requests are enabled
	kx_dma_user dma_user = KX_DMA_NOBODY;
	// May the device use the domain? 0 or an errno. Default: yes.
	std::function<int(const iommu_domain &)> suits;
};

namespace fake {

iommu_group &new_group();
device &new_device(iommu_group &group);
bool &unsafe_interrupts();

const std::vector<iommu_domain *> &domains();
// "iova+size->pa" for each leaf.
std::string describe(const iommu_domain &domain);
// Bytes that the domain maps.
unsigned long long mapped_bytes(const iommu_domain &domain);
// What a driver's replace_pasid does, and the ops by which driver number n is registered.
void move_pasid(device &dev, unsigned pasid, iommu_domain *from, iommu_domain *to);
const iommu_ops *driver_ops(int driver);
void reset_iommu();
const std::vector<iommu_group *> &groups();
const std::vector<device *> &devices();

} // namespace fake
