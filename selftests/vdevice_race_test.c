// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's IOMMU while its devices come and go: VDEVICE_ALLOC against unbind and DESTROY, invalidations against both,
 * HWPT_ALLOC and VDEVICE_ALLOC against the end of the vIOMMU.
 *
 * usage: vdevice_race_test [SECONDS]   (12); prints TAP
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/iommufd.h"
#include "lib/mock.h"
#include "lib/race.h"
#include "lib/system.h"
#include "lib/viommu.h"

#define SELFTEST IOMMU_VIOMMU_TYPE_SELFTEST
#define DEVICES  3
#define NUMBERS  4

/* Ids, which the threads read and write as they please: a stale one is part of the game. */
struct race {
	int fd;
	__u32 ioas, parent;
	struct mock_dev home; /* stays */
	atomic_uint viommu, vdevice, stdev[DEVICES], idev[DEVICES];
};

static int bind_one(struct race *r, unsigned int random)
{
	const unsigned int i = random % DEVICES;
	struct mock_dev dev;
	int rc;

	if (atomic_load(&r->stdev[i]))
		return -EEXIST;
	rc = mock_device(r->fd, r->ioas, MOCK_FLAGS_DEVICE_PASID, &dev);
	if (rc)
		return rc;
	atomic_store(&r->idev[i], dev.idev);
	atomic_store(&r->stdev[i], dev.stdev);
	return 0;
}

/* Now this, now that, so that neither wins for good */
static int bind_or_unbind(struct race *r, unsigned int random)
{
	const unsigned int stdev = atomic_exchange(&r->stdev[random % DEVICES], 0);

	return stdev ? object_destroy(r->fd, stdev) : bind_one(r, random);
}

static int vdevice(struct race *r, unsigned int random)
{
	__u32 id;
	int rc = vdevice_alloc(r->fd, atomic_load(&r->viommu), atomic_load(&r->idev[random % DEVICES]),
			       random / DEVICES % NUMBERS, &id);

	if (!rc)
		atomic_store(&r->vdevice, id);
	return rc;
}

static int destroy_vdevice(struct race *r, unsigned int random)
{
	(void)random;
	return object_destroy(r->fd, atomic_load(&r->vdevice));
}

static int invalidate_some(struct race *r, unsigned int random)
{
	struct iommu_viommu_invalidate_selftest e[64];
	__u32 count = 64;

	for (int i = 0; i < 64; i++)
		e[i] = (struct iommu_viommu_invalidate_selftest){.vdev_id = random % NUMBERS, .cache_id = i % 4};
	return invalidate(r->fd, atomic_load(&r->viommu), IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST, e, sizeof(*e), &count);
}

static int nested(struct race *r, unsigned int random)
{
	__u32 id;
	int rc;

	(void)random;
	rc = mock_nested_alloc(r->fd, r->home.idev, atomic_load(&r->viommu), 0, &id);
	return rc ?: object_destroy(r->fd, id);
}

static int new_viommu(struct race *r, unsigned int random)
{
	__u32 id;
	int rc = object_destroy(r->fd, atomic_load(&r->viommu));

	(void)random;
	if (rc)
		return rc;
	rc = viommu_alloc(r->fd, r->home.idev, r->parent, SELFTEST, NULL, 0, &id);
	if (!rc)
		atomic_store(&r->viommu, id);
	return rc;
}

/* EBUSY: another call has it in its hands just now; ENOENT: it is gone. Ids come back as other objects'. */
static const struct race_op op_bind = {"bind or unbind", bind_or_unbind, {EEXIST, ENOENT, EBUSY}};
static const struct race_op op_vdevice = {"VDEVICE_ALLOC", vdevice, {EEXIST, ENOENT}};
static const struct race_op op_destroy = {"DESTROY vDEVICE", destroy_vdevice, {ENOENT, EBUSY}};
static const struct race_op op_invalidate = {"invalidate", invalidate_some, {EINVAL, ENOENT}};
static const struct race_op op_nested = {"HWPT_ALLOC", nested, {EINVAL, ENOENT, EBUSY}};
static const struct race_op op_viommu = {"DESTROY vIOMMU", new_viommu, {ENOENT, EBUSY}};

static const struct {
	const char *name;
	const struct race_op *ops[4];
	int n;
} races[] = {
	{"VDEVICE_ALLOC against unbind", {&op_vdevice, &op_bind}, 2},
	{"DESTROY against unbind", {&op_vdevice, &op_bind, &op_destroy}, 3},
	{"invalidate against DESTROY of the vDEVICE", {&op_invalidate, &op_vdevice, &op_destroy}, 3},
	{"invalidate against unbind", {&op_invalidate, &op_vdevice, &op_bind}, 3},
	{"HWPT_ALLOC against DESTROY of the vIOMMU", {&op_nested, &op_viommu}, 2},
	{"all of it", {&op_bind, &op_vdevice, &op_invalidate, &op_viommu}, 4},
};
#define RACES ((int)(sizeof(races) / sizeof(races[0])))

static int set_up(struct race *r)
{
	__u32 id;
	int rc;

	*r = (struct race){.fd = iommufd_open()};
	if (r->fd < 0)
		return r->fd;
	rc = ioas_alloc(r->fd, &r->ioas) ?: mock_device(r->fd, r->ioas, MOCK_FLAGS_DEVICE_PASID, &r->home);
	rc = rc ?: hwpt_alloc(r->fd, r->home.idev, r->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT, &r->parent);
	rc = rc ?: viommu_alloc(r->fd, r->home.idev, r->parent, SELFTEST, NULL, 0, &id);
	atomic_store(&r->viommu, id);
	for (unsigned int i = 0; i < DEVICES && !rc; i++)
		rc = bind_one(r, i);
	return rc;
}

int main(int argc, char **argv)
{
	const int seconds = race_seconds(argc, argv, 12);
	int failed = 0;

	if (!mock_load()) {
		puts("1..0 # SKIP no mock_iommu.ko");
		return 4;
	}
	printf("TAP version 13\n1..%d\n", RACES);
	for (int i = 0; i < RACES; i++) {
		struct race r;
		int rc = set_up(&r);
		bool good;

		if (rc)
			printf("#   cannot start: %s\n", strerror(-rc));
		good = !rc && race_run(&r, races[i].ops, races[i].n, seconds * 1000 / RACES);
		close(r.fd);
		printf("%sok %d %s\n", good ? "" : "not ", i + 1, races[i].name);
		failed += !good;
	}
	return failed ? 1 : 0;
}
