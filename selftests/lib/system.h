/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel says about itself: counters, log, clock; and test memory. */
#ifndef SELFTESTS_LIB_SYSTEM_H
#define SELFTESTS_LIB_SYSTEM_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/* monotonic time in microseconds */
__u64 now_us(void);

/* A line of /proc/self/status in kB (VmPin: pinned, VmLck: locked); -1 when it
 * is not there. */
long self_status_kb(const char *name);
/* the same for another process */
long status_kb(int pid, const char *name);

/* Pages pinned through pin_user_pages() in the whole system, now; -1 when the
 * kernel does not count them. */
long pinned_pages(void);
/* Pages that IOMMU page tables take in the whole system; -1 as above. */
long io_table_pages(void);
/* Waits up to 5 s until no more than `pages` are pinned; returns how many. */
long wait_pinned_pages(long pages);

/* Is the loaded module of this name ours, and not the kernel's own? */
bool module_is_out_of_tree(const char *name);

/* Opens the kernel log at its end; a descriptor or a negative errno. */
int kmsg_open(void);
/* The next log message that contains `text`, waiting up to wait_us. 1: in line
 * (only the message, no prefix); 0: none came; or a negative errno. */
int kmsg_find(int fd, const char *text, char *line, size_t len, __u64 wait_us);

/* Where a page that is in memory lies in it (needs root); 0 when it is not there. */
__u64 physical_address(const void *p);

/* Anonymous, private, zeroed memory; the program ends when there is none. */
void *pages_alloc(size_t len);
void pages_free(void *p, size_t len);
/* Bytes that depend on their place and on seed, never all equal. */
void pattern_fill(void *p, size_t len, unsigned int seed);
/* how many of the bytes are not those of the pattern */
size_t pattern_diff(const void *p, size_t len, unsigned int seed);
/* how many bytes are not `value` */
size_t bytes_not(const void *p, size_t len, unsigned char value);

#endif /* SELFTESTS_LIB_SYSTEM_H */
