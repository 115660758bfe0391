// SPDX-License-Identifier: GPL-2.0-only
// Files; see file.hpp.
#include "fake/file.hpp"

#include <map>
#include <vector>

#include "bridge/fd.h"
#include "bridge/file.h"
#include "fake/fault.hpp"

namespace {

std::map<int, file *> descriptors;
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
		if (f->ours)
			iommufd_cxx_release(f->private_data);
		delete f;
		open_count--;
	}
}

std::size_t fake::open_files() { return open_count; }
void fake::reset_files() { descriptors.clear(); }

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
	if (it == descriptors.end())
		return nullptr;
	it->second->refs++;
	return it->second;
}

bool kx_file_is_ours(const file *f) { return f->ours; }
void *kx_file_private(const file *f) { return f->private_data; }
