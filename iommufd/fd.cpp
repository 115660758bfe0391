// SPDX-License-Identifier: GPL-2.0-only
// The file operations of /dev/iommu, as bridge/fd.c calls them.
#include "bridge/fd.h"

#include "iommufd/context.hpp"
#include "iommufd/ioctl.hpp"

using namespace iommufd;

int iommufd_cxx_open(file *f, bool is_vfio_container, void **context)
{
	Result<kern::Box<Context>> made = kern::make<Context>(f, is_vfio_container);
	if (!made)
		return kern::reject("open", made.error());
	*context = made->release();
	return 0;
}

void iommufd_cxx_release(void *context) { delete static_cast<Context *>(context); }

long iommufd_cxx_ioctl(void *context, unsigned cmd, unsigned long arg)
{
	return dispatch(*static_cast<Context *>(context), cmd, base::UserVa(arg));
}
