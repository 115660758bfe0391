/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What iommufd.ko offers to mock_iommu.ko: a place for its ioctl (IOMMU_TEST_CMD), and the few looks inside that the
 * test ABI needs. All functions are exported in the namespace IOMMUFD_CXX_TEST. Unless a comment says otherwise they
 * may sleep and return 0 or a negative errno.
 */
#ifndef IOMMUFD_CXX_TEST_H
#define IOMMUFD_CXX_TEST_H

#ifndef IOMMUFD_CXX_KERNEL
#include <linux/types.h>
#else
#include "bridge/bridge.h"
#endif

struct device;
struct iommu_domain;
struct iommufd_access;
struct iommufd_ctx;
struct module;

/*
 * The hook. At most one is registered (EBUSY); unregistering waits until no call is in it.
 *   ioctl        IOMMU_TEST_CMD on an iommufd; arg: the user's pointer, size: what its first u32 says
 *   is_mock      is this device one of the mock's? Then its MSIs need no isolation, and binding it does not keep the
 *                fd open, as the mock device belongs to the fd. Any context.
 *   should_fail  fault injection: true makes an object lookup, a pin, a charge ... fail. May be NULL. Any context.
 *   as_6_12      answer as Linux 6.12 does where 7.3 has another errno: HWPT_INVALIDATE of what is no nested HWPT
 */
struct iommufd_test_hook {
	struct module *owner;
	long (*ioctl)(struct iommufd_ctx *ictx, unsigned long arg, unsigned int size);
	bool (*is_mock)(struct device *dev);
	bool (*should_fail)(void);
	bool as_6_12;
};

#ifdef __cplusplus
extern "C" {
#endif
int iommufd_test_register(const struct iommufd_test_hook *hook);
void iommufd_test_unregister(const struct iommufd_test_hook *hook);

/*
 * An object of the test's own with an id in the fd. iommufd_test_object_alloc() reserves the id and remembers data;
 * publish makes it visible and cannot fail, abort gives it up without calling destroy. destroy(data) runs when user
 * space destroys the object or the fd closes. get finds data by id (ENOENT) and keeps the object until put.
 */
struct iommufd_test_object;
int iommufd_test_object_alloc(struct iommufd_ctx *ictx, void *data, void (*destroy)(void *data), unsigned int *id,
			      struct iommufd_test_object **object);
void iommufd_test_object_publish(struct iommufd_ctx *ictx, struct iommufd_test_object *object);
void iommufd_test_object_abort(struct iommufd_ctx *ictx, struct iommufd_test_object *object);
int iommufd_test_object_get(struct iommufd_ctx *ictx, unsigned int id, void **data,
			    struct iommufd_test_object **object);
void iommufd_test_object_put(struct iommufd_ctx *ictx, struct iommufd_test_object *object);

/*
 * The domain of a HWPT (ENOENT: no HWPT of that kind) and the struct device of a bound device, kept until
 * iommufd_test_put(ictx, keep).
 */
int iommufd_test_hwpt_domain(struct iommufd_ctx *ictx, unsigned int hwpt_id, bool nested, struct iommu_domain **domain,
			     void **keep);
int iommufd_test_device(struct iommufd_ctx *ictx, unsigned int dev_id, struct device **dev, void **keep);
void iommufd_test_put(struct iommufd_ctx *ictx, void *keep);

/*
 * Reserves start..start + length - 1 in an IOAS for as long as it exists: ENOENT, EINVAL (length 0), EOVERFLOW,
 * EADDRINUSE.
 */
int iommufd_test_add_reserved(struct iommufd_ctx *ictx, unsigned int ioas_id, unsigned long long start,
			      unsigned long long length);

/*
 * The "syz" addressing of the test ABI: low 32 bits of packed: the number of an area of the access's IOAS, high 32 bits:
 * an offset into it, bytes. Returns the IOVA, 0 when there is no such area or no IOAS.
 */
unsigned long long iommufd_test_syz_iova(struct iommufd_access *access, unsigned long long packed);

/* Temporary arrays of page numbers take at most this many bytes from now on; for everybody. */
void iommufd_test_set_memory_limit(unsigned int bytes);
#ifdef __cplusplus
}
#endif

#endif /* IOMMUFD_CXX_TEST_H */
