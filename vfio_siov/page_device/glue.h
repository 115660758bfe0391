/* SPDX-License-Identifier: GPL-2.0-only */
/* Where C and C++ of a page device meet: dx_* is C for C++ to call, pd_* is C++ that glue_vfio.c calls. */
#pragma once
#include "bridge/bridge.h"
#include "vfio_siov/page_device/abi.h"

struct pd_device; /* C++: page_device.hpp */
struct eventfd_ctx;

KX_DECLS_BEGIN
/* glue_vfio.c: eventfds, and the lock of an interrupt */
int dx_eventfd_get(int fd, struct eventfd_ctx **ctx);
void dx_eventfd_put(struct eventfd_ctx *ctx);
void dx_eventfd_signal(struct eventfd_ctx *ctx);
unsigned long dx_spin_lock_irqsave(struct spinlock *lock);
void dx_spin_unlock_irqrestore(struct spinlock *lock, unsigned long flags);

/* owner.cpp: what the owner asks for */
int pd_region(struct pd_device *device, unsigned int index, struct pd_region_info *info);
int pd_irq(unsigned int index, struct pd_irq_info *info);
long pd_rw(struct pd_device *device, unsigned long user, unsigned long count, unsigned long long offset, bool write);
int pd_set_irqs(struct pd_device *device, const struct pd_irq_set *set);
int pd_reset(struct pd_device *device);
int pd_bus_master(struct pd_device *device, bool on);
int pd_export(struct pd_device *device, unsigned int region, unsigned long long offset, unsigned long long length,
	      unsigned int open_flags);
KX_DECLS_END
