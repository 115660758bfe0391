// SPDX-License-Identifier: GPL-2.0-only
/* <linux/file.h>: references to open files. Which ones are ours is bridge/fd.c's business. */
#include <linux/file.h>
#include <linux/fs.h>

#include "bridge/file.h"

void kx_file_get(struct file *file)
{
	get_file(file);
}

void kx_file_put(struct file *file)
{
	fput(file);
}

struct file *kx_file_from_fd(int fd)
{
	return fget(fd);
}
