// SPDX-License-Identifier: GPL-2.0-only
/* <linux/anon_inodes.h>, <linux/poll.h>: the file behind a queue object */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>

#include "bridge/queue_file.h"

static ssize_t queue_read(struct file *file, char __user *buffer, size_t size, loff_t *pos)
{
	return *pos ? -ESPIPE : iommufd_cxx_queue_read(file->private_data, (unsigned long)buffer, size);
}

static ssize_t queue_write(struct file *file, const char __user *buffer, size_t size, loff_t *pos)
{
	return *pos ? -ESPIPE : iommufd_cxx_queue_write(file->private_data, (unsigned long)buffer, size);
}

static __poll_t queue_poll(struct file *file, struct poll_table_struct *table)
{
	bool readable = iommufd_cxx_queue_poll(file->private_data, file, table);

	return readable ? EPOLLIN | EPOLLRDNORM : 0;
}

/* A response can be written at any time. */
static __poll_t fault_poll(struct file *file, struct poll_table_struct *table)
{
	return EPOLLOUT | queue_poll(file, table);
}

static int queue_release(struct inode *inode, struct file *file)
{
	iommufd_cxx_queue_release(file->private_data);
	return 0;
}

static const struct file_operations fault_ops = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.read = queue_read,
	.write = queue_write,
	.poll = fault_poll,
	.release = queue_release,
};

static const struct file_operations event_ops = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.read = queue_read,
	.poll = queue_poll,
	.release = queue_release,
};

static int create(const char *name, const struct file_operations *ops, void *queue, struct file **file)
{
	struct file *made = anon_inode_getfile(name, ops, queue, O_RDWR);

	if (IS_ERR(made))
		return PTR_ERR(made);
	*file = made;
	return 0;
}

int kx_fault_file_create(void *queue, struct file **file)
{
	return create("[iommufd-pgfault]", &fault_ops, queue, file);
}

int kx_event_file_create(void *queue, struct file **file)
{
	return create("[iommufd-viommu-event]", &event_ops, queue, file);
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
