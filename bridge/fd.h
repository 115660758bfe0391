/* SPDX-License-Identifier: GPL-2.0-only */
/* What bridge/fd.c calls in C++ (iommufd/fd.cpp). */
#pragma once
#include "bridge/bridge.h"

KX_DECLS_BEGIN
int iommufd_cxx_open(struct file *file, bool is_vfio_container, void **context);
void iommufd_cxx_release(void *context);
long iommufd_cxx_ioctl(void *context, unsigned int cmd, unsigned long arg);
KX_DECLS_END
