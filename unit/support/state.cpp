// SPDX-License-Identifier: GPL-2.0-only
// State as text; see state.hpp.
#include "support/state.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "fake/alloc.hpp"
#include "fake/file.hpp"
#include "fake/iommu.hpp"
#include "fake/iopf.hpp"
#include "fake/memory.hpp"
#include "iommufd/access.hpp"
#include "iommufd/device.hpp"
#include "iommufd/pinned_range.hpp"
#include "support/peek.hpp"

using namespace iommufd;

namespace test {

namespace {

const char *name_of(ObjectType type)
{
	switch (type) {
	case ObjectType::kIoas:
		return "IOAS";
	case ObjectType::kHwptPaging:
		return "HWPT";
	case ObjectType::kHwptNested:
		return "nested HWPT";
	case ObjectType::kFaultQueue:
		return "fault queue";
	case ObjectType::kTest:
		return "test";
	case ObjectType::kDevice:
		return "device";
	case ObjectType::kAccess:
		return "access";
	case ObjectType::kViommu:
		return "vIOMMU";
	case ObjectType::kVdevice:
		return "vDEVICE";
	case ObjectType::kVeventq:
		return "vEVENTQ";
	case ObjectType::kHwQueue:
		return "HW queue";
	}
	return "?";
}

void describe_table(std::ostream &out, IoPageTable &table)
{
	out << std::hex << "  alignment " << peek::alignment_(table) << " large " << table.large_pages() << "\n";
	for (Area *a = peek::areas_(table).first(); a; a = AreaSet::next(*a))
		out << "  area " << a->iova().start.raw() << ".." << a->iova().last.raw() << " memory "
		    << a->pages().memory().origin() + a->byte_at(a->iova().start) << " prot " << a->prot().bits()
		    << " state " << int(a->state_) << " closing " << a->closing_ << " pins " << a->pins_ << " locks "
		    << a->locks_ << " filled " << !!a->storage() << " charged " << peek::payer_(a->pages()).charged()
		    << "\n";
	for (ReservedRange *r = peek::reserved_(table).first(); r; r = ReservedSet::next(*r))
		out << "  reserved " << ReservedSet::range(*r).start.raw() << ".." << ReservedSet::range(*r).last.raw()
		    << "\n";
	for (AllowedRange *r = peek::allowed_(table).first(); r; r = AllowedSet::next(*r))
		out << "  allowed " << AllowedSet::range(*r).start.raw() << ".." << AllowedSet::range(*r).last.raw()
		    << "\n";
	out << std::dec << "  domains " << peek::domains_(table).count() << " listeners "
	    << peek::listeners_(table).count() << "\n";
}

void describe_memory(std::ostream &out)
{
	out << std::hex << "pins";
	for (unsigned long pfn = fake::kFirstPfn; pfn < fake::first_unused_pfn(); pfn++)
		if (int pins = fake::page_of_pfn(pfn)->pins)
			out << " " << pfn << ":" << pins;
	out << std::dec << "\n";
}

// Bytes that the areas of the table put into each domain.
u64 filled_bytes(IoPageTable &table)
{
	u64 sum = 0;
	for (Area *a = peek::areas_(table).first(); a; a = AreaSet::next(*a))
		sum += a->storage() && !a->pages().revoked() ? a->length() : 0;
	return sum;
}

page *page_behind(Pages &pages, u64 byte)
{
	if (pages.outlives_process())
		return fake::page_of_file(*static_cast<const FileMemory &>(pages.memory()).get_file(),
					  pages.memory().origin() + byte);
	auto &memory = static_cast<UserMemory &>(const_cast<Memory &>(pages.memory()));
	return fake::page_at(*peek::mm_(memory).get(), memory.origin() + byte);
}

// The page frame that should be behind a byte
u64 pfn_behind(Pages &pages, u64 byte)
{
	if (pages.is_pinned()) {
		page *p = page_behind(pages, byte);
		return p ? fake::pfn_of_page(p) : 0;
	}
	ReadAhead ahead(0);
	RunList runs(1);
	const base::PageIndex index(byte / base::kPageSize);
	EXPECT_TRUE(pages.memory().load({index, index}, false, ahead, runs));
	return runs.begin()->first.raw();
}

void check_area(IoPageTable &table, Area &area)
{
	EXPECT_EQ(!!area.storage(), !peek::domains_(table).empty()) << "area at " << area.iova().start.raw();
	EXPECT_EQ(area.state_, AreaState::kMapped);
	if (area.pages().revoked())
		return;
	for (DomainEntry &entry : peek::domains_(table))
		for (u64 at = 0; at < area.length(); at += base::kPageSize) {
			const Iova iova = area.iova().start + at;
			u64 pa = kx_domain_iova_to_phys(entry.domain.get(), iova.raw());
			EXPECT_EQ(pa / base::kPageSize, pfn_behind(area.pages(), area.byte_at(iova)))
				<< "IOVA " << iova.raw();
		}
}

// The pages of a Pages that somebody needs: filled areas' and pinned ranges'.
using Needed = std::map<Pages *, std::set<u64>>;

void add_needed(IoPageTable &table, Needed &needed)
{
	for (Area *a = peek::areas_(table).first(); a; a = AreaSet::next(*a)) {
		if (!a->pages().is_pinned())
			continue;
		std::set<u64> &indexes = needed[&a->pages()];
		if (a->storage())
			for (u64 i = a->indexes().start.raw(); i <= a->indexes().last.raw(); i++)
				indexes.insert(i);
		auto &pinned = peek::pinned_ranges_(a->pages());
		for (PinnedRange *p = pinned.first(); p; p = pinned.next(*p))
			for (u64 i = pinned.range(*p).start.raw(); i <= pinned.range(*p).last.raw(); i++)
				indexes.insert(i);
	}
}

// Each PASID with the number of its domain
std::string pasids_of(const iommu_group &group)
{
	std::ostringstream out;
	for (const auto &[pasid, entry] : group.pasids)
		out << " PASID " << pasid << " at "
		    << std::ranges::find(fake::domains(), entry.domain) - fake::domains().begin();
	return out.str();
}

} // namespace

std::string describe(Context &context)
{
	std::ostringstream out;
	u64 id = 0;

	while (Object *object = peek::ids_(context.objects()).next(id)) {
		out << name_of(object->type()) << " " << id << " users " << peek::users_(*object).load() << " short "
		    << peek::short_users_(*object).load() << "\n";
		if (object->type() == ObjectType::kIoas)
			describe_table(out, static_cast<Ioas &>(*object).table());
	}
	out << "account mode " << int(context.account_mode()) << " compat "
	    << (context.objects().compat_ioas() ? context.objects().compat_ioas()->id().raw() : 0) << "\n";
	return out.str();
}

std::string describe_all(const std::vector<Context *> &contexts)
{
	std::ostringstream out;
	unsigned n = 0;

	for (Context *context : contexts)
		out << "context " << n++ << ":\n" << describe(*context);
	n = 0;
	// An MSI window stays with its domain: the IOMMU core has no way to take it back.
	for (const iommu_domain *d : fake::domains())
		out << "domain " << n++ << " attached " << d->attached << " nested " << d->nested << " tracks "
		    << d->dirty_tracking << fake::describe(*d) << "\n";
	n = 0;
	for (const iommu_group *g : fake::groups())
		out << "group " << n++ << " refs " << g->refs << " claims " << g->claims << " attached " << !!g->domain
		    << pasids_of(*g) << "\n";
	for (const device *dev : fake::devices())
		out << "device: page requests " << dev->iopf << "\n";
	out << "page requests without their last " << fake::partial_faults() << "\n";
	describe_memory(out);
	if (const mm_struct *mm = fake::current.mm)
		out << "mm grabs " << mm->grabs << " users " << mm->users << " pinned_vm " << mm->pinned_vm
		    << " locked_vm " << mm->locked_vm << "\n";
	out << "user locked_vm " << fake::current.user->locked_vm << " refs " << fake::current.user->refs
	    << " task refs " << fake::current.task->refs << "\n";
	out << "files " << fake::open_files() << " fds " << fake::used_fds() << " faults " << fake::unanswered()
	    << " allocations " << fake::outstanding_allocations() << "\n";
	return out.str();
}

void check_consistency(Context &context)
{
	Needed needed;
	u64 id = 0, sum = 0;
	while (Object *object = peek::ids_(context.objects()).next(id)) {
		if (object->type() != ObjectType::kIoas)
			continue;
		IoPageTable &table = static_cast<Ioas &>(*object).table();
		EXPECT_TRUE(peek::areas_(table).tree().valid());
		EXPECT_TRUE(peek::reserved_(table).tree().valid());
		for (Area *a = peek::areas_(table).first(); a; a = AreaSet::next(*a))
			check_area(table, *a);
		for (DomainEntry &entry : peek::domains_(table))
			EXPECT_EQ(fake::mapped_bytes(*entry.domain.get()), filled_bytes(table));
		add_needed(table, needed);
	}
	for (auto &[pages, indexes] : needed) {
		EXPECT_EQ(peek::payer_(*pages).charged(), indexes.size());
		sum += indexes.size();
	}
	EXPECT_EQ(fake::pins_total(), static_cast<long>(sum));
}

} // namespace test
