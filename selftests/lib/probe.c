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
	*p = (struct probe){ .edu = edu, .mirror = pages_alloc(PAGE), .seed = 100 };
}

int probe_map(struct probe *p, int iommufd, __u32 ioas)
{
	return ioas_map_fixed(iommufd, ioas, p->mirror, PAGE, MIRROR_IOVA,
			      MAP_RW);
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

int probe_write(struct probe *p, __u64 iova, void *page)
{
	unsigned int before = next_seed(p), after = next_seed(p);
	int rc;

	pattern_fill(page, PAGE, before);
	rc = load(p, after);
	if (!rc)
		rc = edu_write_memory(p->edu, iova, PAGE);
	if (rc)
		return rc;
	if (!pattern_diff(page, PAGE, after))
		return 1;
	return pattern_diff(page, PAGE, before) ? -EIO : 0;
}

int probe_sees(struct probe *p, __u64 iova, unsigned int seed)
{
	size_t diff;
	int rc = load(p, next_seed(p));

	if (!rc)
		rc = edu_read_memory(p->edu, iova, PAGE);
	if (!rc)
		rc = store(p);
	if (rc)
		return rc;
	diff = pattern_diff(p->mirror, PAGE, seed);
	if (!diff)
		return 1;
	return diff < PAGE - CHANCE ? -EIO : 0;
}

int probe_read(struct probe *p, __u64 iova, void *page)
{
	unsigned int seed = next_seed(p);

	pattern_fill(page, PAGE, seed);
	return probe_sees(p, iova, seed);
}

int probe_rw(struct probe *p, __u64 iova, void *page)
{
	int w = probe_write(p, iova, page);
	int r = probe_read(p, iova, page);

	if (w < 0 || r < 0)
		return w < 0 ? w : r;
	return w == r ? w : -EXDEV;
}
