/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once
#include "bridge/bridge.h"

struct mmu_interval_notifier;

KX_DECLS_BEGIN
bool kx_pfnmap_wanted(void);
bool kx_pfnmap_at(unsigned long addr);
int kx_pfnmap_find(unsigned long addr, unsigned long length, bool write, unsigned long *first);

int kx_zap_watch(struct mmu_interval_notifier *watch, unsigned long addr, unsigned long length);
void kx_zap_unwatch(struct mmu_interval_notifier *watch);
unsigned long kx_zap_begin(struct mmu_interval_notifier *watch);
bool kx_zap_retry(struct mmu_interval_notifier *watch, unsigned long seq);
void kx_zap_set_seq(struct mmu_interval_notifier *watch, unsigned long seq);

/* C++: part of what is watched goes. False: that would take sleeping, and `may_sleep` is not set. */
bool iommufd_cxx_zapped(struct mmu_interval_notifier *watch, unsigned long seq, bool may_sleep);
KX_DECLS_END
