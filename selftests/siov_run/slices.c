// SPDX-License-Identifier: GPL-2.0-only
/* The slices' life, which is mdevctl's business. */
#include "director.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/mdevctl.h"
#include "lib/system.h"

#define TYPE "siov_edu-adi"

static char output[4096]; /* of mdevctl */

/* Runs it; its last line of output when it fails */
static int run_mdevctl(struct run *r, const struct part *part, const char *const *words)
{
	int rc = mdevctl(output, sizeof(output), words);
	char *line;

	if (!rc)
		return 0;
	output[strcspn(output, "\n")] = '\0';
	line = *output ? output : strerror(-rc);
	if (part)
		say_of(r, part, "mdevctl %s: %s", words[0], line);
	else
		say(r, "mdevctl %s: %s", words[0], line);
	return rc;
}

int step_device(struct run *r)
{
	int rc = slice_parent(0, r->parent);

	if (rc == -ENODEV)
		return fail(r, "no siov-edu in this machine (our QEMU, 'make qemu': -device siov-edu)", rc);
	if (rc)
		return fail(r, "siov_edu.ko does not take the siov-edu device", rc);
	r->available = slice_available(r->parent);
	r->pinned = pinned_pages();
	if (r->available < SLICES || mdev_count())
		return fail(r, "too few slices are left, or somebody else's are there", 0);
	say(r, "PCI %s (our QEMU's siov-edu) can be divided into %d slices; driver siov_edu", r->parent, r->available);
	return 0;
}

int step_define(struct run *r)
{
	for (int i = 0; i < SLICES; i++) {
		struct part *part = &r->parts[i];
		const char *words[] = {"define", "--uuid", part->uuid, "--parent", r->parent, "--type", TYPE, NULL};
		int rc = run_mdevctl(r, part, words);

		if (rc)
			return rc;
		say_of(r, part, "mdevctl define --uuid %s", part->uuid);
	}
	return 0;
}

int step_start(struct run *r)
{
	for (int i = 0; i < SLICES; i++) {
		struct part *part = &r->parts[i];
		const char *words[] = {"start", "--uuid", part->uuid, NULL};
		__u64 t = now_us();
		int rc = run_mdevctl(r, part, words);

		if (rc)
			return rc;
		say_of(r, part, "mdevctl start --uuid %s; %llu us", part->uuid, now_us() - t);
	}
	if (slice_available(r->parent) != r->available - SLICES)
		return fail(r, "as many slices are left as before", 0);
	return 0;
}

/* All of them, and each on the right parent */
int step_list(struct run *r)
{
	const char *words[] = {"list", NULL};
	int rc = run_mdevctl(r, NULL, words);

	if (rc)
		return rc;
	for (int i = 0; i < SLICES; i++) {
		char *line = strstr(output, r->parts[i].uuid);
		char want[256];

		snprintf(want, sizeof(want), "%s %s %s", r->parts[i].uuid, r->parent, TYPE);
		if (!line || strncmp(line, want, strlen(want)))
			return fail_of(r, &r->parts[i], "mdevctl list does not have it", 0);
		say_of(r, &r->parts[i], "mdevctl list: %.*s", (int)strcspn(line, "\n"), line);
	}
	return 0;
}

static int stop(struct run *r, struct part *part)
{
	const char *stop_words[] = {"stop", "--uuid", part->uuid, NULL};
	const char *undefine[] = {"undefine", "--uuid", part->uuid, NULL};
	int rc = run_mdevctl(r, part, stop_words);

	if (!rc)
		rc = run_mdevctl(r, part, undefine);
	if (!rc)
		say_of(r, part, "mdevctl stop and undefine");
	return rc;
}

int step_stop(struct run *r)
{
	const char *list[] = {"list", NULL}, *defined[] = {"list", "--defined", NULL};
	int rc = 0;

	for (int i = 0; i < SLICES && !rc; i++)
		rc = stop(r, &r->parts[i]);
	if (!rc)
		rc = run_mdevctl(r, NULL, list);
	if (!rc && strstr(output, r->parent))
		return fail(r, "mdevctl list still has one", 0);
	if (!rc)
		rc = run_mdevctl(r, NULL, defined);
	if (rc)
		return rc;
	if (strstr(output, r->parent) || mdev_count() || slice_available(r->parent) != r->available)
		return fail(r, "something is left of them", 0);
	say(r, "nothing is left: %d slices to be had, as before", r->available);
	return 0;
}
