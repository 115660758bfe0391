// SPDX-License-Identifier: GPL-2.0-only
// The list of exporters; see dmabuf_exporters.hpp. There are two or three.
#include "iommufd/dmabuf_exporters.hpp"

#include "base/guard.hpp"
#include "iommufd/registry_lock.hpp"
#include "kern/log.hpp"

using namespace iommufd;

namespace {

iommufd_dmabuf_exporter *exporters;

// Where the exporter with these operations is on the list, or its end.
iommufd_dmabuf_exporter **find_locked(const dma_buf_ops *ops)
{
	iommufd_dmabuf_exporter **at = &exporters;

	kx_registry_assert_held();
	while (*at && (*at)->ops != ops)
		at = &(*at)->next;
	return at;
}

base::Status add(iommufd_dmabuf_exporter *exporter)
{
	if (!kx_dmabuf_can_revoke(exporter->ops))
		return base::fail(base::Errno::kInval, "the operations lack pin and unpin");
	RegistryGuard guard;
	iommufd_dmabuf_exporter **end = find_locked(exporter->ops);
	if (*end)
		return base::fail(base::Errno::kBusy, "there is an exporter with these operations");
	exporter->next = nullptr;
	*end = exporter;
	return {};
}

} // namespace

const iommufd_dmabuf_exporter *iommufd::dmabuf_exporter(const dma_buf_ops *ops)
{
	RegistryGuard guard;
	return *find_locked(ops);
}

int iommufd_dmabuf_register(iommufd_dmabuf_exporter *exporter)
{
	return kern::to_errno("dma-buf exporter", add(exporter));
}

void iommufd_dmabuf_unregister(iommufd_dmabuf_exporter *exporter)
{
	RegistryGuard guard;
	iommufd_dmabuf_exporter **at = find_locked(exporter->ops);
	if (!WARN_ON(*at != exporter))
		*at = exporter->next;
}
