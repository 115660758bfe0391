// SPDX-License-Identifier: GPL-2.0-only
// Pinning the pages of files; see file_memory.hpp.
//
// The kernel pins a folio once, however many of its pages are wanted. Everything else here counts pages, and a folio
// may be unpinned piece by piece, so each folio's pin is made into one for each page at once.
#include "iommufd/file_memory.hpp"

namespace iommufd {

namespace {

constinit kern::LockClass file_class("iommufd Pages::lock (file)");

Status check_file(const file *f, u64 start, u64 length, bool writable)
{
	if (!kern::lives_in_memory(f))
		return fail(Errno::kInval, "the file is neither a memfd nor one of tmpfs or hugetlbfs");
	if (!kx_file_is_readable(f) || (writable && !kx_file_is_writable(f)))
		return fail(Errno::kAcces, "the file is not open for that");
	if (start + length > kx_file_size(f))
		return fail(Errno::kInval, "the range ends behind the end of the file");
	return {};
}

} // namespace

const MemoryTraits FileMemory::kTraits{file_class, true, true};

ReadOnlyFile::~ReadOnlyFile() { kern::FileRef last(get_file()); }

WritableFile::~WritableFile() { kern::WritableFileRef last(get_file()); }

// How many folios, one at least.
Result<unsigned> FileMemory::pin(IndexRange range, ReadAhead &ahead, const RunList &runs, unsigned long &skip) const
{
	const unsigned most = base::min<u64>(range.count(), base::min(ahead.pages.capacity(), runs.room()));
	const u64 first = at(range.start), size = kx_file_size(file_);
	// The file's end may be inside of the last page.
	const u64 last = base::min(at(range.last) + (base::kPageSize - 1), size - 1);
	if (!size || last < first)
		return fail(Errno::kInval, "the file has become shorter");

	long count = kx_file_pin(file_, first, last, ahead.pages.data(), most, &skip);
	if (count < 0)
		return fail(base::Error::from_kernel(static_cast<int>(count), "the file's pages cannot be pinned"));
	if (WARN_ON(!count))
		return fail(Errno::kFault, "the file's pages cannot be pinned");
	return static_cast<unsigned>(count);
}

Status FileMemory::load(IndexRange range, bool, ReadAhead &ahead, RunList &runs) const
{
	unsigned long skip = 0;
	TRY_LET(count, pin(range, ahead, runs, skip));

	u64 wanted = range.count();
	for (unsigned i = 0; i < count; i++, skip = 0) {
		unsigned long pfn = 0;
		unsigned long taken = kx_folio_take(ahead.pages[i], skip, wanted, &pfn);
		if (!taken) {
			for (; i < count; i++)
				kx_folio_unpin(ahead.pages[i]);
			return fail(Errno::kNoMem, "a large page has too many pins");
		}
		// There is room for each folio.
		WARN_ON(!runs.append(Pfn(pfn), taken));
		wanted -= taken;
	}
	return {};
}

// Whether it is mapped somewhere nobody knows: there is only the way by its pages.
Status FileMemory::copy(Pages &pages, const CopyRequest &request, bool) const { return copy_by_reader(pages, request); }

Result<base::Ref<Pages>> make_file_pages(int fd, u64 start, u64 length, bool writable, AccountMode mode)
{
	TRY_LET(count, Pages::count_pages(start, length));
	TRY_LET(f, kern::FileRef::from_fd(fd));
	TRY(check_file(f.get(), start, length, writable));

	const u64 first = base::align_down(start, base::kPageSize);
	if (!writable)
		return Pages::make<ReadOnlyFile>(count, false, mode, first, std::move(f));
	TRY_LET(writer, kern::WritableFileRef::begin(std::move(f)));
	return Pages::make<WritableFile>(count, true, mode, first, std::move(writer));
}

} // namespace iommufd
