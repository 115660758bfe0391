// SPDX-License-Identifier: GPL-2.0-only
// References to open files.
#pragma once
#include "base/held.hpp"
#include "base/result.hpp"
#include "bridge/file.h"

namespace kern {

class FileRef : public base::Held<file, kx_file_put> {
public:
	using Held::Held;

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
};

} // namespace kern
