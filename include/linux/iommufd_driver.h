/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an IOMMU driver gives to iommufd.ko that 6.12's struct iommu_ops cannot hold, and the functions that it may call
 * for it: vIOMMUs, vDEVICEs, events, HW queues, regions for mmap(), the replacement of a PASID's domain, typed hardware
 * information. docs/vdevice.md has the model and a driver as an example.
 *
 * All functions are exported in the namespace IOMMUFD. They may sleep, and return 0 or a negative errno unless it says
 * otherwise; so do all that a driver registers. User data comes in 6.12's struct iommu_user_data and struct
 * iommu_user_data_array (<linux/iommu.h>).
 */
#ifndef _LINUX_IOMMUFD_DRIVER_H
#define _LINUX_IOMMUFD_DRIVER_H

#ifndef IOMMUFD_CXX_KERNEL
#include <linux/types.h>
#else
#include "bridge/bridge.h"
#endif

struct device;
struct iommu_domain;
struct iommu_ops;
struct iommu_user_data;
struct iommu_user_data_array;
struct iommufd_ctx;
struct iommufd_viommu_ops;
struct module;

/*
 * The driver's part of a vIOMMU, vDEVICE or HW queue: first in a structure of the driver's own, whose size the driver
 * tells; iommufd allocates it, filled with zeros, and frees it after the driver's destroy function. The fields are
 * constant for the driver unless it says otherwise.
 */
struct iommufd_viommu {
	const struct iommufd_viommu_ops *ops; /* set by viommu_init() */
	struct iommu_domain *parent;          /* paging domain, allocated as a nest parent: the guest's memory */
	struct device *dev;                   /* of viommu_init(): behind the physical IOMMU; null afterwards */
	struct iommufd_ctx *ictx;
	unsigned int type; /* IOMMU_VIOMMU_TYPE_* */
	void *object;      /* iommufd's */
};

/* What carries virt_id in the guest: dev as a whole (pasid 0), or a slice of it, known by its default PASID. */
struct iommufd_vdevice {
	struct iommufd_viommu *viommu;
	struct device *dev;
	unsigned int pasid;
	unsigned long long virt_id;
	void (*destroy)(struct iommufd_vdevice *vdevice); /* set by vdevice_init(), or NULL */
	void *object;                                     /* iommufd's */
};

struct iommufd_hw_queue {
	struct iommufd_viommu *viommu;
	unsigned long long base;   /* address in the guest's memory */
	unsigned long long length; /* bytes */
	unsigned int type;         /* IOMMU_HW_QUEUE_TYPE_* */
	unsigned int index;
	void (*destroy)(struct iommufd_hw_queue *queue); /* set by hw_queue_init(), or NULL */
	void *object;                                    /* iommufd's */
};

/*
 * The operations of a vIOMMU. All but destroy may be NULL: EOPNOTSUPP.
 *   destroy              nothing of the vIOMMU is left; cannot fail
 *   alloc_domain_nested  a domain of type IOMMU_DOMAIN_NESTED on viommu->parent, or an ERR_PTR(). flags: of
 *                        IOMMU_HWPT_ALLOC_*, PASID alone. data is never NULL.
 *   cache_invalidate     carries out the array's entries one after the other, and in any case sets array->entry_num to
 *                        the number of those done. entry_num 0: is the type known? EINVAL if not.
 *                        iommufd_viommu_find_dev() is for calls in it. Several calls may run at once.
 *   vdevice_size         bytes of the driver's structure for a vDEVICE; 0: sizeof(struct iommufd_vdevice)
 *   vdevice_init         a vDEVICE is made; nobody finds it by its virt_id before this returns 0
 *   hw_queue_size        bytes of the driver's structure for a HW queue of this type; 0: there is no such type
 *   hw_queue_init        the hardware may read and write `length` bytes from the physical address pa on. Queues of one
 *                        vIOMMU are made and destroyed one after the other, in whatever order their dependencies
 *                        permit. EEXIST: index is in use.
 */
struct iommufd_viommu_ops {
	void (*destroy)(struct iommufd_viommu *viommu);
	struct iommu_domain *(*alloc_domain_nested)(struct iommufd_viommu *viommu, unsigned int flags,
						    const struct iommu_user_data *data);
	int (*cache_invalidate)(struct iommufd_viommu *viommu, struct iommu_user_data_array *array);
	unsigned long vdevice_size;
	int (*vdevice_init)(struct iommufd_vdevice *vdevice);
	unsigned long (*hw_queue_size)(struct iommufd_viommu *viommu, unsigned int type);
	int (*hw_queue_init)(struct iommufd_hw_queue *queue, unsigned long long pa);
};

/*
 * What an IOMMU driver, known by its struct iommu_ops, offers to iommufd. All but `ops` may be NULL.
 *
 *   owner          cannot be unloaded while there is a vIOMMU of this driver
 *   pasid_domains  the driver's domain_alloc_user() knows IOMMU_HWPT_ALLOC_PASID; else iommufd takes the flag away
 *   replace_pasid  moves the PASID of dev from one domain to another in one step: every translation is done by one of
 *                  them. On failure the old one stays. Called under the group's mutex. The attach handle names the new
 *                  domain already; when this returns, no report of a page request of this PASID that began before is
 *                  still running, so that the old domain can be freed.
 *   hw_info        instead of the one in struct iommu_ops: *type is what the user asks for (0: whatever there is) and
 *                  becomes the type of what is returned, *length bytes from kzalloc(), or an ERR_PTR(). EOPNOTSUPP: no
 *                  information of that type.
 *   viommu_size    bytes of the driver's structure for a vIOMMU of this type; 0: there is no such type for dev
 *   viommu_init    a vIOMMU is made; sets viommu->ops. data: NULL if the user has given none
 */
