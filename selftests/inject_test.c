// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every ioctl with each of its steps failed in turn (lib/inject.h): the first allocation, lookup, pin ..., the second,
 * until the call gets through without meeting one. After each failure the call has said so, with an errno that is
 * documented for it; nothing that a program can see has changed (lib/snapshot.h); and the same call then works. A call
 * that gets through in spite of a failure has done all of its work.
 *
 * For each call the number of points is printed. There is a least number, so that an injector that does nothing, or a
 * call that never got to its allocations, is no success. On the mock IOMMU; inject_vfio_test does VFIO's calls.
 */
#include "inject_sweep.h"

#include <linux/vfio.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "lib/group.h"
#include "lib/process.h"

/* --- worlds, from the smallest to the largest */

static int with_ioas(struct world *w)
{
	return ioas_alloc(w->view.fd, &w->ioas);
}

static int map_at(struct world *w, __u32 ioas, __u64 iova)
{
	return ioas_map_fixed(w->view.fd, ioas, w->memory, PAGES * PAGE, iova, MAP_RW);
}

static int with_mapping(struct world *w)
{
	return with_ioas(w) ?: map_at(w, w->ioas, FIRST);
}

static int with_device(struct world *w)
{
	return with_ioas(w) ?: mock_device(w->view.fd, w->ioas, 0, &w->dev);
}

/* A file of as many pages, whose bytes begin with the page's number as those of the memory do */
static int with_file(struct world *w)
{
	w->file = memfd_create("inject", 0);
	if (w->file < 0 || pwrite(w->file, w->memory, PAGES * PAGE, 0) != PAGES * PAGE)
		return -errno;
	return with_device(w);
}

static int map_file(struct world *w)
{
	return ioas_map_file_fixed(w->view.fd, w->ioas, w->file, 0, PAGES * PAGE, FIRST, MAP_RW);
}

/* Another process maps, and exits. */
static int with_heritage(struct world *w)
{
	int rc = with_file(w);
	pid_t child;

	if (rc)
		return rc;
	child = fork();
	if (!child)
		_exit(-map_file(w));
	return child < 0 ? -errno : -child_status(child);
}

static int with_mapped_device(struct world *w)
{
	return with_device(w) ?: map_at(w, w->ioas, FIRST);
}

/* two domains: the second device's is a HWPT of its own */
static int with_two_domains(struct world *w)
{
	return with_device(w) ?: hwpt_alloc(w->view.fd, w->dev.idev, w->ioas, 0, &w->hwpt);
}

/* a second IOAS that is full, and has no domain yet */
static int with_full_ioas(struct world *w)
{
	return with_mapped_device(w) ?: ioas_alloc(w->view.fd, &w->other) ?: map_at(w, w->other, SECOND);
}

static int with_parent(struct world *w)
{
	return with_mapped_device(w) ?:
	       hwpt_alloc(w->view.fd, w->dev.idev, w->ioas, IOMMU_HWPT_ALLOC_NEST_PARENT, &w->hwpt);
}

static int with_queue(struct world *w)
{
	return with_parent(w) ?: fault_queue_alloc(w->view.fd, &w->fault, &w->view.queue);
}

static int with_nested(struct world *w)
{
	return with_parent(w) ?: mock_nested_alloc(w->view.fd, w->dev.idev, w->hwpt, 0, &w->nested);
}

static int with_faulting(struct world *w)
{
	return with_queue(w) ?: mock_nested_alloc(w->view.fd, w->dev.idev, w->hwpt, w->fault, &w->nested);
}

static int with_page_request(struct world *w)
{
	return with_faulting(w) ?:
	       mock_replace(w->view.fd, &w->dev, w->nested) ?:
	       mock_page_request(w->view.fd, &w->dev, 7, FIRST);
}

static int read_request(struct world *w)
{
	struct iommu_hwpt_pgfault fault;
	ssize_t rc = read(w->view.queue, &fault, sizeof(fault));

	if (rc != sizeof(fault))
		return rc < 0 ? -errno : -EBADMSG;
	w->cookie = fault.cookie;
	return fault.grpid == 7 && fault.addr == FIRST ? 0 : -EBADMSG;
}

