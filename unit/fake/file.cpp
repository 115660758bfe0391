// SPDX-License-Identifier: GPL-2.0-only
// Files; see file.hpp.
#include "fake/file.hpp"

#include <map>
#include <set>
#include <vector>

#include "bridge/fd.h"
#include "bridge/file.h"
#include "bridge/queue_file.h"
#include "fake/fault.hpp"
#include "fake/sync.hpp"

namespace {

std::map<int, file *> descriptors;
std::set<int> installed; // by the code under test: these hold references
std::vector<file *> to_release;
std::size_t open_count;

} // namespace

file *fake::open_ours(bool vfio_container, int *error)
{
	file *f = new file;
	*error = iommufd_cxx_open(f, vfio_container, &f->private_data);
	if (*error) {
		delete f;
		return nullptr;
	}
	open_count++;
	return f;
}

file *fake::open_other()
{
	file *f = new file;
	f->ours = false;
	open_count++;
	return f;
}

void fake::install_fd(int fd, file *f) { descriptors[fd] = f; }

void fake::run_task_work()
{
	while (!to_release.empty()) {
		file *f = to_release.back();
		to_release.pop_back();
		if (f->queue)
			iommufd_cxx_queue_release(f->queue);
		else if (f->ours)
			iommufd_cxx_release(f->private_data);
		delete f;
		open_count--;
	}
}

std::size_t fake::open_files() { return open_count; }
void reset_inodes();

void fake::reset_files()
{
	reset_inodes();
	descriptors.clear();
	installed.clear();
}

void kx_file_get(file *f)
{
	if (f->refs++ <= 0)
		fake::problem("a reference to a file that nobody holds");
}

void kx_file_put(file *f)
{
	if (--f->refs < 0)
		fake::problem("file put once too often");
	if (!f->refs)
		to_release.push_back(f);
}

file *kx_file_from_fd(int fd)
{
	auto it = descriptors.find(fd);
	if (it == descriptors.end() || !it->second)
		return nullptr;
	it->second->refs++;
	return it->second;
}

bool kx_file_is_ours(const file *f) { return f->ours; }
void *kx_file_private(const file *f) { return f->private_data; }

void fake::close_fd(int fd)
{
	file *f = file_at(fd);
	if (!f) {
		problem("close of descriptor %d, which is not open", fd);
		return;
	}
	descriptors.erase(fd);
	installed.erase(fd);
	kx_file_put(f);
	run_task_work();
}

void fake::close_all_fds()
{
	while (!installed.empty())
		close_fd(*installed.begin());
}

file *fake::file_at(int fd)
{
	auto it = descriptors.find(fd);
	return it == descriptors.end() ? nullptr : it->second;
}

std::size_t fake::used_fds() { return descriptors.size(); }

int kx_fd_reserve()
{
	fake::might_sleep("reserving a descriptor");
	if (fake::step(fake::Fault::kAlloc))
		return -12;
	int fd = 100;
	while (descriptors.contains(fd))
		fd++;
	descriptors[fd] = nullptr;
	return fd;
}

void kx_fd_give_back(int fd)
{
	auto it = descriptors.find(fd);
	if (it == descriptors.end() || it->second)
		fake::problem("descriptor %d given back, which is not reserved", fd);
	else
		descriptors.erase(it);
}

void kx_fd_install(int fd, file *f)
{
	auto it = descriptors.find(fd);
	if (it == descriptors.end() || it->second)
		fake::problem("descriptor %d installed without being reserved", fd);
	descriptors[fd] = f;
	installed.insert(fd);
}

static int create_queue_file(void *queue, file **made)
{
	fake::might_sleep("making a file");
	if (fake::step(fake::Fault::kAlloc))
		return -12;
	file *f = new file;
	f->ours = false;
	f->queue = queue;
	open_count++;
	*made = f;
	return 0;
}

int kx_fault_file_create(void *queue, file **made) { return create_queue_file(queue, made); }
int kx_event_file_create(void *queue, file **made) { return create_queue_file(queue, made); }

void kx_poll_wait(file *f, wait_queue_head *wq, poll_table_struct *table)
{
	if (!f || !wq)
		fake::problem("poll without a file or a wait queue");
	if (table)
		table->waits_on = wq;
}
