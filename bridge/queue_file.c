// SPDX-License-Identifier: GPL-2.0-only
/* <linux/anon_inodes.h>, <linux/poll.h>: the file behind a queue object */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>

#include "bridge/queue_file.h"

static ssize_t fault_read(struct file *file, char __user *buffer, size_t size, loff_t *pos)
{
	return *pos ? -ESPIPE : iommufd_cxx_fault_read(file->private_data, (unsigned long)buffer, size);
}

static ssize_t fault_write(struct file *file, const char __user *buffer, size_t size, loff_t *pos)
{
	return *pos ? -ESPIPE : iommufd_cxx_fault_write(file->private_data, (unsigned long)buffer, size);
}

/* A response can be written at any time. */
static __poll_t fault_poll(struct file *file, struct poll_table_struct *table)
{
	bool readable = iommufd_cxx_fault_poll(file->private_data, file, table);

	return EPOLLOUT | (readable ? EPOLLIN | EPOLLRDNORM : 0);
}

static int fault_release(struct inode *inode, struct file *file)
{
	iommufd_cxx_fault_release(file->private_data);
	return 0;
}

static const struct file_operations fault_ops = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.read = fault_read,
	.write = fault_write,
	.poll = fault_poll,
	.release = fault_release,
};

int kx_fault_file_create(void *queue, struct file **file)
{
	struct file *made = anon_inode_getfile("[iommufd-pgfault]", &fault_ops, queue, O_RDWR);

	if (IS_ERR(made))
		return PTR_ERR(made);
	*file = made;
	return 0;
}

int kx_fd_reserve(void)
{
	return get_unused_fd_flags(O_CLOEXEC);
}

void kx_fd_give_back(int fd)
{
	put_unused_fd(fd);
}

void kx_fd_install(int fd, struct file *file)
{
	fd_install(fd, file);
}

void kx_poll_wait(struct file *file, struct wait_queue_head *wq, struct poll_table_struct *table)
{
	poll_wait(file, wq, table);
}