static int with_known_request(struct world *w)
{
	return with_page_request(w) ?: read_request(w);
}

/* Each page has an entry of its own: neighbours in memory may else have one, and be dirty together. */
static int with_tracking_hwpt(struct world *w)
{
	return with_ioas(w) ?:
	       option_set(w->view.fd, IOMMU_OPTION_HUGE_PAGES, w->ioas, 0) ?:
	       mock_device(w->view.fd, w->ioas, 0, &w->dev) ?:
	       map_at(w, w->ioas, FIRST) ?:
	       hwpt_alloc(w->view.fd, w->dev.idev, w->ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &w->hwpt);
}

static int with_dirty_pages(struct world *w)
{
	__u64 bits = DIRTY_BITS;

	return with_tracking_hwpt(w) ?:
	       dirty_tracking_set(w->view.fd, w->hwpt, true) ?:
	       mock_make_dirty(w->view.fd, w->hwpt, FIRST, PAGES * PAGE, PAGE, &bits, NULL);
}

static int with_dmabuf(struct world *w)
{
	int rc = with_device(w);

	w->file = rc ? -1 : mock_dmabuf(w->view.fd, PAGES * PAGE);
	return rc ?: w->file < 0 ? w->file : 0;
}

static int do_map_dmabuf(struct world *w)
{
	return ioas_map_file_fixed(w->view.fd, w->ioas, w->file, 0, PAGES * PAGE, SECOND, MAP_RW);
}

static int with_mapped_dmabuf(struct world *w) { return with_dmabuf(w) ?: do_map_dmabuf(w); }

static int with_compat(struct world *w)
{
	return with_device(w) ?: vfio_ioas_set(w->view.fd, w->ioas);
}

static int with_compat_mapping(struct world *w)
{
	return with_mapped_device(w) ?: vfio_ioas_set(w->view.fd, w->ioas);
}

static int with_type1_mapping(struct world *w)
{
	return with_ioas(w) ?:
	       vfio_ioas_set(w->view.fd, w->ioas) ?:
	       container_set_iommu(w->view.fd, VFIO_TYPE1_IOMMU) ?:
	       mock_device(w->view.fd, w->ioas, 0, &w->dev) ?: map_at(w, w->ioas, FIRST);
}

static int with_access(struct world *w)
{
	return with_mapping(w) ?:
	       access_create(w->view.fd, w->ioas, MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES, &w->access);
}

static int with_two_ioases_and_access(struct world *w)
{
	return with_access(w) ?: ioas_alloc(w->view.fd, &w->other);
}

static int with_accounting(struct world *w)
{
	return with_ioas(w) ?: object_destroy(w->view.fd, w->ioas);
}

/* --- calls */

static int do_ioas_alloc(struct world *w) { return ioas_alloc(w->view.fd, &w->other); }

static int do_iova_ranges(struct world *w)
{
	struct iommu_iova_range ranges[4];
	__u32 num = 4;

	return ioas_iova_ranges(w->view.fd, w->ioas, ranges, &num, NULL);
}

static int do_allow(struct world *w)
{
	const struct iommu_iova_range ranges[] = {{0x10000, 0x1ffff}, {0x40000, 0x4ffff}, {FIRST, FIRST + 0xffffff}};

	return ioas_allow_iovas(w->view.fd, w->ioas, ranges, 3);
}

static int do_map(struct world *w) { return map_at(w, w->ioas, FIRST); }

static int do_map_auto(struct world *w)
{
	__u64 iova;

	return ioas_map_auto(w->view.fd, w->ioas, w->memory, PAGES * PAGE, &iova, MAP_RW);
}

static int do_change_process(struct world *w) { return change_process(w->view.fd); }

static int do_unmap(struct world *w) { return ioas_unmap(w->view.fd, w->ioas, FIRST, PAGES * PAGE, NULL); }

static int do_copy(struct world *w)
{
	return ioas_copy_fixed(w->view.fd, w->ioas, SECOND, w->ioas, FIRST, PAGES * PAGE, MAP_RW);
}

static int do_copy_from_other(struct world *w)
{
	return ioas_copy_fixed(w->view.fd, w->ioas, SECOND, w->other, SECOND, PAGES * PAGE, MAP_RW);
}

