// SPDX-License-Identifier: GPL-2.0-only
// Reading and writing an owner's memory by byte offset, for kernel drivers that copy rather than pin.
//
// Three ways, the cheapest that the caller's context allows: through the owner's address space when it is the current
// one (or a kernel thread may borrow it), through one page looked up for the moment, or through PageReader, which also
// finds pages whose owner has exited.
#include "iommufd/page_reader.hpp"
#include "iommufd/test_hook.hpp"
#include "kern/uaccess.hpp"

namespace iommufd {

namespace {

struct Copy {
	u64 offset; // into the first page, bytes
	char *data;
	u64 length; // bytes
	bool write;
};

// As many bytes as the page at `pfn` still has.
void copy_one_page(base::Pfn pfn, Copy &copy)
{
	u64 length = base::min(copy.length, base::kPageSize - copy.offset);
	kx_copy_page(pfn.raw(), copy.offset, copy.data, length, copy.write);
	copy.data += length;
	copy.length -= length;
	copy.offset = 0;
}

Status copy_by_reader(Pages &pages, IndexRange range, Copy copy)
{
	kern::Guard guard(pages.lock());
	PageReader reader(pages, range, PageReader::Purpose::kLook);

	while (!reader.done()) {
		TRY(reader.next());
		for (const Run &run : reader.runs())
			for (u64 i = 0; i < run.count; i++)
				copy_one_page(run.first + i, copy);
	}
	return {};
}

Status copy_single_page(Pages &pages, PageIndex index, Copy copy)
{
	page *found = nullptr;
	kern::MmUse use = kern::use_mm(pages.owner());
	if (!use)
		return copy_by_reader(pages, {index, index}, copy);

	long pinned = kx_pin_remote(pages.owner(), pages.va(index).raw(), 1, copy.write, false, &found);
	if (pinned != 1)
		return fail(base::Error::from_kernel(pinned < 0 ? static_cast<int>(pinned) : -14,
						     "the page cannot be read"));
	base::Pfn pfn = kern::pfn_of(found);
	copy_one_page(pfn, copy);
	kern::unpin_run(pfn, 1, false);
	return {};
}

Status copy_by_address(UserVa va, const Copy &copy)
{
	bool complete = copy.write ? kx_copy_to_user(va.raw(), copy.data, copy.length)
				   : kx_copy_from_user(copy.data, va.raw(), copy.length);
	if (!complete)
		return fail(Errno::kFault, "the owner's memory is not accessible");
	return {};
}

} // namespace

Status copy_pages(Pages &pages, u64 start_byte, void *data, u64 length, bool write, bool in_kthread)
{
	const IndexRange range{PageIndex(start_byte / base::kPageSize),
			       PageIndex((start_byte + length - 1) / base::kPageSize)};
	const Copy copy{start_byte % base::kPageSize, static_cast<char *>(data), length, write};

	if (write && !pages.writable())
		return fail(Errno::kPerm, "the memory was mapped read-only");
	if (injected_failure())
		return fail(Errno::kFault, "injected failure");
	if (kx_mm_is_current(pages.owner()))
		return copy_by_address(pages.va_of_byte(start_byte), copy);
	if (in_kthread) {
		kern::MmUse use = kern::use_mm(pages.owner());
		if (!use)
			return copy_by_reader(pages, range, copy);
		kern::KthreadMm borrowed(pages.owner());
		return copy_by_address(pages.va_of_byte(start_byte), copy);
	}
	if (range.start == range.last)
		return copy_single_page(pages, range.start, copy);
	return copy_by_reader(pages, range, copy);
}

} // namespace iommufd
