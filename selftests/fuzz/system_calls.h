/* SPDX-License-Identifier: GPL-2.0-only */
/* What programs do besides ioctls: values of the fields in, the result or a negative errno. */
#ifndef SELFTESTS_FUZZ_SYSTEM_CALLS_H
#define SELFTESTS_FUZZ_SYSTEM_CALLS_H

#include <linux/types.h>

long sys_vfio_api_version(const __u64 *v);
long sys_vfio_check_extension(const __u64 *v);
long sys_vfio_set_iommu(const __u64 *v);
long sys_open_iommu(const __u64 *v);
long sys_close(const __u64 *v);
long sys_read_faults(const __u64 *v);
long sys_write_responses(const __u64 *v);
long sys_read_events(const __u64 *v);
long sys_poll(const __u64 *v);
long sys_mmap_region(const __u64 *v);
long sys_munmap_region(const __u64 *v);
long sys_touch_region(const __u64 *v);
long sys_munmap(const __u64 *v);
long sys_mmap(const __u64 *v);
long sys_madvise(const __u64 *v);
long sys_mprotect(const __u64 *v);
long sys_memlock(const __u64 *v);
long sys_fork_child(const __u64 *v);
long sys_nap(const __u64 *v);
long sys_memfd(const __u64 *v);
long sys_ftruncate(const __u64 *v);
long sys_punch_hole(const __u64 *v);
long sys_udmabuf(const __u64 *v);

/* Undoes what outlives a program: children, mapped regions, limits. */
void system_reset(void);

#endif /* SELFTESTS_FUZZ_SYSTEM_CALLS_H */