static int do_option_huge(struct world *w)
{
	return option_set(w->view.fd, IOMMU_OPTION_HUGE_PAGES, w->ioas, 0);
}

static int do_option_rlimit(struct world *w) { return option_set(w->view.fd, IOMMU_OPTION_RLIMIT_MODE, 0, 1); }
static int do_vfio_ioas_get(struct world *w) { return vfio_ioas_get(w->view.fd, &w->other); }
static int do_vfio_ioas_set(struct world *w) { return vfio_ioas_set(w->view.fd, w->ioas); }
static int do_vfio_ioas_clear(struct world *w) { return vfio_ioas_clear(w->view.fd); }

static int do_hwpt_paging(struct world *w) { return hwpt_alloc(w->view.fd, w->dev.idev, w->ioas, 0, &w->hwpt); }
static int do_hwpt_first(struct world *w) { return hwpt_alloc(w->view.fd, w->dev.idev, w->other, 0, &w->hwpt); }

static int do_hwpt_dirty(struct world *w)
{
	return hwpt_alloc(w->view.fd, w->dev.idev, w->ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &w->hwpt);
}

static int do_hwpt_nested(struct world *w)
{
	return mock_nested_alloc(w->view.fd, w->dev.idev, w->hwpt, w->fault, &w->nested);
}

/* Two entries of the IOTLB. How many were done is told, and those stay done. */
static int do_invalidate(struct world *w)
{
	struct iommu_hwpt_invalidate_selftest entries[] = {{0, 1}, {0, 3}};
	struct iommu_hwpt_invalidate cmd = {
		.size = sizeof(cmd),
		.hwpt_id = w->nested,
		.data_uptr = (uintptr_t)entries,
		.data_type = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST,
		.entry_len = sizeof(*entries),
		.entry_num = 2,
	};
	int rc = iommufd_call(w->view.fd, IOMMU_HWPT_INVALIDATE, &cmd);

	return cmd.entry_num == (rc ? 0 : 2) ? rc : -EBADMSG;
}

static int do_tracking_on(struct world *w) { return dirty_tracking_set(w->view.fd, w->hwpt, true); }
static int do_tracking_off(struct world *w) { return dirty_tracking_set(w->view.fd, w->hwpt, false); }

static int get_dirty(struct world *w, __u32 flags)
{
	__u64 bits = 0;
	int rc = dirty_bitmap_get(w->view.fd, w->hwpt, flags, FIRST, PAGES * PAGE, PAGE, &bits);

	return bits == (rc ? 0 : DIRTY_BITS) ? rc : -EBADMSG;
}

static int do_get_dirty(struct world *w) { return get_dirty(w, 0); }
static int do_look_at_dirty(struct world *w) { return get_dirty(w, IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR); }

static int do_hw_info(struct world *w)
{
	struct iommu_test_hw_info data;
	struct iommu_hw_info info;
	int rc = get_hw_info(w->view.fd, w->dev.idev, &data, sizeof(data), &info);

	return rc || data.test_reg == IOMMU_HW_INFO_SELFTEST_REGVAL ? rc : -EBADMSG;
}

static int do_fault_queue(struct world *w) { return fault_queue_alloc(w->view.fd, &w->fault, &w->view.queue); }

/* Not into memory that cannot be written, and then as it should be */
static int do_fault_read_efault(struct world *w)
{
	ssize_t rc = read(w->view.queue, (void *)PAGE, sizeof(struct iommu_hwpt_pgfault));

	return rc < 0 && (errno == EFAULT || errno == ENOMEM) ? read_request(w) : -EBADMSG;
}

static int do_fault_respond(struct world *w)
{
	struct iommu_hwpt_page_response response = {.cookie = w->cookie, .code = IOMMUFD_PAGE_RESP_SUCCESS};
	ssize_t rc = write(w->view.queue, &response, sizeof(response));

	return rc == sizeof(response) ? 0 : rc < 0 ? -errno : -EBADMSG;
}

