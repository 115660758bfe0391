// SPDX-License-Identifier: GPL-2.0-only
// bridge/file.h and the part of bridge/fd.c that opens and releases: files with reference counts. As in the kernel, the
// last put does not release at once but when the task returns to user space: run_task_work().
// Also bridge/queue_file.h: descriptors are reserved, then installed or given back, never both.
#pragma once
#include <cstddef>

struct file {
	int refs = 1;
	bool ours = true;
	void *private_data = nullptr;
	void *queue = nullptr; // the fault queue whose file it is
};

namespace fake {

// open("/dev/iommu"); null and the errno when that fails. The reference belongs to the caller.
file *open_ours(bool vfio_container, int *error);
file *open_other();
// The file becomes the current task's descriptor `fd`, which holds no reference of its own.
void install_fd(int fd, file *f);
void run_task_work();
// close(fd) of a file that the code under test installed.
void close_fd(int fd);
// The process exits: all of those.
void close_all_fds();
// The file that `fd` names; null: none, or the number is only reserved.
file *file_at(int fd);
// Numbers that are reserved or installed.
std::size_t used_fds();
std::size_t open_files();
void reset_files();

} // namespace fake
