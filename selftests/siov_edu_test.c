// SPDX-License-Identifier: GPL-2.0-only
/*
 * siov-edu behind the intel driver in scalable mode, on a VT-d that keeps what
 * it has cached (--iommu intel-strict): 16 ADIs do DMA for the function, through
 * ATS, while mappings come and go. An invalidation that is forgotten anywhere is
 * seen as data in the wrong memory. With pci=noats the same without ATS.
 */
#include "lib/harness.h"

#include <errno.h>

#include "lib/iommufd.h"
#include "lib/siov.h"
#include "lib/system.h"

#define IOVA     0x10000000ULL
#define NOWHERE  0x7f000000ULL
#define SLOT     (2 * PAGE) /* of an ADI: a page to read, and one to write */
#define SLOTS    (SIOV_ADIS * SLOT)
#define DMAS     1000
#define GENEROUS 5000 /* ms for an interrupt */
#define ENABLED  0x8000
#define PASID_ON 0x1

FIXTURE(siov)
{
	int fd, log;
	bool ats;
	__u32 ioas;
	struct siov dev;
	char *mem[2]; /* each has all slots; mem[0] is mapped at IOVA */
};

typedef FIXTURE_DATA(siov) fixture;

static bool told(const char *word)
{
	char line[2048];
	FILE *f = fopen("/proc/cmdline", "r");
	bool found = f && fgets(line, sizeof(line), f) && strstr(line, word);

	if (f)
		fclose(f);
	return found;
}

FIXTURE_SETUP(siov)
{
	self->ats = !told("pci=noats");
	self->fd = iommufd_open();
	ASSERT_LE(0, self->fd);
	self->log = kmsg_open();
	ASSERT_LE(0, self->log);
	ASSERT_EQ(0, siov_open(&self->dev)) { TH_LOG("no usable siov-edu device"); }
	ASSERT_EQ(0, siov_bind(&self->dev, self->fd));
	for (int i = 0; i < 2; i++) {
		self->mem[i] = pages_alloc(SLOTS);
		pattern_fill(self->mem[i], SLOTS, (unsigned int)i);
	}
	ASSERT_EQ(0, ioas_alloc(self->fd, &self->ioas));
	for (int i = 0; i < SIOV_ADIS; i++)
		ASSERT_EQ(0,
			  ioas_map_fixed(self->fd, self->ioas, self->mem[0] + i * SLOT, SLOT, IOVA + i * SLOT, MAP_RW));
	ASSERT_EQ(0, vfio_attach(&self->dev.vfio, self->ioas, NULL));
}

FIXTURE_TEARDOWN(siov)
{
	siov_close(&self->dev);
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, self_status_kb("VmPin"));
}

/* How many faults the intel driver has reported since the log was last read */
static int faults(fixture *self)
{
	char line[256];
	int n = 0;

	while (kmsg_find(self->log, "Request device [", line, sizeof(line), 300 * 1000) == 1)
		n++;
	return n;
}

TEST_F(siov, driver_enables_pasid_and_ats)
{
	EXPECT_EQ(self->ats ? ENABLED : 0, siov_ats_control(&self->dev) & ENABLED);
	EXPECT_EQ(PASID_ON, siov_pasid_control(&self->dev) & PASID_ON);
	EXPECT_EQ(0, siov_get32(self->dev.global, SIOV_EDU_ERROR));
}

/* One ADI's turn; each gives how many DMAs it took, 0 when something is wrong.
 * slot: what the device should find at the ADI's IOVA */

static int through_buffer(struct siov *dev, unsigned int adi, char *slot, unsigned int seed)
{
	const __u32 length = SIOV_EDU_PAGE_SIZE - SIOV_EDU_BUFFER;
	__u64 iova = IOVA + adi * SLOT;

	pattern_fill(slot, length, seed);
	if (siov_read(dev, adi, iova, length) != SIOV_EDU_OK ||
	    siov_irqs(dev, SIOV_EDU_ADI_VECTOR(adi), GENEROUS) != 1 ||
	    siov_write(dev, adi, iova + PAGE, length) != SIOV_EDU_OK || pattern_diff(slot + PAGE, length, seed))
		return 0;
	return 2;
}

static int memory_to_memory(struct siov *dev, unsigned int adi, char *slot, unsigned int seed)
{
	__u64 iova = IOVA + adi * SLOT;

	pattern_fill(slot, PAGE, seed);
	if (siov_copy(dev, adi, iova, iova + PAGE, PAGE) != SIOV_EDU_OK || pattern_diff(slot + PAGE, PAGE, seed))
		return 0;
	return 1;
}