static int do_device(struct world *w) { return mock_device(w->view.fd, w->ioas, 0, &w->dev); }
static int do_device_to_full(struct world *w) { return mock_device(w->view.fd, w->other, 0, &w->dev2); }
static int do_replace_ioas(struct world *w) { return mock_replace(w->view.fd, &w->dev, w->other); }
static int do_replace_hwpt(struct world *w) { return mock_replace(w->view.fd, &w->dev, w->hwpt); }
static int do_replace_nested(struct world *w) { return mock_replace(w->view.fd, &w->dev, w->nested); }
static int do_replace_faulting(struct world *w) { return mock_replace(w->view.fd, &w->dev, w->ioas); }
static int do_detach(struct world *w) { return object_destroy(w->view.fd, w->dev.stdev); }

static int do_dma_map(struct world *w)
{
	return dma_map(w->view.fd, w->memory, PAGES * PAGE, FIRST, VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);
}

static int do_dma_unmap(struct world *w) { return dma_unmap(w->view.fd, FIRST, PAGES * PAGE, NULL); }
static int do_dma_unmap_all(struct world *w) { return dma_unmap_all(w->view.fd, NULL); }
static int do_dma_unmap_middle(struct world *w) { return dma_unmap(w->view.fd, FIRST + PAGE, 2 * PAGE, NULL); }
static int do_set_iommu(struct world *w) { return container_set_iommu(w->view.fd, VFIO_TYPE1v2_IOMMU); }
static int do_set_type1(struct world *w) { return container_set_iommu(w->view.fd, VFIO_TYPE1_IOMMU); }

static int do_check_extension(struct world *w)
{
	int rc = container_has(w->view.fd, VFIO_DMA_CC_IOMMU);

	return rc < 0 ? rc : 0;
}

static int do_get_info(struct world *w)
{
	struct {
		struct vfio_iommu_type1_info info;
		char capabilities[256];
	} u = {.info.argsz = sizeof(u)};
	int rc = iommufd_call(w->view.fd, VFIO_IOMMU_GET_INFO, &u);

	return rc || u.info.cap_offset ? rc : -EBADMSG;
}

/* iommufd has no such flag: refused, whatever fails on the way, and nothing unmapped */
static int do_dma_unmap_dirty(struct world *w)
{
	__u64 bits = 0;
	struct {
		struct vfio_iommu_type1_dma_unmap unmap;
		struct vfio_bitmap bitmap;
	} u = {
		.unmap = {sizeof(u), VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP, FIRST, PAGES * PAGE},
		.bitmap = {PAGE, sizeof(bits), &bits},
	};

	return iommufd_call(w->view.fd, VFIO_IOMMU_UNMAP_DMA, &u) == -EINVAL ? 0 : -EBADMSG;
}

static int do_access_create(struct world *w)
{
	return access_create(w->view.fd, w->ioas, MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES, &w->access);
}

static int do_access_pin(struct world *w)
{
	__u32 id;

	return access_pin(w->view.fd, w->access, FIRST, PAGES * PAGE, w->memory, MOCK_FLAGS_ACCESS_WRITE, &id);
}

static int do_access_rw(struct world *w)
{
	static char copy[PAGES * PAGE];

	return access_rw(w->view.fd, w->access, FIRST, PAGES * PAGE, copy, 0);
}

static int do_access_rw_slow(struct world *w)
{
	static char copy[PAGES * PAGE];

	return access_rw(w->view.fd, w->access, FIRST, PAGES * PAGE, copy, MOCK_ACCESS_RW_SLOW_PATH);
}

static int do_access_replace(struct world *w) { return access_replace(w->view.fd, w->access, w->other); }

