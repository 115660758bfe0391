// SPDX-License-Identifier: GPL-2.0-only
// CHANGE_PROCESS: who pays for the pins of all IOASes of the fd becomes the caller, all or nothing.
//
// Which Pages there are, and what is charged for them, must not change while they are counted and moved: IOAS_COPY lets
// one Pages be in several IOASes, and every map, pin and attach charges. So all IO page tables of the fd are stopped at
// once: no IOAS can be published (Context::ioases_lock()), then every table's domains_lock, then every table's
// iova_lock is taken, in the order of the ids. Meanwhile charges can only shrink: an IOAS that was being destroyed
// before lets go of its pages.
#include "iommufd/context.hpp"
#include "iommufd/ioas.hpp"
#include "iommufd/ioctl.hpp"
#include "iommufd/payer_change.hpp"

namespace iommufd {

namespace {

struct StoppedIoas : base::ListHook<InTable> {
	explicit StoppedIoas(Lease<Ioas> l) : lease(std::move(l)) {}
	Lease<Ioas> lease;
};

// All IOASes of an fd, with nothing going on in their tables, for a scope.
class AllStopped {
public:
	explicit AllStopped(Context &context) : context_(context), guard_(context.ioases_lock()) {}
	~AllStopped();
	AllStopped(const AllStopped &) = delete;

	// ENOMEM.
	Status stop();
	// fn(pages) for the Pages of each area, more than once for a Pages of several.
	template <typename Fn> Status each_pages(Fn &&fn);

private:
	Context &context_;
	kern::Guard<kern::Mutex> guard_;
	base::List<StoppedIoas, InTable> ioases_;
	bool stopped_ = false;
};

AllStopped::~AllStopped()
{
	if (stopped_)
		for (StoppedIoas &s : ioases_)
			s.lease->table().resume();
	while (!ioases_.empty()) {
		kern::Box<StoppedIoas> last(&ioases_.front());
		ioases_.remove(*last);
	}
}

Status AllStopped::stop()
{
	ObjectId last{};
	while (std::optional<Lease<Ioas>> ioas = context_.objects().next<Ioas>(last)) {
		last = (*ioas)->id();
		TRY_LET(stopped, kern::make<StoppedIoas>(std::move(*ioas)));
		ioases_.push_back(*stopped.release());
	}
	for (StoppedIoas &s : ioases_)
		s.lease->table().stop_areas(context_.ioases_lock());
	for (StoppedIoas &s : ioases_)
		s.lease->table().stop_pins(context_.ioases_lock());
	stopped_ = true;
	return {};
}

template <typename Fn> Status AllStopped::each_pages(Fn &&fn)
{
	for (StoppedIoas &s : ioases_)
		TRY(s.lease->table().for_each_stopped_area([&](Area &area) { return fn(area.pages()); }));
	return {};
}

// Counts, or moves, each Pages once. Cannot fail.
template <typename Fn> void each_once(AllStopped &all, bool mark, Fn &&fn)
{
	WARN_ON(!all.each_pages([&](Pages &pages) -> Status {
		kern::Guard guard(pages.lock());
		if (pages.set_visited(mark))
			fn(pages.payer());
		return {};
	}));
}

} // namespace

Status ioas_change_process(UserCall &call, iommu_ioas_change_process &cmd)
{
	if (cmd.__reserved)
		return fail(Errno::kOpNotSupp, "the reserved field is not 0");

	AllStopped all(call.context());
	TRY(all.stop());
	TRY(all.each_pages([](Pages &pages) -> Status {
		if (!pages.outlives_process())
			return fail(Errno::kInval, "something is mapped that is not a file's memory");
		return {};
	}));

	PayerChange change;
	each_once(all, true, [&](const Payer &payer) { change.count(payer); });
	Status status = change.reserve();
	each_once(all, false, [&](Payer &payer) {
		if (status)
			change.move(payer);
	});
	return status;
}

} // namespace iommufd
