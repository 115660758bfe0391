/* SPDX-License-Identifier: GPL-2.0-only */
/* The mock IOMMU's operations: devices that do DMA, page requests and events, and kernel drivers that access an IOAS. */
#include "../../include/uapi/linux/iommufd_test.h"
#include "describe.h"

#define T(m)	 iommu_test_cmd, m
#define OP(n)	 {.name = "op", .kind = FIXED, .where = STRUCT, .at = 4, .bytes = 4, VALUES(n)}
#define ID(r)	 {.name = "id", .kind = IN, .where = STRUCT, .at = 8, .bytes = 4, .regs = {r + 1}}
#define ID2(r, s) {.name = "id", .kind = IN, .where = STRUCT, .at = 8, .bytes = 4, .regs = {r + 1, s + 1}}
#define U_INT(n, a, b, ...) {.name = n, .kind = INT, .where = STRUCT, .at = a, .bytes = b, VALUES(__VA_ARGS__)}
#define U_FLAGS(n, a, b, ...) {.name = n, .kind = FLAGS, .where = STRUCT, .at = a, .bytes = b, VALUES(__VA_ARGS__)}
#define U_KIND(n, a, b, k) {.name = n, .kind = k, .where = STRUCT, .at = a, .bytes = b}
#define U_IN(n, a, r)	   {.name = n, .kind = IN, .where = STRUCT, .at = a, .bytes = 4, .regs = {r + 1}}
#define U_IN2(n, a, r, s)  {.name = n, .kind = IN, .where = STRUCT, .at = a, .bytes = 4, .regs = {r + 1, s + 1}}
#define U_OUT(n, a, r)	   {.name = n, .kind = OUT, .where = STRUCT, .at = a, .bytes = 4, .regs = {r + 1}}
#define OPERATION(id, w)   IOCTL(id, IOMMU_TEST_CMD, iommu_test_cmd, 0, w)

DESC(add_reserved, FD, S_SIZE, OP(1), ID(R_IOAS), U_KIND("start", 16, 8, IOVA), U_KIND("length", 24, 8, LENGTH));
OPERATION(add_reserved, 2);

/* dev_flags: no dirty tracking, huge IOVAs (6.12), PASIDs */
DESC(mock_device, FD, S_SIZE, OP(12), ID2(R_IOAS, R_HWPT), U_OUT("stdev", 16, R_STDEV), U_OUT("hwpt", 20, R_HWPT),
     U_OUT("dev", 24, R_DEV), U_FLAGS("dev_flags", 28, 4, 0, 4, 1, 2, 8));
OPERATION(mock_device, 5);

DESC(mock_slice, FD, S_SIZE, OP(2), ID2(R_IOAS, R_HWPT), U_OUT("stdev", 16, R_STDEV), U_OUT("hwpt", 20, R_HWPT),
     U_OUT("dev", 24, R_DEV), U_INT("pasid", 28, 4, 0, 1, 2, 100, 1024, 0xfffff, 0x100000),
     U_IN2("parent", 32, R_STDEV, R_PARENT));
OPERATION(mock_slice, 3);

DESC(mock_replace, FD, S_SIZE, OP(10), ID(R_STDEV), U_IN2("pt_id", 16, R_HWPT, R_IOAS));
OPERATION(mock_replace, 7);

DESC(check_map, FD, S_SIZE, OP(3), ID(R_HWPT), U_KIND("iova", 16, 8, IOVA), U_KIND("length", 24, 8, LENGTH),
     U_KIND("uptr", 32, 8, VA));
OPERATION(check_map, 1);

DESC(check_refs, FD, S_SIZE, OP(4), ID(R_IOAS), U_KIND("length", 16, 8, LENGTH), U_KIND("uptr", 24, 8, VA),
     U_INT("refs", 32, 4, 0, 1));
OPERATION(check_refs, 1);

DESC(create_access, FD, S_SIZE, OP(5), ID(R_IOAS), U_OUT("access", 16, R_ACCESS), U_INT("flags", 20, 4, 1, 0, 2));
OPERATION(create_access, 4);

DESC(access_unpin, FD, S_SIZE, OP(6), ID(R_ACCESS), U_IN("pin", 16, R_PIN));
OPERATION(access_unpin, 3);

DESC(access_pin, FD, S_SIZE, OP(7), ID(R_ACCESS), U_FLAGS("flags", 16, 4, 0, 1, 1 << 16, 2), U_OUT("pin", 20, R_PIN),
     U_KIND("iova", 24, 8, IOVA), U_KIND("length", 32, 8, LENGTH), U_INT("uptr", 40, 8, 0, ARENA));
OPERATION(access_pin, 5);

DESC(access_rw, FD, S_SIZE, OP(8), ID(R_ACCESS), U_KIND("iova", 16, 8, IOVA), U_KIND("length", 24, 8, LENGTH),
     U_KIND("uptr", 32, 8, VA), U_FLAGS("flags", 40, 4, 0, 1, 4, 1 << 16, 2));