SWEEP(IOAS_ALLOC, .setup = with_ioas, .call = do_ioas_alloc, .errnos = NO_MEMORY, .least = 2)
SWEEP(IOAS_IOVA_RANGES, .setup = with_ioas, .call = do_iova_ranges, .errnos = LOOKUP, .least = 1)
SWEEP(IOAS_ALLOW_IOVAS, .setup = with_ioas, .call = do_allow, .errnos = LOOKUP, .least = 4)
SWEEP(IOAS_MAP_no_domain, .setup = with_ioas, .call = do_map, .errnos = LOOKUP, .least = 4)
SWEEP(IOAS_MAP, .setup = with_device, .call = do_map, .errnos = PIN, .least = 8)
SWEEP(IOAS_MAP_anywhere, .setup = with_device, .call = do_map_auto, .errnos = PIN, .least = 8)
SWEEP(IOAS_MAP_two_domains, .setup = with_two_domains, .call = do_map, .errnos = PIN, .least = 10)
SWEEP(IOAS_MAP_FILE_dmabuf, .setup = with_dmabuf, .call = do_map_dmabuf, .errnos = PIN, .least = 6)
SWEEP(HWPT_ALLOC_with_dmabuf, .setup = with_mapped_dmabuf, .call = do_hwpt_paging, .errnos = PIN | RESERVATION, .least = 7)
SWEEP(IOAS_MAP_FILE, .setup = with_file, .call = map_file, .errnos = PIN, .least = 8)
SWEEP(IOAS_CHANGE_PROCESS, .setup = with_heritage, .call = do_change_process, .errnos = NO_MEMORY, .least = 2)
SWEEP(IOAS_UNMAP, .setup = with_mapped_device, .call = do_unmap, .errnos = LOOKUP, .least = 1)
SWEEP(IOAS_COPY, .setup = with_mapped_device, .call = do_copy, .errnos = PIN, .least = 5)
SWEEP(IOAS_COPY_other, .setup = with_full_ioas, .call = do_copy_from_other, .errnos = PIN, .least = 6)
SWEEP(OPTION_HUGE_PAGES, .setup = with_ioas, .call = do_option_huge, .errnos = LOOKUP, .least = 1)
SWEEP(OPTION_RLIMIT_MODE, .setup = with_accounting, .call = do_option_rlimit, .errnos = LOOKUP, .least = 0)
SWEEP(VFIO_IOAS_GET, .setup = with_compat, .call = do_vfio_ioas_get, .errnos = ERRNO(ENODEV), .least = 1)
SWEEP(VFIO_IOAS_SET, .setup = with_ioas, .call = do_vfio_ioas_set, .errnos = LOOKUP, .least = 1)
SWEEP(VFIO_IOAS_CLEAR, .setup = with_compat, .call = do_vfio_ioas_clear, .errnos = LOOKUP, .least = 0)
SWEEP(HWPT_ALLOC_paging, .setup = with_mapped_device, .call = do_hwpt_paging, .errnos = PIN | RESERVATION, .least = 7)
SWEEP(HWPT_ALLOC_first_domain, .setup = with_full_ioas, .call = do_hwpt_first,
      .errnos = PIN | RESERVATION, .least = 8)
SWEEP(HWPT_ALLOC_dirty, .setup = with_mapped_device, .call = do_hwpt_dirty, .errnos = PIN | RESERVATION, .least = 7)
SWEEP(HWPT_ALLOC_nested, .setup = with_parent, .call = do_hwpt_nested, .errnos = LOOKUP | RESERVATION, .least = 4)
SWEEP(HWPT_ALLOC_fault_id, .setup = with_queue, .call = do_hwpt_nested, .errnos = LOOKUP | RESERVATION, .least = 5)
SWEEP(HWPT_INVALIDATE, .setup = with_nested, .call = do_invalidate, .errnos = LOOKUP, .least = 1)
SWEEP(HWPT_SET_DIRTY_TRACKING, .setup = with_tracking_hwpt, .call = do_tracking_on, .errnos = LOOKUP, .least = 1)
SWEEP(HWPT_SET_DIRTY_TRACKING_off, .setup = with_dirty_pages, .call = do_tracking_off, .errnos = LOOKUP, .least = 1)
SWEEP(HWPT_GET_DIRTY_BITMAP, .setup = with_dirty_pages, .call = do_get_dirty, .errnos = LOOKUP, .least = 3)
SWEEP(HWPT_GET_DIRTY_BITMAP_NO_CLEAR, .setup = with_dirty_pages, .call = do_look_at_dirty,
      .errnos = LOOKUP, .least = 3)
