/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once
#include "bridge/bridge.h"

struct poll_table_struct;

KX_DECLS_BEGIN
int kx_fd_reserve(void);
void kx_fd_give_back(int fd);
void kx_fd_install(int fd, struct file *file);
/* The file of a fault queue, which takes responses, or of a vEVENTQ, which does not. */
int kx_fault_file_create(void *queue, struct file **file);
int kx_event_file_create(void *queue, struct file **file);
void kx_poll_wait(struct file *file, struct wait_queue_head *wq, struct poll_table_struct *table);

/* In C++ (iommufd/queue_object.cpp). */
long iommufd_cxx_queue_read(void *queue, unsigned long buffer, unsigned long size);
long iommufd_cxx_queue_write(void *queue, unsigned long buffer, unsigned long size);
bool iommufd_cxx_queue_poll(void *queue, struct file *file, struct poll_table_struct *table);
void iommufd_cxx_queue_release(void *queue);
KX_DECLS_END