static int checksum(struct siov *dev, unsigned int adi, char *slot, unsigned int seed)
{
	const struct siov_command command = {.src = IOVA + adi * SLOT, .length = PAGE, .command = SIOV_EDU_CHECKSUM};

	pattern_fill(slot, PAGE, seed);
	return siov_run(dev, adi, &command) == SIOV_EDU_OK &&
	       siov_get64(dev->adi[adi], SIOV_EDU_RESULT) == siov_checksum(slot, PAGE);
}

static int fetch_add(struct siov *dev, unsigned int adi, char *slot, unsigned int seed)
{
	const struct siov_command command = {
		.dst = IOVA + adi * SLOT + PAGE + 8, .operand = 1 + seed, .length = 8, .command = SIOV_EDU_FETCH_ADD};
	volatile __u64 *word = (__u64 *)(slot + PAGE + 8);
	__u64 before = seed * 0x123456789abULL;

	*word = before;
	return siov_run(dev, adi, &command) == SIOV_EDU_OK && *word == before + command.operand &&
	       siov_get64(dev->adi[adi], SIOV_EDU_RESULT) == before;
}

typedef int turn(struct siov *dev, unsigned int adi, char *slot, unsigned int seed);
static turn *const turns[] = {through_buffer, memory_to_memory, checksum, fetch_add};

/* The ADI's IOVA leads to the other memory from now on. */
static int move(fixture *self, unsigned int adi, unsigned int to)
{
	__u64 iova = IOVA + adi * SLOT;
	int rc = ioas_unmap(self->fd, self->ioas, iova, SLOT, NULL);

	return rc ? rc : ioas_map_fixed(self->fd, self->ioas, self->mem[to] + adi * SLOT, SLOT, iova, MAP_RW);
}

/* Before each turn of an ADI its neighbour's memory, which was used lately, is
 * replaced by other memory. What it leaves behind may not change any more. */
TEST_F(siov, thousand_dmas_while_mappings_come_and_go)
{
	unsigned int in[SIOV_ADIS] = {0}, step = 0;
	int dmas[SIOV_ADIS] = {0}, all = 0, n;

	for (; all < DMAS; step++) {
		unsigned int adi = step % SIOV_ADIS, next = (adi + 1) % SIOV_ADIS, seed = step % 250;
		char *left = self->mem[!in[adi]] + adi * SLOT;

		in[next] = !in[next];
		ASSERT_EQ(0, move(self, next, in[next]));
		pattern_fill(left, SLOT, seed + 1);
		n = turns[(step / SIOV_ADIS) % 4](&self->dev, adi, self->mem[in[adi]] + adi * SLOT, seed);
		ASSERT_NE(0, n) TH_LOG("step %u: ADI %u, kind %u", step, adi, (step / SIOV_ADIS) % 4);
		ASSERT_EQ(1, siov_irqs(&self->dev, SIOV_EDU_ADI_VECTOR(adi), GENEROUS));
		ASSERT_EQ(0, pattern_diff(left, SLOT, seed + 1)) TH_LOG("step %u: DMA to what ADI %u had", step, adi);
		dmas[adi] += n;
		all += n;
	}
	for (unsigned int i = 0; i < SIOV_ADIS; i++) {
		EXPECT_LE(DMAS / SIOV_ADIS / 2, dmas[i]);
		EXPECT_EQ(dmas[i], (int)siov_get32(self->dev.adi[i], SIOV_EDU_COMPLETED));
		EXPECT_EQ(0, siov_get32(self->dev.adi[i], SIOV_EDU_REJECTED));
	}
	for (unsigned int i = 0; i <= SIOV_ADIS; i++)
		EXPECT_EQ(0, siov_irqs(&self->dev, i, 0));
	EXPECT_EQ(0, siov_get32(self->dev.global, SIOV_EDU_ERROR));
	EXPECT_EQ(0, faults(self));
	TH_LOG("%d DMAs of %d ADIs, %u remappings", all, SIOV_ADIS, step);
}

/* The intel driver prints 10 lines in 5 s, and counts 3 for each fault. */
static void let_it_print(void) { sleep(6); }

/* A translation request that finds no page is answered, not recorded: only
 * without ATS there is a fault. */
TEST_F(siov, nothing_is_mapped)
{
	let_it_print();
	EXPECT_EQ(SIOV_EDU_DMA_FAILED, siov_write(&self->dev, 3, NOWHERE, PAGE / 2));
	EXPECT_EQ(NOWHERE, siov_get64(self->dev.adi[3], SIOV_EDU_FAULT_ADDRESS));
	EXPECT_EQ(self->ats ? 0 : 1, faults(self));
	/* what was mapped and used */
	EXPECT_EQ(SIOV_EDU_OK, siov_write(&self->dev, 3, IOVA, PAGE / 2));
	ASSERT_EQ(0, ioas_unmap(self->fd, self->ioas, IOVA, SLOT, NULL));
	pattern_fill(self->mem[0], SLOT, 7);
	EXPECT_EQ(SIOV_EDU_DMA_FAILED, siov_write(&self->dev, 3, IOVA, PAGE / 2));
	EXPECT_EQ(0, pattern_diff(self->mem[0], SLOT, 7));
	EXPECT_EQ(self->ats ? 0 : 1, faults(self));
	for (unsigned int adi = 0; adi < SIOV_ADIS; adi++) {
		__u64 iova = NOWHERE + adi * PAGE;

		EXPECT_EQ(SIOV_EDU_DMA_FAILED, siov_read(&self->dev, adi, iova, PAGE / 2));
		EXPECT_EQ(iova, siov_get64(self->dev.adi[adi], SIOV_EDU_FAULT_ADDRESS));
	}
}

