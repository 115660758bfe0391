// SPDX-License-Identifier: GPL-2.0-only
/* <linux/uaccess.h>: addresses come as numbers, true means all bytes went over */
#include <linux/uaccess.h>

#include "bridge/uaccess.h"

bool kx_copy_from_user(void *to, unsigned long from, unsigned long size)
{
	return !copy_from_user(to, (const void __user *)from, size);
}

bool kx_copy_to_user(unsigned long to, const void *from, unsigned long size)
{
	return !copy_to_user((void __user *)to, from, size);
}

bool kx_clear_user(unsigned long to, unsigned long size)
{
	return !clear_user((void __user *)to, size);
}

int kx_copy_struct_from_user(void *to, unsigned long known, unsigned long from, unsigned long given)
{
	return copy_struct_from_user(to, known, (const void __user *)from, given);
}
