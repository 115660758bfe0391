// SPDX-License-Identifier: GPL-2.0-only
/* Finding out through the edu device which memory it reaches. */
#include "probe.h"

#include <errno.h>

#include "iommufd.h"
#include "system.h"

#define PAGE EDU_BUFFER_SIZE

/* Bytes of two patterns never agree; those of a constant fill may, 1 in 251. */
#define CHANCE (PAGE / 64)

void probe_init(struct probe *p, struct edu *edu)
{
	*p = (struct probe){.edu = edu, .mirror = pages_alloc(PAGE), .seed = 100};
}

int probe_map(struct probe *p, int iommufd, __u32 ioas)
{
	return ioas_map_fixed(iommufd, ioas, p->mirror, PAGE, MIRROR_IOVA, MAP_RW);
}

/* a seed that was not used lately, from 100 to 199 */
static unsigned int next_seed(struct probe *p)
{
	p->seed = p->seed < 199 ? p->seed + 1 : 100;
	return p->seed;
}

/* The device's buffer gets a pattern, by way of the mirror. */
static int load(struct probe *p, unsigned int seed)
{
	pattern_fill(p->mirror, PAGE, seed);
	return edu_read_memory(p->edu, MIRROR_IOVA, PAGE);
}

/* The mirror gets what is in the device's buffer. */
static int store(struct probe *p)
{
	unsigned int seed = next_seed(p);
	int rc;

	pattern_fill(p->mirror, PAGE, seed);
	rc = edu_write_memory(p->edu, MIRROR_IOVA, PAGE);
	if (rc)
		return rc;
	return pattern_diff(p->mirror, PAGE, seed) < PAGE - CHANCE ? -EIO : 0;
}

/* The page after a write of the pattern `after`: 1, 0 or -EIO */
static int outcome(const void *page, unsigned int before, unsigned int after)
{
	if (!pattern_diff(page, PAGE, after))
		return 1;
	return pattern_diff(page, PAGE, before) ? -EIO : 0;
}

int probe_write(struct probe *p, __u64 iova, void *page)
{
	unsigned int before = next_seed(p), after = next_seed(p);
	int rc;

	pattern_fill(page, PAGE, before);
	rc = load(p, after);
	if (!rc)
		rc = edu_write_memory(p->edu, iova, PAGE);
	return rc ? rc : outcome(page, before, after);
}

int probe_write_many(struct probe *p, const __u64 *iovas, void *const *pages, int n)
{
	unsigned int before = next_seed(p), after = next_seed(p);
	int reached = 0, rc, i;

	for (i = 0; i < n; i++)
		pattern_fill(pages[i], PAGE, before);
	rc = load(p, after);
	for (i = 0; i < n && !rc; i++) {
		rc = edu_write_memory(p->edu, iovas[i], PAGE);
		if (rc)
			break;
		rc = outcome(pages[i], before, after);
		if (rc == 1) {
			/* a later one that lands here would be seen */
			pattern_fill(pages[i], PAGE, before);
			reached++;
			rc = 0;
		}
	}
	for (i = 0; i < n && !rc; i++)
		rc = pattern_diff(pages[i], PAGE, before) ? -EIO : 0;
	return rc ? rc : reached;
}

/* The device's buffer does not hold the pattern: does it after a read? */
static int read_back(struct probe *p, __u64 iova, unsigned int seed)
{
	int rc = edu_read_memory(p->edu, iova, PAGE);
	size_t diff;

	if (!rc)
		rc = store(p);
	if (rc)
		return rc;
	diff = pattern_diff(p->mirror, PAGE, seed);
	if (!diff)
		return 1;
	return diff < PAGE - CHANCE ? -EIO : 0;
}

int probe_sees(struct probe *p, __u64 iova, unsigned int seed)
{
	int rc = load(p, next_seed(p));

	return rc ? rc : read_back(p, iova, seed);
}

int probe_read(struct probe *p, __u64 iova, void *page)
{
	unsigned int seed = next_seed(p);

	pattern_fill(page, PAGE, seed);
	return probe_sees(p, iova, seed);
}

int probe_rw(struct probe *p, __u64 iova, void *page)
{
	unsigned int seed;
	int w = probe_write(p, iova, page), r;

	if (w < 0)
		return w;
	/* the buffer still holds what was written */
	seed = next_seed(p);
	pattern_fill(page, PAGE, seed);
	r = read_back(p, iova, seed);
	return r < 0 || r == w ? r : -EXDEV;
}
