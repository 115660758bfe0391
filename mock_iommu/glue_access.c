// SPDX-License-Identifier: GPL-2.0-only
/* <linux/anon_inodes.h>, <linux/file.h>: the file that stands for an access; <linux/mm.h>: pages of the caller. */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "mock_iommu/glue.h"

static int access_release(struct inode *inode, struct file *file)
{
	mock_access_released(file->private_data);
	return 0;
}

static const struct file_operations access_ops = { .owner = THIS_MODULE, .release = access_release };

int mx_access_file(void *data, struct file **file)
{
	*file = anon_inode_getfile("[iommufd_test_staccess]", &access_ops, data, O_RDWR);
	return PTR_ERR_OR_ZERO(*file);
}

/* NULL when fd is none of ours; else the file is held until mx_file_put(). */
void *mx_access_get(int fd, struct file **file)
{
	*file = fget(fd);
	if (!*file)
		return NULL;
	if ((*file)->f_op == &access_ops)
		return (*file)->private_data;
	fput(*file);
	return NULL;
}

void mx_file_put(struct file *file)
{
	fput(file);
}

int mx_fd_reserve(void)
{
	return get_unused_fd_flags(O_CLOEXEC);
}

void mx_fd_release(int fd)
{
	put_unused_fd(fd);
}

void mx_fd_install(int fd, struct file *file)
{
	fd_install(fd, file);
}

/* The page of the current process at uptr; pins: how often it is pinned, UINT_MAX when that cannot be told. */
int mx_user_page(unsigned long uptr, unsigned long *pfn, unsigned int *pins)
{
	struct page *page;
	int rc = get_user_pages_fast(uptr & PAGE_MASK, 1, 0, &page);

	if (rc < 0)
		return rc;
	if (rc != 1)
		return -EFAULT;
	*pfn = page_to_pfn(page);
	*pins = PageCompound(page) ? UINT_MAX : page_ref_count(page) / GUP_PIN_COUNTING_BIAS;
	put_page(page);
	return 0;
}

unsigned long mx_pfn_of(struct page *page)
{
	return page_to_pfn(page);
}
