// SPDX-License-Identifier: GPL-2.0-only
/* iommufd's in-kernel API, as far as it returns ERR_PTR. */
#include <linux/err.h>

#include "bridge/api.h"
#include "mock_iommu/glue.h"
#include "include/linux/iommufd_pasid.h"

int mx_bind(struct iommufd_ctx *ictx, struct device *dev, struct iommufd_device **idev, unsigned int *id)
{
	*idev = iommufd_device_bind(ictx, dev, id);
	return PTR_ERR_OR_ZERO(*idev);
}

int mx_bind_slice(struct iommufd_ctx *ictx, struct device *parent, unsigned int pasid, struct iommufd_device **idev,
		  unsigned int *id)
{
	*idev = iommufd_device_bind_pasid(ictx, parent, pasid, id);
	return PTR_ERR_OR_ZERO(*idev);
}

static const struct iommufd_access_ops rw_ops = { .unmap = mock_access_unmap };
static const struct iommufd_access_ops pin_ops = { .needs_pin_pages = 1, .unmap = mock_access_unmap };

int mx_access_create(struct iommufd_ctx *ictx, bool pins, void *data, struct iommufd_access **access)
{
	unsigned int id;

	*access = iommufd_access_create(ictx, pins ? &pin_ops : &rw_ops, data, &id);
	return PTR_ERR_OR_ZERO(*access);
}
