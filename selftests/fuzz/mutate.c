// SPDX-License-Identifier: GPL-2.0-only
/* New programs, and new ones from old ones. */
#include <string.h>

#include "fuzz.h"

enum { DEPTH = 5 };

static void insert_at(struct prog *p, unsigned int at, const struct call *c)
{
	if (p->n >= MAX_CALLS)
		return;
	memmove(&p->call[at + 1], &p->call[at], (p->n - at) * sizeof(*c));
	p->call[at] = *c;
	p->n++;
}

void prog_drop(struct prog *p, unsigned int at)
{
	memmove(&p->call[at], &p->call[at + 1], (p->n - at - 1) * sizeof(p->call[0]));
	p->n--;
}

static void set_field(struct call *c, unsigned int i)
{
	bool is_reg;

	c->v[i] = random_value(descs[c->desc], i, &is_reg);
	c->is_reg = (c->is_reg & ~(1U << i)) | (__u32)is_reg << i;
}

static unsigned int a_call(void)
{
	static unsigned int total;
	unsigned int at, i = 0;

	if (!total)
		for (unsigned int j = 0; j < desc_count; j++)
			total += descs[j]->weight;
	for (at = below(total); at >= descs[i]->weight; i++)
		at -= descs[i]->weight;
	return i;
}

/* Does the call store into a register of that type, and into which? -1: no */
static int gives(const struct call *c, unsigned int type)
{
	const struct desc *d = descs[c->desc];

	for (unsigned int i = 0; i < d->fields; i++)
		if (d->field[i].kind == OUT && c->v[i] >> 8 == type)
			return c->v[i] & 0xff;
	return -1;
}

static int a_source(unsigned int type)
{
	unsigned int n = 0, found = 0;

	for (unsigned int d = 0; d < desc_count; d++)
		for (unsigned int i = 0; i < descs[d]->fields; i++)
			if (descs[d]->field[i].kind == OUT && descs[d]->field[i].regs[0] == type + 1 && !below(++n))
				found = d;
	return n ? (int)found : -1;
}

static unsigned int generate(struct prog *p, unsigned int at, unsigned int desc, unsigned int depth);

/* A register that a call reads gets something to be read, mostly: one that is there, or a call that makes one. */
static unsigned int supply(struct prog *p, unsigned int at, struct call *c, unsigned int i, unsigned int depth)
{
	const unsigned int type = c->v[i] >> 8;
	unsigned int n = 0, before = p->n;
	int source;

	for (unsigned int j = 0; j < at; j++) {
		const int number = gives(&p->call[j], type);
		if (number >= 0 && !below(++n))
			c->v[i] = (__u64)type << 8 | number;
	}
	if (n || depth >= DEPTH || chance(10))
		return 0;
	source = a_source(type);
	if (source < 0)
		return 0;
	generate(p, at, source, depth + 1);
	/* what was inserted last is the source itself */
	if (p->n > before && gives(&p->call[at + p->n - before - 1], type) >= 0)
		c->v[i] = (__u64)type << 8 | gives(&p->call[at + p->n - before - 1], type);
	return p->n - before;
}

/* Inserts a call, and in front of it what it needs; how many */
static unsigned int generate(struct prog *p, unsigned int at, unsigned int desc, unsigned int depth)
{
	const struct desc *d = descs[desc];
	struct call c = {.desc = desc};
	unsigned int inserted = 0;

	for (unsigned int i = 0; i < d->fields; i++) {
		set_field(&c, i);
		if (d->field[i].kind == IN && c.is_reg >> i & 1 && chance(95))
			inserted += supply(p, at + inserted, &c, i, depth);
	}
	if (p->n >= MAX_CALLS)
		return inserted;
	insert_at(p, at + inserted, &c);
	return inserted + 1;
}

void prog_generate(struct prog *p)
{
	p->n = 0;
	for (unsigned int n = 2 + below(6); n; n--)
		generate(p, p->n, a_call(), 0);
}

static void tweak(struct prog *p)
{
	struct call *c = &p->call[below(p->n)];
	const unsigned int n = descs[c->desc]->fields;
	unsigned int i;

	if (!n)
		return;
	i = below(n);
	if (c->is_reg >> i & 1 && chance(60)) {
		c->v[i] = (c->v[i] & ~0xffULL) | below(REGS);
	} else if (!(c->is_reg >> i & 1) && descs[c->desc]->field[i].kind != FIXED && chance(25)) {
		switch (below(4)) {
		case 0:
			c->v[i] ^= 1ULL << below(64);
			break;
		case 1:
			c->v[i] += PAGE;
			break;
		case 2:
			c->v[i]--;
			break;
		default:
			c->v[i]++;
		}
	} else {
		set_field(c, i);
	}
}

static void splice(struct prog *p)
{
	const struct prog *q = &shared->corpus[below(shared->corpus_size)];
	const unsigned int keep = chance(50) ? p->n : 1 + below(p->n), from = below(q->n);

	p->n = keep;
	for (unsigned int i = from; i < q->n && p->n < MAX_CALLS; i++)
		p->call[p->n++] = q->call[i];
}

/* The rest runs in two threads, once in a while some calls once more. */
static void race(struct prog *p)
{
	const unsigned int from = below(p->n);

	for (unsigned int i = from; i < p->n; i++)
		p->call[i].thread = chance(50) ? THREAD_A : THREAD_B;
	for (unsigned int i = 2; i && p->n < MAX_CALLS; i--) {
		struct call c = p->call[from + below(p->n - from)];
		c.thread = chance(50) ? THREAD_A : THREAD_B;
		insert_at(p, p->n, &c);
	}
}

static void mutate_once(struct prog *p)
{
	const unsigned int n = below(100);
	struct call c;

	if (n < 28)
		generate(p, chance(50) ? p->n : below(p->n + 1), a_call(), 0);
	else if (n < 54)
		tweak(p);
	else if (n < 61 && p->n > 1)
		prog_drop(p, below(p->n));
	else if (n < 66) {
		const unsigned int i = below(p->n), j = below(p->n);
		c = p->call[i];
		p->call[i] = p->call[j];
		p->call[j] = c;
	} else if (n < 75 && shared->corpus_size)
		splice(p);
	else if (n < 81) {
		c = p->call[below(p->n)];
		insert_at(p, below(p->n + 1), &c);
	} else if (n < 86)
		race(p);
	else if (n < 88)
		p->call[below(p->n)].thread = CHILD;
	else if (n < 90)
		for (unsigned int i = 0; i < p->n; i++)
			p->call[i].thread = THREAD_A;
	else
		p->call[below(p->n)].fail_nth = chance(30) ? 0 : 1 + below(24);
}

void prog_mutate(struct prog *p)
{
	/* The same but for one failure: on their way back calls run through code that is rarely run. */
	if (p->n && chance(8)) {
		p->call[below(p->n)].fail_nth = 1 + below(16);
		return;
	}
	for (unsigned int n = 1 + below(4); n; n--)
		mutate_once(p);
	while (!p->n)
		prog_generate(p);
}
