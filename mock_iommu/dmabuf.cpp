// SPDX-License-Identifier: GPL-2.0-only
// dma-bufs that say where their memory is (include/linux/iommufd_dmabuf.h). A device's BAR is played by pages of
// the kernel's.
//
// Lock: the dma-buf's reservation lock guards revoked.
#include "base/math.hpp"
#include "kern/alloc.hpp"
#include "kern/dmabuf_export.hpp"
#include "kern/log.hpp"
#include "mock_iommu/glue.h"
#include "mock_iommu/ops.hpp"

using base::Errno;
using base::fail;

namespace mock {
namespace {

constexpr u64 kMaxLength = 512 * base::kPageSize;

struct DmaBuf {
	explicit DmaBuf(u64 bytes) : length(bytes), memory(mx_memory_alloc(bytes)) {}
	DmaBuf(const DmaBuf &) = delete;
	~DmaBuf()
	{
		if (memory)
			mx_memory_free(memory, length);
	}

	const u64 length;
	void *const memory; // null: there was none
	bool revoked = false;
};

} // namespace

base::Status dmabuf_get(Call &call, iommu_test_cmd &cmd)
{
	const auto &in = cmd.dmabuf_get;
	const u64 length = base::align_down(in.length + (base::kPageSize - 1), base::kPageSize);
	if (!length || length > kMaxLength)
		return fail(Errno::kInval, "no pages, or more than 512");

	TRY_LET(made, kern::make<DmaBuf>(length));
	if (!made->memory)
		return fail(Errno::kNoMem, "out of contiguous memory");
	TRY_LET(buf, kern::ExportedBuf::create(made.get(), length, in.open_flags));
	made.release();
	TRY_LET(fd, buf.into_fd(in.open_flags));
	call.set_result(fd);
	return {};
}

base::Status dmabuf_revoke(Call &, iommu_test_cmd &cmd)
{
	TRY_LET(buf, kern::ExportedBuf::from_fd(cmd.dmabuf_revoke.dmabuf_fd));
	kern::ExportChange change(buf.get());
	static_cast<DmaBuf *>(buf.data())->revoked = cmd.dmabuf_revoke.revoked;
	return {};
}

} // namespace mock

void mock_dmabuf_released(void *data) { delete static_cast<mock::DmaBuf *>(data); }

void *mock_dmabuf_memory(void *data) { return static_cast<mock::DmaBuf *>(data)->memory; }

int mock_dmabuf_range(void *data, unsigned long long *pa, unsigned long long *length)
{
	const auto *buf = static_cast<const mock::DmaBuf *>(data);
	if (buf->revoked)
		return kern::reject("dma-buf", {Errno::kNoDev, "it is revoked"});
	*pa = mx_memory_pa(buf->memory);
	*length = buf->length;
	return 0;
}
