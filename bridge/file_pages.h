/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory of memfds, and of files of tmpfs and hugetlbfs. A folio is named by its first page. */
#pragma once
#include "bridge/bridge.h"

KX_DECLS_BEGIN
bool kx_file_is_shmem(const struct file *file);
bool kx_file_is_hugetlb(const struct file *file);
bool kx_file_is_readable(const struct file *file);
bool kx_file_is_writable(const struct file *file);
unsigned long long kx_file_size(const struct file *file);
/* Sealed against new writable mappings */
bool kx_file_is_write_sealed(struct file *file);
/* As long as somebody may write to it by other ways than write(2), it cannot be sealed against that. */
int kx_file_begin_writing(struct file *file);
/* Puts the file, too. */
void kx_file_end_writing(struct file *file);

/*
 * Pins each folio with bytes in first..last once, at most `max`, and returns how many; `skip`: pages of the first one
 * that lie before. Those that are missing are made. A negative errno.
 */
long kx_file_pin(struct file *file, unsigned long long first, unsigned long long last, struct page **folios,
		 unsigned int max, unsigned long *skip);
/* Makes of the folio's pin one for each page from `skip` on, at most `wanted`; how many, 0: no more pins are possible */
unsigned long kx_folio_take(struct page *folio, unsigned long skip, unsigned long wanted, unsigned long *pfn);
void kx_folio_unpin(struct page *folio);
KX_DECLS_END
