/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What pasid_alloc.ko offers: PASIDs for a driver (a consumer) that names parts of its device by them. All functions
 * are exported in the namespace IOMMUFD, may sleep unless it says otherwise, and note at debug level why they failed.
 *
 * A PASID is 1 to 2^20 - 1. On the host, PASIDs are leased from the kernel's global ones
 * (iommu_alloc_global_pasid()), so that they are never those of an SVA user or another consumer. In a guest a backend
 * may ask the hypervisor for them. A consumer without a PASID-capable device gets a private space: its PASIDs are
 * unique in it and nowhere else.
 */
#ifndef _LINUX_IOMMU_PASID_ALLOC_H
#define _LINUX_IOMMU_PASID_ALLOC_H

#ifndef IOMMUFD_CXX_KERNEL
#include <linux/types.h>
#else
#include "bridge/bridge.h"
#endif

struct device;
struct iommu_pasid_consumer;
struct module;

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What a consumer knows of its hardware; each may be NULL, and gets the consumer's data.
 *   limit     called once, within iommu_pasid_init(): narrows *first..*last, which hold what the IOMMU and the
 *             backend allow, to what the device can tag its DMA with. An errno fails the init with it. May sleep.
 *   describe  writes one line about the owner of a leaked PASID, of `size` bytes at most with the NUL, into text: it
 *             goes to the kernel log, so it must not hold the PASID. Called within iommu_pasid_exit(). May sleep.
 */
struct iommu_pasid_ops {
	int (*limit)(void *data, unsigned int *first, unsigned int *last);
	void (*describe)(void *data, void *private_data, char *text, unsigned long size);
};

/*
 * dev: the PASID-capable parent; its driver stays bound until iommu_pasid_exit(). NULL, or a device whose IOMMU has
 * no PASIDs for it: a private space, and the log says so. name: for the log; copied, 31 characters of it. ops: may be
 * NULL; stays until exit, as does data. Returns an ERR_PTR() on failure:
 *   EINVAL   no name; limit() widened the range
 *   ENOSPC   limit() or the backend left no PASID
 *   ENOMEM
 *   what limit() or the backend's probe() returned
 */
struct iommu_pasid_consumer *iommu_pasid_init(struct device *dev, const char *name, const struct iommu_pasid_ops *ops,
					      void *data);

/*
 * No other call for this consumer is running or comes later. PASIDs that are still live are reported at warning level
 * with what describe() says of them (16 of them, and how many there were) and freed. All leases go back to the kernel
 * that no other consumer has in use. Returns how many PASIDs were live: 0 unless the caller has forgotten some.
 */
unsigned int iommu_pasid_exit(struct iommu_pasid_consumer *consumer);

/*
 * One PASID of min..max, a low one: the lowest that the backend has at hand. private_data: not NULL, aligned to 4
 * bytes at least; what iommu_pasid_find() gives. *pasid is written on success only, after find() knows the PASID.
 *   EINVAL   PASID 0; min > max; private_data as above
 *   ENOSPC   all of min..max is taken, or beyond the hardware; or (host) the kernel's lowest free PASID is so far
 *            below min that too many would have to be held to get there: see IOMMU_PASID_MOST_IDLE
 *   ENOMEM
 *   EIO      the backend handed out a PASID that is in use or out of range; it was refused, and the log says so at
 *            error level
 *   what the backend's alloc() returned
 */
int iommu_pasid_alloc(struct iommu_pasid_consumer *consumer, unsigned int min, unsigned int max, void *private_data,
		      unsigned int *pasid);

/*
 * The PASID's DMA is over and its translation detached: from now on somebody else may get it. ENOENT: not allocated
 * by this consumer, or freed already. Cannot fail otherwise.
 */
int iommu_pasid_free(struct iommu_pasid_consumer *consumer, unsigned int pasid);

/*
 * private_data of a live PASID of this consumer; NULL for any other value. Any context (also hard interrupts and the
 * fault path), no locks. It keeps private_data from nothing: who frees it while find() may run calls
 * iommu_pasid_free() first, and frees it after a grace period (kfree_rcu()); who finds it calls find() and uses it
 * within one rcu_read_lock().
 */
void *iommu_pasid_find(struct iommu_pasid_consumer *consumer, unsigned int pasid);

/*
 * Calls fn for each live PASID, in rising order, without locks: fn may sleep, and may free the PASID it was called
 * for. One that is allocated or freed meanwhile may be met or not: that the private_data it is given stays is up to
 * the caller. Ends with the first value of fn that is not 0 and returns it, else 0.
 */
int iommu_pasid_for_each(struct iommu_pasid_consumer *consumer,
			 int (*fn)(unsigned int pasid, void *private_data, void *arg), void *arg);

/*
 * On the host PASIDs are leased in blocks (64; a sixteenth of what a small device has), and about as many freed ones
 * stay leased for the next alloc(). The kernel gives the lowest free PASID and no other, so to reach `min` all below
 * it are leased first and held. This is the most that all consumers together keep from the kernel without use; an
 * alloc() that needs more is ENOSPC.
 */
#define IOMMU_PASID_MOST_IDLE 4096

/* Where PASIDs come from. Backends of the module itself: the host's with priority 0, private spaces with the lowest. */
#define IOMMU_PASID_PRIORITY_HOST 0

/*
 * A backend takes the consumers whose device its probe() accepts; the one with the highest priority is asked first
 * (of equal ones, the one registered first). All are called without locks of the caller but probe(), during which no
 * backend is registered or unregistered; they may sleep, and may run at once for one space.
 *   owner     cannot be unloaded while a consumer uses the backend
 *   probe     dev may be NULL. 0: takes it, has narrowed *first..*last, and *space is what the other functions get;
 *             where two consumers get the same *space, a PASID is live for one of them only. -ENODEV: not for this
 *             backend, ask the next. Any other errno fails iommu_pasid_init(): whose PASIDs the hypervisor has to
 *             allow must not get them elsewhere.
 *   release   once for each successful probe()
 *   alloc     one PASID of min..max, which is not empty and within the range of probe(); 0, -ENOSPC or another errno.
 *             What it hands out is checked: a PASID that is live in the space, or out of range, is refused. The
 *             latter goes back through free(), the former does not: it has an owner.
 *   free      cannot fail
 */
struct iommu_pasid_backend {
	const char *name;
	int priority;
	struct module *owner;
	int (*probe)(struct device *dev, unsigned int *first, unsigned int *last, void **space);
	void (*release)(void *space);
	int (*alloc)(void *space, unsigned int min, unsigned int max, unsigned int *pasid);
	void (*free)(void *space, unsigned int pasid);

	struct iommu_pasid_backend *next; /* pasid_alloc's */
	unsigned int users;
};

/* For consumers that come later. EINVAL: a function or the name is missing. EBUSY: registered already. */
int iommu_pasid_backend_register(struct iommu_pasid_backend *backend);

/* EBUSY: a consumer uses it. ENOENT: not registered. */
int iommu_pasid_backend_unregister(struct iommu_pasid_backend *backend);

#ifdef __cplusplus
}
#endif

#endif /* _LINUX_IOMMU_PASID_ALLOC_H */
