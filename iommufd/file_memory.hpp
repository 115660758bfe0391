// SPDX-License-Identifier: GPL-2.0-only
// File memory: memfds, and files of tmpfs and hugetlbfs, by offset. Nobody needs to have them mapped: no process's page
// tables are looked at, pages that are missing are made, and who mapped may exit. What is cut off or punched out of the
// file afterwards stays with whoever has it pinned, and the file's next pages are others.
//
// The file has to be open as mmap() of it would ask. While it is mapped writable it cannot be sealed against writing.
#pragma once
#include "iommufd/pages.hpp"
#include "kern/file_pages.hpp"

namespace iommufd {

// `length` bytes from byte `start` of the descriptor's file. EBADF; EINVAL: length 0, a file that does not live in
// memory, beyond its end; EOVERFLOW when it wraps; EACCES: the descriptor does not permit it; EPERM: it is sealed;
// ENOMEM. Pins nothing.
Result<base::Ref<Pages>> make_file_pages(int fd, u64 start, u64 length, bool writable, AccountMode mode);

class FileMemory : public Memory {
public:
	static const MemoryTraits kTraits;

	Status load(IndexRange range, bool writable, ReadAhead &ahead, RunList &runs) const override;
	Status copy(Pages &pages, const CopyRequest &request, bool in_kthread) const override;
	file *get_file() const { return file_; }

protected:
	FileMemory(u64 start, file *f) : Memory(start), file_(f) {}

private:
	Result<unsigned> pin(IndexRange range, ReadAhead &ahead, const RunList &runs, unsigned long &skip) const;

	file *const file_; // a reference, which the derived class gives back
};

class ReadOnlyFile final : public FileMemory {
public:
	ReadOnlyFile(u64 start, kern::FileRef f) : FileMemory(start, f.release()) {}
	~ReadOnlyFile() override;
};

class WritableFile final : public FileMemory {
public:
	WritableFile(u64 start, kern::WritableFileRef f) : FileMemory(start, f.release()) {}
	~WritableFile() override;
};

} // namespace iommufd
