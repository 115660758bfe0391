// SPDX-License-Identifier: GPL-2.0-only
/* Lines, requests to the owners, and the memory as it should be. */
#include "director.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void begin_line(struct run *r)
{
	if (r->step)
		printf("%2d  %-9s ", ++r->number, r->step);
	else
		printf("%13s ", "");
	r->step = NULL;
}

static void end_line(const char *format, va_list ap)
{
	vprintf(format, ap);
	putchar('\n');
	fflush(stdout);
}

void say(struct run *r, const char *format, ...)
{
	va_list ap;

	begin_line(r);
	va_start(ap, format);
	end_line(format, ap);
	va_end(ap);
}

void say_of(struct run *r, const struct part *part, const char *format, ...)
{
	va_list ap;

	begin_line(r);
	printf("slice %d: ", part->number);
	va_start(ap, format);
	end_line(format, ap);
	va_end(ap);
}

int fail(struct run *r, const char *what, int rc)
{
	if (rc < 0)
		say(r, "%s: %s", what, strerror(-rc));
	else
		say(r, "%s", what);
	return rc < 0 ? rc : -EIO;
}

int fail_of(struct run *r, const struct part *part, const char *what, int rc)
{
	if (rc < 0)
		say_of(r, part, "%s: %s", what, strerror(-rc));
	else
		say_of(r, part, "%s", what);
	return rc < 0 ? rc : -EIO;
}

static int hear(struct run *r, struct part *part, struct reply *reply)
{
	int rc = part_hear(part, reply);

	if (rc)
		return fail_of(r, part, "its owner does not answer", rc);
	if (reply->rc)
		say_of(r, part, "%s", reply->text);
	return reply->rc;
}

static int tell(struct run *r, struct part *part, enum op op, __u64 arg)
{
	int rc = part_tell(part, op, arg);

	return rc ? fail_of(r, part, "its owner is gone", rc) : 0;
}

static int hear_and_say(struct run *r, struct part *part, struct reply *reply)
{
	int rc = hear(r, part, reply);

	if (!rc && *reply->text)
		say_of(r, part, "%s", reply->text);
	return rc;
}

int ask(struct run *r, struct part *part, enum op op, __u64 arg, struct reply *reply)
{
	struct reply unused;
	int rc = tell(r, part, op, arg);

	return rc ? rc : hear_and_say(r, part, reply ? reply : &unused);
}

int ask_each(struct run *r, enum op op, __u64 arg, struct reply *replies)
{
	int rc = 0;

	for (int i = 0; i < SLICES && !rc; i++)
		rc = ask(r, &r->parts[i], op, arg, replies ? &replies[i] : NULL);
	return rc;
}

int ask_all_at_once(struct run *r, enum op op, __u64 arg, struct reply *replies)
{
	struct reply unused;
	int rc = 0, first = 0;

	for (int i = 0; i < SLICES && !rc; i++)
		rc = tell(r, &r->parts[i], op, arg);
	for (int i = 0; i < SLICES && !rc; i++) {
		int one = hear_and_say(r, &r->parts[i], replies ? &replies[i] : &unused);

		first = first ? first : one;
	}
	return rc ? rc : first;
}

int make_busy(struct run *r, struct part *part) { return tell(r, part, OP_BUSY, 0); }

int make_idle(struct run *r, struct part *part, __u64 *n)
{
	struct reply busy, idle;
	int rc = tell(r, part, OP_IDLE, 0);

	if (!rc)
		rc = hear(r, part, &busy);
	if (rc)
		return rc;
	*n = busy.n[0];
	return hear(r, part, &idle);
}

char *expected_of(struct run *r, const struct part *part, int which)
{
	return r->expected + ((part->number - 1) * MEMORIES + which) * MEMORY;
}

size_t changed(struct run *r, const struct part *part)
{
	size_t n = 0;

	for (int which = 0; which < MEMORIES; which++) {
		/* volatile: a device writes it behind the compiler's back */
		const volatile char *is = part->memory[which];
		const char *should = expected_of(r, part, which);

		for (size_t i = 0; i < MEMORY; i++)
			n += is[i] != should[i];
	}
	return n;
}

void expect_all(struct run *r)
{
	for (int i = 0; i < SLICES; i++)
		for (int which = 0; which < MEMORIES; which++)
			memcpy(expected_of(r, &r->parts[i], which), r->parts[i].memory[which], MEMORY);
}
