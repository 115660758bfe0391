// SPDX-License-Identifier: GPL-2.0-only
// Reading and writing a Pages by byte offset, for kernel drivers that copy rather than pin.
#include "iommufd/page_reader.hpp"
#include "iommufd/test_hook.hpp"

namespace iommufd {

namespace {

// As many bytes as the page at `pfn` still has.
void copy_one_page(base::Pfn pfn, u64 &offset, CopyRequest &left)
{
	u64 length = base::min(left.length, base::kPageSize - offset);
	kx_copy_page(pfn.raw(), offset, left.data, length, left.write);
	left.data += length;
	left.length -= length;
	offset = 0;
}

} // namespace

Status copy_by_reader(Pages &pages, const CopyRequest &request)
{
	const IndexRange range{PageIndex(request.start_byte / base::kPageSize),
			       PageIndex((request.start_byte + request.length - 1) / base::kPageSize)};
	CopyRequest left = request;
	u64 offset = request.start_byte % base::kPageSize;

	kern::Guard guard(pages.lock());
	PageReader reader(pages, range, PageReader::Purpose::kLook);
	while (!reader.done()) {
		TRY(reader.next());
		for (const Run &run : reader.runs())
			for (u64 i = 0; i < run.count; i++)
				copy_one_page(run.first + i, offset, left);
	}
	return {};
}

Status copy_pages(Pages &pages, u64 start_byte, void *data, u64 length, bool write, bool in_kthread)
{
	if (write && !pages.writable())
		return fail(Errno::kPerm, "the memory was mapped read-only");
	if (injected_failure())
		return fail(Errno::kFault, "injected failure");
	return pages.memory().copy(pages, {start_byte, static_cast<char *>(data), length, write}, in_kthread);
}

} // namespace iommufd
