// SPDX-License-Identifier: GPL-2.0-only
/* <linux/shmem_fs.h>, <linux/hugetlb.h>, <linux/fs.h>, <linux/mm.h>: the memory of files that live in memory */
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/shmem_fs.h>
#include <linux/vmstat.h>

#include "bridge/file_pages.h"

bool kx_file_is_shmem(const struct file *file)
{
	return shmem_file((struct file *)file);
}

bool kx_file_is_hugetlb(const struct file *file)
{
	return is_file_hugepages(file);
}

bool kx_file_is_readable(const struct file *file)
{
	return file->f_mode & FMODE_READ;
}

bool kx_file_is_writable(const struct file *file)
{
	return file->f_mode & FMODE_WRITE;
}

unsigned long long kx_file_size(const struct file *file)
{
	return i_size_read(file_inode(file));
}

/* memfd_fcntl(F_GET_SEALS) is not exported. */
bool kx_file_is_write_sealed(struct file *file)
{
	unsigned int seals = 0;

	if (shmem_file(file))
		seals = SHMEM_I(file_inode(file))->seals;
#ifdef CONFIG_HUGETLBFS
	else if (is_file_hugepages(file))
		seals = HUGETLBFS_I(file_inode(file))->seals;
#endif
	return seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE);
}

int kx_file_begin_writing(struct file *file)
{
	return mapping_map_writable(file->f_mapping);
}

void kx_file_end_writing(struct file *file)
{
	mapping_unmap_writable(file->f_mapping);
	fput(file);
}

long kx_file_pin(struct file *file, unsigned long long first, unsigned long long last, struct page **folios,
		 unsigned int max, unsigned long *skip)
{
	pgoff_t offset = 0;
	long count = memfd_pin_folios(file, first, last, (struct folio **)folios, max, &offset);

	*skip = offset >> PAGE_SHIFT;
	return count;
}

/* folio_add_pins() is of a newer kernel: what it does, for a folio that is pinned already. A folio of one page is complete. */
unsigned long kx_folio_take(struct page *first, unsigned long skip, unsigned long wanted, unsigned long *pfn)
{
	struct folio *folio = (struct folio *)first;
	unsigned long count = min(folio_nr_pages(folio) - skip, wanted);
	int more = count - 1;

	*pfn = folio_pfn(folio) + skip;
	if (!more)
		return 1;
	if (folio_ref_count(folio) > INT_MAX / 2)
		return 0;
	folio_ref_add(folio, more);
	atomic_add(more, &folio->_pincount);
	mod_node_page_state(folio_pgdat(folio), NR_FOLL_PIN_ACQUIRED, more);
	return count;
}

void kx_folio_unpin(struct page *first)
{
	unpin_folio((struct folio *)first);
}
