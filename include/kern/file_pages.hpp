// SPDX-License-Identifier: GPL-2.0-only
// The memory of files that live in memory: memfds, and files of tmpfs and hugetlbfs.
#pragma once
#include "bridge/file_pages.h"
#include "kern/file.hpp"

namespace kern {

inline bool lives_in_memory(const file *f) { return kx_file_is_shmem(f) || kx_file_is_hugetlb(f); }

// A file whose memory may be written to as long as this lives, so that it cannot be sealed against writing.
class WritableFileRef : public base::Held<file, kx_file_end_writing> {
public:
	using Held::Held;

	// EPERM: it is sealed, for now or against what comes after now.
	static base::Result<WritableFileRef> begin(FileRef f)
	{
		TRY(base::check(kx_file_begin_writing(f.get()), "the file is sealed against writing"));
		WritableFileRef writable(f.release());
		if (kx_file_is_write_sealed(writable.get()))
			return base::fail(base::Error::from_kernel(-1, "the file is sealed against writing"));
		return writable;
	}
};

} // namespace kern
