/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once
#include "bridge/bridge.h"

struct kx_dirty_read;

/* Reads a part of the range that a dirty bitmap covers: calls kx_dirty_read_range() for each mapped piece. */
typedef int (*kx_dirty_fn)(void *context, struct kx_dirty_read *read, unsigned long iova, unsigned long length);

KX_DECLS_BEGIN
bool kx_domain_tracks_dirty(const struct iommu_domain *domain);
int kx_domain_set_dirty_tracking(struct iommu_domain *domain, bool on);
int kx_domain_read_dirty(struct iommu_domain *domain, unsigned long iova, unsigned long length, unsigned long page_size,
			 unsigned long bitmap, bool clear, kx_dirty_fn fn, void *context);
int kx_domain_clear_dirty(struct iommu_domain *domain, kx_dirty_fn fn, void *context);
int kx_dirty_read_range(struct kx_dirty_read *read, unsigned long iova, unsigned long length);
KX_DECLS_END
