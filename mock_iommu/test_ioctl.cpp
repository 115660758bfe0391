// SPDX-License-Identifier: GPL-2.0-only
// IOMMU_TEST_CMD: from the user's structure to the function of the operation and back.
#include "base/types.hpp"
#include "bridge/dmabuf_export.h"
#include "kern/log.hpp"
#include "kern/uaccess.hpp"
#include "mock_iommu/glue.h"
#include "mock_iommu/ops.hpp"

using base::Errno;
using base::fail;
using base::Status;

namespace mock {
namespace {

Status add_reserved(Call &call, iommu_test_cmd &cmd)
{
	return base::check(
		iommufd_test_add_reserved(call.ictx(), cmd.id, cmd.add_reserved.start, cmd.add_reserved.length),
		"not reserved");
}

Status set_memory_limit(Call &, iommu_test_cmd &cmd)
{
	// One run of pages must fit: its address and its length.
	if (cmd.memory_limit.limit < sizeof(u64) + sizeof(u32))
		return fail(Errno::kInval, "not enough for one entry");
	iommufd_test_set_memory_limit(cmd.memory_limit.limit);
	return {};
}

using Operation = Status (*)(Call &, iommu_test_cmd &);

Operation operation(u32 op)
{
	switch (op) {
	case IOMMU_TEST_OP_ADD_RESERVED:
		return add_reserved;
	case IOMMU_TEST_OP_MOCK_DOMAIN:
		return mock_domain;
	case IOMMU_TEST_OP_MD_CHECK_MAP:
		return check_map;
	case IOMMU_TEST_OP_MD_CHECK_REFS:
		return check_refs;
	case IOMMU_TEST_OP_CREATE_ACCESS:
		return create_access;
	case IOMMU_TEST_OP_DESTROY_ACCESS_PAGES:
		return destroy_access_pages;
	case IOMMU_TEST_OP_ACCESS_PAGES:
		return access_pages;
	case IOMMU_TEST_OP_ACCESS_RW:
		return access_rw;
	case IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT:
		return set_memory_limit;
	case IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE:
		return mock_domain_replace;
	case IOMMU_TEST_OP_ACCESS_REPLACE_IOAS:
		return access_replace_ioas;
	case IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS:
		return mock_domain_flags;
	case IOMMU_TEST_OP_DIRTY:
		return set_dirty;
	case IOMMU_TEST_OP_MD_CHECK_IOTLB:
		return check_iotlb;
	case IOMMU_TEST_OP_TRIGGER_IOPF:
		return trigger_fault;
	case IOMMU_TEST_OP_DEV_CHECK_CACHE:
		return check_cache;
	case IOMMU_TEST_OP_TRIGGER_VEVENT:
		return trigger_event;
	case IOMMU_TEST_OP_PASID_ATTACH:
		return pasid_attach;
	case IOMMU_TEST_OP_PASID_REPLACE:
		return pasid_replace;
	case IOMMU_TEST_OP_PASID_DETACH:
		return pasid_detach;
	case IOMMU_TEST_OP_PASID_CHECK_HWPT:
		return pasid_check;
	case IOMMU_TEST_OP_DMABUF_GET:
		return dmabuf_get;
	case IOMMU_TEST_OP_DMABUF_REVOKE:
		return dmabuf_revoke;
	case IOMMU_TEST_OP_DEVICE_NUMBER:
		return device_number;
	case IOMMU_TEST_OP_TRANSLATE:
		return translate;
	default:
		return nullptr;
	}
}

Status run(Call &call)
{
	iommu_test_cmd cmd;

	TRY(call.fetch(cmd));
	Operation fn = operation(cmd.op);
	if (!fn)
		return fail(Errno::kOpNotSupp, "unknown operation");
	return fn(call, cmd);
}

base::Result<KeptDomain> domain_of(iommufd_ctx *ictx, u32 hwpt_id, bool nested)
{
	iommu_domain *domain;
	void *keep;

	TRY(base::check(iommufd_test_hwpt_domain(ictx, hwpt_id, nested, &domain, &keep), "no such HWPT"));
	KeptDomain kept(ictx, domain, keep);
	if (nested ? !mx_is_nested(domain) : !mx_is_paging(domain))
		return fail(Errno::kInval, "not a domain of the mock");
	return kept;
}

} // namespace

Status Call::fetch(iommu_test_cmd &cmd) const
{
	if (size_ < offsetof(iommu_test_cmd, last) + sizeof(cmd.last))
		return fail(Errno::kInval, "the structure is too small");
	return base::check(kx_copy_struct_from_user(&cmd, sizeof(cmd), arg_, size_), "bad structure");
}

Status Call::respond(const iommu_test_cmd &cmd) const
{
	return kern::copy_to_user(base::UserVa(arg_), &cmd, base::min<u64>(size_, sizeof(cmd)));
}

base::Result<KeptDomain> Call::paging_domain(u32 hwpt_id) const { return domain_of(ictx_, hwpt_id, false); }
base::Result<KeptDomain> Call::nested_domain(u32 hwpt_id) const { return domain_of(ictx_, hwpt_id, true); }

} // namespace mock

int mock_init()
{
	if (int rc = mx_iommu_register(1u << MOCK_PASID_WIDTH))
		return rc;
	int rc = mx_driver_start();
	if (!rc) {
		rc = mx_dmabuf_start();
		if (rc)
			mx_driver_stop();
	}
	if (rc)
		mx_iommu_unregister();
	return rc;
}

void mock_exit()
{
	kx_export_stop();
	mx_driver_stop();
	mx_iommu_unregister();
}

long mock_test_ioctl(iommufd_ctx *ictx, unsigned long arg, unsigned size)
{
	mock::Call call(ictx, arg, size);
	const base::Status status = mock::run(call);
	return status ? call.result() : kern::to_errno("TEST_CMD", status);
}
