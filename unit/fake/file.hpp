// SPDX-License-Identifier: GPL-2.0-only
// bridge/file.h and the part of bridge/fd.c that opens and releases: files with reference counts. As in the kernel, the
// last put does not release at once but when the task returns to user space: run_task_work().
// Also bridge/queue_file.h: descriptors are reserved, then installed or given back, never both.
#pragma once
#include <cstddef>
#include <map>

struct page;
struct wait_queue_head;

// What a poll() tells of
struct poll_table_struct {
	wait_queue_head *waits_on = nullptr;
};

// The memory behind a file, shared by all that have it open
struct inode {
	bool hugetlb = false;
	unsigned long folio = 1; // pages of each folio
	unsigned long long size = 0;
	std::map<unsigned long, page *> pages; // by index; those that are missing are made when they are pinned
	int writers = 0;                       // mappings that may write; below 0: sealed against them
	bool future_write_sealed = false;
};

struct file {
	inode *memory = nullptr; // of a memfd, or a file of tmpfs or hugetlbfs
	bool readable = true, writable = true;
	int refs = 1;
	bool ours = true;
	void *private_data = nullptr;
	void *queue = nullptr; // the fault queue whose file it is
};

namespace fake {

// open("/dev/iommu"); null and the errno when that fails. The reference belongs to the caller.
file *open_ours(bool vfio_container, int *error);
file *open_other();
// A file of `pages` pages of memory in folios of `folio` pages.
file *open_memfd(unsigned long pages, unsigned long folio = 1, bool hugetlb = false);
// Another open file of the same memory.
file *open_again(const file &f, bool readable, bool writable);
// The page at that byte; null: not made yet.
page *page_of_file(const file &f, unsigned long long byte);
void truncate(file &f, unsigned long long bytes);
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
