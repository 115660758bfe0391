// SPDX-License-Identifier: GPL-2.0-only
/* Random numbers, the same for the same seed; and values for fields, most of them such that the call has a chance. */
#include "fuzz.h"

/* xorshift64* */
__u64 random_u64(void)
{
	__u64 x = shared->rng;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	shared->rng = x;
	return x * 0x2545f4914f6cdd1dULL;
}

unsigned int below(unsigned int n) { return (random_u64() >> 33) % n; }

bool chance(unsigned int percent) { return below(100) < percent; }

static __u64 boundary(void)
{
	static const __u64 edges[] = {0,
				      1,
				      2,
				      7,
				      8,
				      0xff,
				      0xfff,
				      0x1000,
				      0x1001,
				      0x7fff,
				      0xffff,
				      0x10000,
				      0x7fffffff,
				      0x80000000,
				      0xfffff000,
				      0xffffffff,
				      0x100000000,
				      0x7fffffffffffffff,
				      0x8000000000000000,
				      0xfffffffffffff000,
				      0xfffffffffffff800,
				      0xffffffffffffffff};
	return edges[below(sizeof(edges) / sizeof(*edges))];
}

/* The mock's aperture is 16 MiB .. 2 GiB; few places, so that mappings meet. */
static __u64 an_iova(bool *is_reg)
{
	const unsigned int n = below(100);

	*is_reg = false;
	if (n < 15) {
		*is_reg = true;
		return (__u64)R_IOVA << 8 | below(REGS);
	}
	if (n < 65)
		return 0x1000000 + PAGE * below(16);
	if (n < 75)
		return 0x1000000 + PAGE * below(1024);
	if (n < 80)
		return 0x80000000 - PAGE * below(4); /* the aperture's end */
	if (n < 84)
		return 0x1000000 - PAGE * below(4);
	if (n < 88)
		return 0x1000000 + 0x800 * below(16);
	if (n < 92)
		return (__u64)below(4) << 32 | below(PAGE); /* MOCK_FLAGS_ACCESS_SYZ */
	return boundary();
}

static __u64 a_length(void)
{
	const unsigned int n = below(100);

	if (n < 60)
		return PAGE * (1 + below(8));
	if (n < 72)
		return PAGE * (1 + below(64));
	if (n < 78)
		return 0x800 * (1 + below(8));
	if (n < 82)
		return 1 + below(PAGE);
	if (n < 88)
		return (__u64)1 << below(40);
	return boundary();
}

static __u64 a_va(void)
{
	const unsigned int n = below(100);

	if (n < 60)
		return ARENA + PAGE * below(16);
	if (n < 88)
		return ARENA + PAGE * below(ARENA_PAGES + 2);
	if (n < 94)
		return ARENA + below(PAGE * ARENA_PAGES);
	return boundary();
}

static __u64 a_register(const struct field *f, bool *is_reg)
{
	unsigned int types = 1;

	while (types < 3 && f->regs[types])
		types++;
	*is_reg = true;
	if (f->kind == IN && chance(4)) {
		if (is_fd(f->regs[0] - 1)) /* never a descriptor that is the fuzzer's own */
			return (__u64)below(R_LAST_FD + 1) << 8 | below(REGS);
		if (chance(50))
			return (__u64)below(R_TYPES) << 8 | below(REGS);
		*is_reg = false;
		return boundary();
	}
	if (f->kind == IN && types > 1 && chance(10) && !is_fd(f->regs[0] - 1)) {
		*is_reg = false; /* none */
		return 0;
	}
	return (__u64)(f->regs[chance(50) ? 0 : below(types)] - 1) << 8 | (chance(70) ? 0 : below(REGS));
}

static __u64 a_size(const struct desc *d)
{
	switch (below(6)) {
	case 0:
		return d->size - 4;
	case 1:
		return d->size + 8;
	case 2:
		return 4 * below(d->size / 4 + 1);
	case 3:
		return boundary();
	default:
		return d->size;
	}
}

__u64 random_value(const struct desc *d, unsigned int i, bool *is_reg)
{
	const struct field *f = &d->field[i];
	__u64 value = 0;

	*is_reg = false;
	switch (f->kind) {
	case INT:
		if (chance(5) && (f->count > 1 || chance(20)))
			return boundary();
		return f->values[chance(55) ? 0 : below(f->count)];
	case FLAGS:
		if (chance(50))
			return f->values[0];
		for (unsigned int n = 1 + below(2); n; n--)
			value |= f->values[below(f->count)];
		return value;
	case IN:
	case OUT:
		return a_register(f, is_reg);
	case IOVA:
		return an_iova(is_reg);
	case LENGTH:
		return a_length();
	case VA:
		return a_va();
	case DATA:
		return chance(85) ? DATA_AT : chance(60) ? DATA_END : chance(50) ? a_va() : boundary();
	case SIZE:
		return chance(97) ? d->size : a_size(d);
	default:
		return f->values[0];
	}
}
