// SPDX-License-Identifier: GPL-2.0-only
// References to open files.
#pragma once
#include <utility>

#include "base/result.hpp"
#include "bridge/file.h"

namespace kern {

class FileRef {
public:
	FileRef() = default;
	FileRef(FileRef &&o) noexcept : file_(std::exchange(o.file_, nullptr)) {}
	FileRef &operator=(FileRef o) noexcept
	{
		std::swap(file_, o.file_);
		return *this;
	}
	~FileRef()
	{
		if (file_)
			kx_file_put(file_);
	}

	// One more reference to a file that somebody holds open.
	static FileRef share(file *f)
	{
		kx_file_get(f);
		return FileRef(f);
	}
	// The file behind a descriptor of the current task; EBADF when there is none.
	static base::Result<FileRef> from_fd(int fd)
	{
		file *f = kx_file_from_fd(fd);
		if (!f)
			return base::fail(base::Error::from_kernel(-9, "not an open file descriptor"));
		return FileRef(f);
	}

	file *get() const { return file_; }
	// Hands the reference to somebody who puts it otherwise.
	file *release() { return std::exchange(file_, nullptr); }

private:
	explicit FileRef(file *f) : file_(f) {}
	file *file_ = nullptr;
};

} // namespace kern