OPERATION(access_rw, 5);

DESC(memory_limit, FD, S_SIZE, OP(9), ID(R_IOAS), U_INT("limit", 16, 4, 65536, 12, 11, 24, 100));
OPERATION(memory_limit, 1);

DESC(access_replace, FD, S_SIZE, OP(11), ID(R_ACCESS), U_IN("ioas_id", 16, R_IOAS));
OPERATION(access_replace, 4);

DESC(make_dirty, FD, S_SIZE, OP(13), ID(R_HWPT), U_INT("flags", 16, 4, 0, 1), U_KIND("iova", 24, 8, IOVA),
     U_KIND("length", 32, 8, LENGTH), U_INT("page_size", 40, 8, 2048, 4096, 0, 1, 1 << 20), U_KIND("uptr", 48, 8, VA));
OPERATION(make_dirty, 3);

DESC(check_iotlb, FD, S_SIZE, OP(14), ID(R_HWPT), U_INT("index", 16, 4, 0, 1, 3, 4),
     U_INT("iotlb", 20, 4, 0xbadbeef, 0));
OPERATION(check_iotlb, 1);

DESC(page_request, FD, S_SIZE, OP(15), ID(R_IOAS), U_IN("dev", 16, R_DEV), U_INT("pasid", 20, 4, 0, 1, 2, 1024),
     U_INT("group", 24, 4, 0, 1, 0x1ff), U_INT("perm", 28, 4, 1, 2, 3, 15, 0xff), U_KIND("addr", 32, 8, IOVA),
     U_INT("flags", 40, 4, 0, 1));
OPERATION(page_request, 6);

DESC(check_cache, FD, S_SIZE, OP(16), ID(R_DEV), U_INT("index", 16, 4, 0, 1, 3, 4), U_INT("cache", 20, 4, 0xbaddad, 0));
OPERATION(check_cache, 1);

DESC(trigger_vevent, FD, S_SIZE, OP(17), ID(R_DEV), U_IN("dev", 16, R_DEV));
OPERATION(trigger_vevent, 6);

DESC(pasid_attach, FD, S_SIZE, OP(18), ID(R_STDEV), U_INT("pasid", 16, 4, 100, 1, 2, 0, 1024, 0xfffff, 0x100000),
     U_IN2("pt_id", 20, R_HWPT, R_IOAS));
OPERATION(pasid_attach, 6);

DESC(pasid_replace, FD, S_SIZE, OP(19), ID(R_STDEV), U_INT("pasid", 16, 4, 100, 1, 2, 0, 1024, 0xfffff),
     U_IN2("pt_id", 20, R_HWPT, R_IOAS));
OPERATION(pasid_replace, 5);

DESC(pasid_detach, FD, S_SIZE, OP(20), ID(R_STDEV), U_INT("pasid", 16, 4, 100, 1, 2, 0, 1024, 0xfffff));
OPERATION(pasid_detach, 4);

DESC(pasid_check, FD, S_SIZE, OP(21), ID(R_STDEV), U_INT("pasid", 16, 4, 100, 1, 2, 0, 1024),
     U_IN("hwpt", 20, R_HWPT));
OPERATION(pasid_check, 1);

DESC(dmabuf_get, FD, S_SIZE, OP(22), ID(R_IOAS), U_INT("length", 16, 4, 0x4000, 0x1000, 0, 1, 512 * 4096, 512 * 4096 + 1),
     U_INT("open_flags", 20, 4, 2, 0), P_OUT("dmabuf", R_DMABUF));
OPERATION(dmabuf_get, 5);

DESC(dmabuf_revoke, FD, S_SIZE, OP(23), ID(R_IOAS), U_IN2("dmabuf", 16, R_DMABUF, R_MEMFD), U_INT("revoked", 20, 4, 1, 0));
OPERATION(dmabuf_revoke, 4);

DESC(device_number, FD, S_SIZE, OP(1 << 16), ID(R_STDEV), U_OUT("parent", 16, R_PARENT));
OPERATION(device_number, 1);

DESC(translate, FD, S_SIZE, OP((1 << 16) + 1), ID(R_STDEV), U_INT("pasid", 16, 4, 0, 1, 100, 1024),
     U_INT("count", 20, 4, 1, 16, 1000, MOCK_TRANSLATE_MAX + 1), U_KIND("iova", 24, 8, IOVA), U_KIND("uptr", 32, 8, VA));
OPERATION(translate, 2);

DESC(test_op, FD, S_SIZE, U_INT("op", 4, 4, 0, 24, 25, 31, 0xffff, (1 << 16) + 2, 0xffffffff), ID(R_IOAS));
OPERATION(test_op, 1);