SWEEP(GET_HW_INFO, .setup = with_device, .call = do_hw_info, .errnos = LOOKUP, .least = 2)
SWEEP(FAULT_QUEUE_ALLOC, .setup = with_ioas, .call = do_fault_queue, .errnos = LOOKUP, .least = 3)
SWEEP(fault_read, .setup = with_page_request, .call = read_request, .errnos = NO_MEMORY, .least = 1)
SWEEP(fault_read_after_EFAULT, .setup = with_page_request, .call = do_fault_read_efault,
      .errnos = NO_MEMORY, .least = 1)
SWEEP(fault_write, .setup = with_known_request, .call = do_fault_respond, .errnos = NO_MEMORY, .least = 0)
SWEEP(attach, .setup = with_ioas, .call = do_device, .errnos = PIN | RESERVATION | ERRNO(ENODEV), .least = 20)
SWEEP(attach_to_a_full_IOAS, .setup = with_full_ioas, .call = do_device_to_full,
      .errnos = PIN | RESERVATION | ERRNO(ENODEV), .least = 20)
SWEEP(replace_IOAS, .setup = with_full_ioas, .call = do_replace_ioas, .errnos = PIN | RESERVATION, .least = 8)
SWEEP(replace_HWPT, .setup = with_tracking_hwpt, .call = do_replace_hwpt, .errnos = PIN | RESERVATION, .least = 2)
SWEEP(replace_nested, .setup = with_faulting, .call = do_replace_nested, .errnos = PIN | RESERVATION, .least = 3)
SWEEP(replace_with_a_request, .setup = with_page_request, .call = do_replace_faulting,
      .errnos = PIN | RESERVATION, .least = 6)
SWEEP(detach, .setup = with_mapped_device, .call = do_detach, .errnos = LOOKUP, .least = 0)
SWEEP(VFIO_MAP_DMA, .setup = with_compat, .call = do_dma_map, .errnos = PIN | ERRNO(ENODEV), .least = 8)
SWEEP(VFIO_UNMAP_DMA, .setup = with_compat_mapping, .call = do_dma_unmap,
      .errnos = LOOKUP | ERRNO(ENODEV), .least = 1)
SWEEP(VFIO_UNMAP_DMA_all, .setup = with_compat_mapping, .call = do_dma_unmap_all,
      .errnos = LOOKUP | ERRNO(ENODEV), .least = 1)
SWEEP(VFIO_UNMAP_DMA_middle, .setup = with_type1_mapping, .call = do_dma_unmap_middle,
      .errnos = LOOKUP | ERRNO(ENODEV), .least = 3)
SWEEP(VFIO_UNMAP_DMA_dirty_bitmap, .setup = with_compat_mapping, .call = do_dma_unmap_dirty, .errnos = 0, .least = 0)
SWEEP(VFIO_GET_INFO, .setup = with_compat, .call = do_get_info, .errnos = LOOKUP | ERRNO(ENODEV), .least = 1)
SWEEP(VFIO_SET_IOMMU, .setup = with_compat, .call = do_set_iommu, .errnos = LOOKUP | ERRNO(ENODEV), .least = 1)
SWEEP(VFIO_SET_IOMMU_type1, .setup = with_compat, .call = do_set_type1, .errnos = LOOKUP | ERRNO(ENODEV), .least = 1)
SWEEP(VFIO_CHECK_EXTENSION, .setup = with_compat, .call = do_check_extension,
      .errnos = LOOKUP | ERRNO(ENODEV), .least = 1)
SWEEP(access_create, .setup = with_mapping, .call = do_access_create, .errnos = LOOKUP, .least = 4)
SWEEP(access_pin, .setup = with_access, .call = do_access_pin, .errnos = PIN, .least = 4)
SWEEP(access_rw, .setup = with_access, .call = do_access_rw, .errnos = PIN, .least = 1)
SWEEP(access_rw_slow, .setup = with_access, .call = do_access_rw_slow, .errnos = PIN, .least = 1)
SWEEP(access_replace, .setup = with_two_ioases_and_access, .call = do_access_replace, .errnos = LOOKUP, .least = 1)

int main(int argc, char **argv)
{
	if (!mock_load())
		ksft_exit_fail_msg("no mock_iommu.ko\n");
	return test_harness_run(argc, argv);
}
