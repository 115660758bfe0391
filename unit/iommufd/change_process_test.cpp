// SPDX-License-Identifier: GPL-2.0-only
// CHANGE_PROCESS: who pays before and after, in each mode, and that a refusal changes nothing.
#include "bridge/file.h"
#include "iommufd/ioas.hpp"
#include "support/state.hpp"
#include "support/world.hpp"

namespace test {

namespace {

constexpr int kMemfd = 7;
constexpr u64 kIova = 0x1000000;

struct Sums {
	long long pinned;
	unsigned long locked;
	long long user;
	bool operator==(const Sums &) const = default;
};

Sums sums_of(const fake::Process &p) { return {p.mm.pinned_vm, p.mm.locked_vm, p.user->locked_vm}; }

void PrintTo(const Sums &s, std::ostream *out)
{
	*out << "VmPin " << s.pinned << " VmLck " << s.locked << " user " << s.user;
}

} // namespace

class ChangeProcess : public World {
protected:
	void SetUp() override
	{
		fake::current.ipc_lock = false;
		fake::install_fd(kMemfd, memfd);
	}
	void start(u64 rlimit_mode)
	{
		u64 value = rlimit_mode;
		ASSERT_EQ(fd.option(IOMMU_OPTION_RLIMIT_MODE, IOMMU_OPTION_OP_SET, 0, value), 0);
		ioas = fd.ioas();
		dev = std::make_unique<Bound>(fd, machine.new_device());
		ASSERT_EQ(dev->attach(ioas), 0);
		ASSERT_EQ(fd.map_file_at(ioas, kMemfd, 0, 8 * kPage, kIova), 0);
	}
	void TearDown() override
	{
		fake::become(machine.process);
		dev.reset();
		fd.close();
		fake::install_fd(kMemfd, nullptr);
		kx_file_put(memfd);
		fake::run_task_work();
		for (const fake::Process *p : others) {
			EXPECT_EQ(sums_of(*p), (Sums{0, 0, 0}));
			EXPECT_EQ(p->mm.grabs, 0);
			EXPECT_EQ(p->task.refs, 0);
		}
	}
	fake::Process &other(user_struct &user)
	{
		fake::Process &made = fake::new_process(user);
		others.push_back(&made);
		return made;
	}
	fake::Process &mapper() { return machine.process; }

