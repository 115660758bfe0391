// SPDX-License-Identifier: GPL-2.0-only
/*
 * Structures of the uAPI between a driver and its user, in <linux/iommu.h>'s terms; see <linux/iommufd_driver.h>.
 *
 * Both sides know a version of the structure, which only ever grows at its end. What the kernel has and the user has
 * not is 0. What the user has and the kernel has not is refused: the kernel has no say in what it would mean.
 */
#include <linux/export.h>
#include <linux/iommu.h>
#include <linux/overflow.h>
#include <linux/uaccess.h>

#include "include/linux/iommufd_driver.h"

static int check(unsigned int have_type, unsigned int type, size_t have, unsigned long size, unsigned long min_size)
{
	return have_type != type || have < min_size || have > size ? -EINVAL : 0;
}

int iommufd_copy_struct_from_user(void *to, unsigned long size, unsigned long min_size,
				  const struct iommu_user_data *from, unsigned int type)
{
	int rc = check(from->type, type, from->len, size, min_size);

	return rc ?: copy_struct_from_user(to, size, from->uptr, from->len);
}
EXPORT_SYMBOL_NS_GPL(iommufd_copy_struct_from_user, IOMMUFD);

int iommufd_copy_struct_to_user(const struct iommu_user_data *to, const void *from, unsigned long size,
				unsigned long min_size, unsigned int type)
{
	int rc = check(to->type, type, to->len, size, min_size);

	if (rc)
		return rc;
	return copy_to_user(to->uptr, from, to->len) ? -EFAULT : 0;
}
EXPORT_SYMBOL_NS_GPL(iommufd_copy_struct_to_user, IOMMUFD);

int iommufd_copy_entries_from_user(void *to, unsigned long size, unsigned long min_size,
				   const struct iommu_user_data_array *from, unsigned int type, unsigned int first,
				   unsigned int count)
{
	const void __user *at = from->uptr + from->entry_len * first;
	int rc = check(from->type, type, from->entry_len, size, min_size);
	unsigned int i;

	if (!rc && (first > from->entry_num || count > from->entry_num - first))
		rc = -EINVAL;
	if (rc)
		return rc;
	if (from->entry_len == size)
		return copy_from_user(to, at, array_size(size, count)) ? -EFAULT : 0;
	for (i = 0; i < count && !rc; i++)
		rc = copy_struct_from_user(to + size * i, size, at + from->entry_len * i, from->entry_len);
	return rc;
}
EXPORT_SYMBOL_NS_GPL(iommufd_copy_entries_from_user, IOMMUFD);

int iommufd_copy_entry_from_user(void *to, unsigned long size, unsigned long min_size,
				 const struct iommu_user_data_array *from, unsigned int type, unsigned int index)
{
	return iommufd_copy_entries_from_user(to, size, min_size, from, type, index, 1);
}
EXPORT_SYMBOL_NS_GPL(iommufd_copy_entry_from_user, IOMMUFD);