struct iommufd_driver {
	const struct iommu_ops *ops;
	struct module *owner;
	bool pasid_domains;
	int (*replace_pasid)(struct iommu_domain *domain, struct device *dev, unsigned int pasid,
			     struct iommu_domain *old);
	void *(*hw_info)(struct device *dev, unsigned int *length, unsigned int *type);
	unsigned long (*viommu_size)(struct device *dev, unsigned int type);
	int (*viommu_init)(struct iommufd_viommu *viommu, const struct iommu_user_data *data);

	struct iommufd_driver *next; /* iommufd's */
};

#ifdef __cplusplus
extern "C" {
#endif

/* EBUSY: there is one for these ops. A driver unregisters after its last device is gone; it cannot fail. */
int iommufd_driver_register(struct iommufd_driver *driver);
void iommufd_driver_unregister(struct iommufd_driver *driver);

/*
 * The device with this number in the guest, or NULL; *pasid (may be NULL) is 0 or, of a slice, its default PASID.
 * Within cache_invalidate(): the device stays until that returns. Takes no lock, does not sleep, and costs the same
 * however many there are.
 */
struct device *iommufd_viommu_find_dev(struct iommufd_viommu *viommu, unsigned long long virt_id, unsigned int *pasid);

/*
 * The number in the guest of a device (pasid 0) or slice of it. ENOENT: it has no vDEVICE in this vIOMMU. Any context
 * in which a spinlock may be taken; takes no lock.
 */
int iommufd_viommu_get_vdev_id(struct iommufd_viommu *viommu, struct device *dev, unsigned int pasid,
			       unsigned long long *virt_id);

/*
 * An event for the guest: `length` bytes as the uAPI defines for this IOMMU_VEVENTQ_TYPE_*. Any context, hard
 * interrupts too. EOPNOTSUPP: the vIOMMU has no queue of this type. ENOMEM: the event is lost, and the reader will see
 * that; a full queue loses it, too, and the result is 0. EINVAL: no data, or more than fits a page with the header.
 */
int iommufd_viommu_report_event(struct iommufd_viommu *viommu, unsigned int type, const void *data,
				unsigned long length);

/*
 * Lets the user map `length` bytes of physical addresses from pa on (both multiples of the page size) with mmap() on
 * /dev/iommu, once the vIOMMU has been made. *offset: what mmap() takes, of which user space has to be told; never 0, and
 * not used again. device_memory: registers, uncached; else ordinary memory, cached. The vIOMMU cannot be destroyed while
 * it is mapped; the driver gives the region back at the latest in destroy, or where viommu_init() fails after this. Nobody
 * sees the addresses any more when iommufd_viommu_destroy_mmap() returns: who still has them mapped gets SIGBUS.
 * EINVAL: length is 0, or something is no multiple; ENOMEM.
 */
int iommufd_viommu_alloc_mmap(struct iommufd_viommu *viommu, unsigned long long pa, unsigned long length,
			      bool device_memory, unsigned long *offset);
void iommufd_viommu_destroy_mmap(struct iommufd_viommu *viommu, unsigned long offset);

/*
 * queue needs `other`, of the same vIOMMU, to stay as long as this is not taken back, at the latest in queue's destroy:
 * destroying `other` is EBUSY. EINVAL: they are one and the same, or of different vIOMMUs; ENOENT: `other` is being
 * destroyed already, its destroy function comes next.
 */
int iommufd_hw_queue_depend(struct iommufd_hw_queue *queue, struct iommufd_hw_queue *other);
void iommufd_hw_queue_undepend(struct iommufd_hw_queue *queue, struct iommufd_hw_queue *other);

/*
 * A structure of the uAPI to and from the user, whose version of it may be another: size is ours, min_size that of the
 * first version, bytes. EINVAL: another type, shorter than min_size or longer than ours; EFAULT. What the user's lacks
 * is 0. To the user as much is copied as the user has room for.
 */
int iommufd_copy_struct_from_user(void *to, unsigned long size, unsigned long min_size,
				  const struct iommu_user_data *from, unsigned int type);
int iommufd_copy_struct_to_user(const struct iommu_user_data *to, const void *from, unsigned long size,
				unsigned long min_size, unsigned int type);
/* One entry of an array; EINVAL also: index is beyond it. */
int iommufd_copy_entry_from_user(void *to, unsigned long size, unsigned long min_size,
				 const struct iommu_user_data_array *from, unsigned int type, unsigned int index);
/*
 * Entries first..first + count - 1, one behind the other at to. In one piece where the user's entries are as long as
 * ours.
 */
int iommufd_copy_entries_from_user(void *to, unsigned long size, unsigned long min_size,
				   const struct iommu_user_data_array *from, unsigned int type, unsigned int first,
				   unsigned int count);

#ifdef __cplusplus
}
#endif

#endif /* _LINUX_IOMMUFD_DRIVER_H */