	Fd fd;
	u32 ioas = 0;
	file *memfd = fake::open_memfd(8);
	std::unique_ptr<Bound> dev;
	std::vector<fake::Process *> others;
};

TEST_F(ChangeProcess, Nothing)
{
	EXPECT_EQ(fd.change_process(), 0);
	iommu_ioas_change_process cmd{};
	cmd.__reserved = 1;
	EXPECT_EQ(fd.call(IOMMU_IOAS_CHANGE_PROCESS, cmd), -95);
	fd.ioas();
	EXPECT_EQ(fd.change_process(), 0);
}

TEST_F(ChangeProcess, UserMode)
{
	start(0);
	EXPECT_EQ(sums_of(mapper()), (Sums{8, 0, 8}));
	fake::Process &heir = other(fake::new_user());
	fake::become(heir);
	ASSERT_EQ(fd.change_process(), 0);
	EXPECT_EQ(sums_of(mapper()), (Sums{0, 0, 0}));
	EXPECT_EQ(sums_of(heir), (Sums{8, 0, 8}));
	// What is mapped from now on, whoever maps pays for; what goes is taken from the one who pays.
	fake::become(mapper());
	ASSERT_EQ(fd.map_file_at(ioas, kMemfd, 0, kPage, 2 * kIova), 0);
	EXPECT_EQ(sums_of(mapper()), (Sums{1, 0, 1}));
	EXPECT_EQ(fd.unmap(ioas, kIova, 8 * kPage), 0);
	EXPECT_EQ(sums_of(heir), (Sums{0, 0, 0}));
	EXPECT_EQ(sums_of(mapper()), (Sums{1, 0, 1}));
}

TEST_F(ChangeProcess, MmMode)
{
	start(1);
	EXPECT_EQ(sums_of(mapper()), (Sums{8, 8, 0}));
	fake::Process &heir = other(*mapper().user);
	fake::become(heir);
	ASSERT_EQ(fd.change_process(), 0);
	EXPECT_EQ(sums_of(mapper()), (Sums{0, 0, 0}));
	EXPECT_EQ(sums_of(heir), (Sums{8, 8, 0}));
	// Again changes nothing, and needs no second charge.
	heir.task.memlock_pages = 8;
	ASSERT_EQ(fd.change_process(), 0);
	EXPECT_EQ(sums_of(heir), (Sums{8, 8, 0}));
}

// As after exec: the address space that paid is gone.
TEST_F(ChangeProcess, MapperHasExited)
{
	start(1);
	fake::Process &heir = other(*mapper().user);
	fake::become(heir);
	fake::exit_process(mapper());
	ASSERT_EQ(fd.change_process(), 0);
	EXPECT_EQ(mapper().mm.pinned_vm, 0);
	EXPECT_EQ(sums_of(heir), (Sums{8, 8, 0}));
}

TEST_F(ChangeProcess, NobodysLimit)
{
	fake::current.ipc_lock = true;
	start(0);
	fake::current.ipc_lock = false;
	fake::Process &heir = other(fake::new_user());
	heir.task.memlock_pages = 0;
	fake::become(heir);
	ASSERT_EQ(fd.change_process(), 0);
	EXPECT_EQ(sums_of(mapper()), (Sums{0, 0, 0}));
	EXPECT_EQ(sums_of(heir), (Sums{8, 0, 0}));
}

TEST_F(ChangeProcess, OverTheLimitChangesNothing)
{
	for (u64 mode : {0, 1}) {
		start(mode);
		const Sums before = sums_of(mapper());
		fake::Process &heir = other(fake::new_user());
		heir.task.memlock_pages = 7;
		fake::become(heir);
		EXPECT_EQ(fd.change_process(), -12);
		EXPECT_EQ(sums_of(mapper()), before);
		EXPECT_EQ(sums_of(heir), (Sums{0, 0, 0}));
		check_consistency(fd.context());
		heir.task.memlock_pages = 8;
		EXPECT_EQ(fd.change_process(), 0);
		fake::become(mapper());
		EXPECT_EQ(fd.change_process(), 0);
		EXPECT_EQ(sums_of(mapper()), before);
		dev.reset();
		ASSERT_EQ(fd.unmap_all(ioas), 0);
		ASSERT_EQ(fd.destroy(ioas), 0);
	}
}

// The user's sum stays the same: it is not counted twice, but has to be within the limit of the new process.
TEST_F(ChangeProcess, SameUser)
{
	start(0);
	fake::Process &heir = other(*mapper().user);
	heir.task.memlock_pages = 7;
	fake::become(heir);
	EXPECT_EQ(fd.change_process(), -12);
	EXPECT_EQ(sums_of(mapper()), (Sums{8, 0, 8}));
	heir.task.memlock_pages = 8;
	ASSERT_EQ(fd.change_process(), 0);
	EXPECT_EQ(mapper().mm.pinned_vm, 0);
	EXPECT_EQ(sums_of(heir), (Sums{8, 0, 8}));
	fake::become(mapper());
	ASSERT_EQ(fd.change_process(), 0);
}

// A Pages in three areas of two IOASes is counted once.
TEST_F(ChangeProcess, Copies)
{
	start(0);
	const u32 second = fd.ioas();
	u64 dst = 2 * kIova;
	ASSERT_EQ(fd.copy(second, ioas, kIova, 8 * kPage, dst), 0);
	dst = 3 * kIova;
	ASSERT_EQ(fd.copy(ioas, ioas, kIova, 4 * kPage, dst), 0);
	ASSERT_EQ(fd.map_file_at(second, kMemfd, kPage, kPage, kIova), 0);
	Driver driver(fd);
	ASSERT_EQ(driver.attach(second), 0);
	ASSERT_EQ(driver.pin(kIova, kPage), 0);
	EXPECT_EQ(sums_of(mapper()), (Sums{9, 0, 9}));
	fake::Process &heir = other(fake::new_user());
	heir.task.memlock_pages = 9;
	fake::become(heir);
	ASSERT_EQ(fd.change_process(), 0);
	EXPECT_EQ(sums_of(heir), (Sums{9, 0, 9}));
	check_consistency(fd.context());
	driver.unpin(kIova, kPage);
	EXPECT_EQ(sums_of(heir), (Sums{8, 0, 8}));
}

// One area of user memory, in whatever IOAS, and nothing is done.
TEST_F(ChangeProcess, UserMemory)
{
	start(0);
	const u32 second = fd.ioas();
	ASSERT_EQ(fd.map_at(second, memory(1), kPage, kIova), 0);
	fake::Process &heir = other(fake::new_user());
	fake::become(heir);
	EXPECT_EQ(fd.change_process(), -22);
	EXPECT_EQ(sums_of(mapper()), (Sums{8, 0, 8}));
	ASSERT_EQ(fd.unmap_all(second), 0);
	EXPECT_EQ(fd.change_process(), 0);
	EXPECT_EQ(sums_of(heir), (Sums{8, 0, 8}));
}

// It waits for who is unmapping: what he lets go of is not taken over.
TEST_F(ChangeProcess, OthersUnmapMeanwhile)
{
	start(0);
	fake::Process &heir = other(fake::new_user());
	fake::become(heir);
	auto found = fd.context().objects().get<iommufd::Ioas>(base::ObjectId(ioas));
	ASSERT_TRUE(found);
	fake::while_waiting_for("iommufd IoPageTable::domains_lock", [&] {
		EXPECT_TRUE((*found)->table().unmap({base::Iova(kIova), base::Iova(kIova + 8 * kPage - 1)}));
	});
	EXPECT_EQ(fd.change_process(), 0);
	EXPECT_EQ(sums_of(heir), (Sums{0, 0, 0}));
	EXPECT_EQ(sums_of(mapper()), (Sums{0, 0, 0}));
}

} // namespace test
