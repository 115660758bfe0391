// SPDX-License-Identifier: GPL-2.0-only
// The list of exporters; see dmabuf_exporters.hpp.
#include "iommufd/dmabuf_exporters.hpp"

#include "iommufd/registered.hpp"

using namespace iommufd;

namespace {

constinit Registered<iommufd_dmabuf_exporter> exporters;

base::Status add(iommufd_dmabuf_exporter &exporter)
{
	if (!kx_dmabuf_can_revoke(exporter.ops))
		return base::fail(base::Errno::kInval, "the operations lack pin and unpin");
	return exporters.add(exporter);
}

} // namespace

const iommufd_dmabuf_exporter *iommufd::dmabuf_exporter(const dma_buf_ops *ops) { return exporters.find(ops); }

int iommufd_dmabuf_register(iommufd_dmabuf_exporter *exporter)
{
	return kern::to_errno("dma-buf exporter", add(*exporter));
}

void iommufd_dmabuf_unregister(iommufd_dmabuf_exporter *exporter) { exporters.remove(*exporter); }