/* Each ADI moves by DMA a page that was filled with a seed of its own: how many did so */
static int adis_that_reach(fixture *self, char *mem)
{
	int n = 0;

	for (unsigned int adi = 0; adi < SIOV_ADIS; adi++)
		n += memory_to_memory(&self->dev, adi, mem + adi * SLOT, 100 + adi);
	return n;
}

TEST_F(siov, replace_leads_to_the_other_memory)
{
	__u32 other;

	ASSERT_EQ(0, ioas_alloc(self->fd, &other));
	ASSERT_EQ(0, ioas_map_fixed(self->fd, other, self->mem[1], SLOTS, IOVA, MAP_RW));
	EXPECT_EQ(SIOV_ADIS, adis_that_reach(self, self->mem[0]));
	EXPECT_EQ(0, pattern_diff(self->mem[1], SLOTS, 1));
	ASSERT_EQ(0, vfio_attach(&self->dev.vfio, other, NULL));
	pattern_fill(self->mem[0], SLOTS, 0);
	EXPECT_EQ(SIOV_ADIS, adis_that_reach(self, self->mem[1]));
	EXPECT_EQ(0, pattern_diff(self->mem[0], SLOTS, 0));
	EXPECT_EQ(0, faults(self));
}

/* No PASID table entry: that is a fault with ATS, too. */
TEST_F(siov, detach_stops_it)
{
	let_it_print();
	EXPECT_EQ(SIOV_ADIS, adis_that_reach(self, self->mem[0]));
	ASSERT_EQ(0, vfio_detach(&self->dev.vfio));
	pattern_fill(self->mem[0], SLOTS, 0);
	EXPECT_EQ(SIOV_EDU_DMA_FAILED, siov_write(&self->dev, 2, IOVA, PAGE / 2));
	EXPECT_EQ(1, faults(self));
	for (unsigned int adi = 0; adi < SIOV_ADIS; adi++)
		EXPECT_EQ(SIOV_EDU_DMA_FAILED,
			  siov_copy(&self->dev, adi, IOVA + adi * SLOT, IOVA + adi * SLOT + PAGE, PAGE));
	EXPECT_EQ(0, pattern_diff(self->mem[0], SLOTS, 0));
	ASSERT_EQ(0, vfio_attach(&self->dev.vfio, self->ioas, NULL));
	EXPECT_EQ(SIOV_ADIS, adis_that_reach(self, self->mem[0]));
}

/* The device keeps translations that allow writing: they go when the bits are
 * cleared, so that the next write sets them again. */
TEST_F(siov, dirty_pages)
{
	const __u64 length = 16 * PAGE;
	unsigned short *bits = pages_alloc(PAGE);
	__u32 hwpt;

	ASSERT_EQ(0, hwpt_alloc(self->fd, self->dev.vfio.dev_id, self->ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &hwpt));
	ASSERT_EQ(0, vfio_attach(&self->dev.vfio, hwpt, NULL));
	ASSERT_EQ(0, dirty_tracking_set(self->fd, hwpt, true));
	for (int round = 0; round < 3; round++) {
		EXPECT_EQ(SIOV_EDU_OK, siov_read(&self->dev, 0, IOVA + 2 * PAGE, PAGE / 2));
		EXPECT_EQ(SIOV_EDU_OK, siov_write(&self->dev, 1, IOVA + 3 * PAGE, PAGE / 2));
		EXPECT_EQ(SIOV_EDU_OK, siov_copy(&self->dev, 2, IOVA + 4 * PAGE, IOVA + 9 * PAGE, PAGE));
		*bits = 0;
		EXPECT_EQ(0, dirty_bitmap_get(self->fd, hwpt, 0, IOVA, length, PAGE, bits));
		EXPECT_EQ(1 << 3 | 1 << 9, *bits) TH_LOG("round %d", round);
		*bits = 0;
		EXPECT_EQ(0, dirty_bitmap_get(self->fd, hwpt, 0, IOVA, length, PAGE, bits));
		EXPECT_EQ(0, *bits);
	}
	EXPECT_EQ(0, dirty_tracking_set(self->fd, hwpt, false));
}

TEST_HARNESS_MAIN
