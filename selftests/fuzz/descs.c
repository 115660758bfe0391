// SPDX-License-Identifier: GPL-2.0-only
/* All calls. */
#include <string.h>

#include "fuzz.h"
#include "iommufd_calls.h"
#include "mock_calls.h"
#include "vfio_calls.h"

const struct desc *const descs[] = {
	/* iommufd */
	&destroy, &destroy_vdev, &destroy_queue, &ioas_alloc, &ioas_allow_iovas, &ioas_iova_ranges, &ioas_map,
	&ioas_map_file, &ioas_copy, &ioas_unmap, &ioas_unmap_all, &option, &vfio_ioas, &hwpt_alloc, &hwpt_alloc_nested,
	&get_hw_info, &set_dirty_tracking, &get_dirty_bitmap, &invalidate, &invalidate_viommu, &fault_alloc, &viommu_alloc,
	&vdevice_alloc, &change_process, &veventq_alloc, &hw_queue_alloc, &noiommu_get_pa, &raw_ioctl,
	/* mock */
	&add_reserved, &mock_device, &mock_slice, &mock_replace, &check_map, &check_refs, &create_access, &access_unpin,
	&access_pin, &access_rw, &memory_limit, &access_replace, &make_dirty, &check_iotlb, &page_request, &check_cache,
	&trigger_vevent, &pasid_attach, &pasid_replace, &pasid_detach, &pasid_check, &dmabuf_get, &dmabuf_revoke,
	&device_number, &translate, &test_op,
	/* containers */
	&vfio_api_version, &vfio_check_extension, &vfio_set_iommu, &vfio_get_info, &vfio_map_dma, &vfio_unmap_dma,
	/* descriptors and memory */
	&open_iommu, &close_iommu, &close_queue, &close_access, &read_faults, &write_responses, &read_events, &poll_queue,
	&mmap_region, &munmap_region, &touch_region, &munmap, &mmap, &madvise, &mprotect, &memlock, &fork_child, &nap,
	&memfd, &ftruncate, &punch_hole, &udmabuf,
};
const unsigned int desc_count = sizeof(descs) / sizeof(*descs);
_Static_assert(sizeof(descs) / sizeof(*descs) <= DESCS, "struct shared has too few stats");

int desc_find(const char *name)
{
	for (unsigned int i = 0; i < desc_count; i++)
		if (!strcmp(descs[i]->name, name))
			return i;
	return -1;
}

__u64 field_default(const struct desc *d, unsigned int i, bool *is_reg)
{
	const struct field *f = &d->field[i];

	*is_reg = f->kind == IN || f->kind == OUT;
	switch (f->kind) {
	case IN:
	case OUT:
		return (__u64)(f->regs[0] - 1) << 8;
	case INT:
	case FLAGS:
	case FIXED:
		return f->values[0];
	case IOVA:
		return 0x1000000;
	case LENGTH:
		return PAGE;
	case VA:
		return ARENA;
	case DATA:
		return DATA_AT;
	case SIZE:
		return d->size;
	}
	return 0;
}
