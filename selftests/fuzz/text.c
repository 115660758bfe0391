// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs as text: one call in a line, an empty line behind the program, '#' begins a comment.
 *
 *   [b|c] [!N] CALL FIELD=VALUE ...
 *
 * b: by the other thread; c: by a child; !N: its N-th step that can fail does. VALUE is a number, a register, @data or
 * @end. Fields that are not named have their default.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static const char *const names[R_TYPES] = {
	[R_IOMMU] = "iommu",     [R_ACCESS] = "access",   [R_FAULTFD] = "faultfd", [R_VEVENTFD] = "veventfd",
	[R_MEMFD] = "memfd",     [R_DMABUF] = "dmabuf",   [R_IOAS] = "ioas",       [R_DEV] = "dev",
	[R_STDEV] = "stdev",     [R_HWPT] = "hwpt",       [R_FAULT] = "fault",     [R_VIOMMU] = "viommu",
	[R_VDEVICE] = "vdevice", [R_VEVENTQ] = "veventq", [R_HWQUEUE] = "hwqueue", [R_PIN] = "pin",
	[R_COOKIE] = "cookie",   [R_PARENT] = "parent",   [R_IOVA] = "iova",       [R_REGION] = "region",
	[R_MAPPED] = "mapped",
};

const char *reg_name(unsigned int type) { return names[type]; }

static int print_value(char *text, size_t room, bool is_reg, __u64 v)
{
	if (is_reg)
		return snprintf(text, room, "%s%u", names[v >> 8], (unsigned int)(v & 0xff));
	if (v == DATA_AT || v == DATA_END)
		return snprintf(text, room, v == DATA_AT ? "@data" : "@end");
	return snprintf(text, room, v < 10 ? "%llu" : "0x%llx", v);
}

static int print_call(const struct call *c, char *text, size_t room)
{
	const struct desc *d = descs[c->desc];
	int at = 0;

	if (c->thread != THREAD_A)
		at += snprintf(text + at, room - at, c->thread == CHILD ? "c " : "b ");
	if (c->fail_nth)
		at += snprintf(text + at, room - at, "!%u ", c->fail_nth);
	at += snprintf(text + at, room - at, "%s", d->name);
	for (unsigned int i = 0; i < d->fields; i++) {
		const bool is_reg = c->is_reg >> i & 1;
		bool reg_by_default;
		const __u64 by_default = field_default(d, i, &reg_by_default);

		if (by_default == c->v[i] && reg_by_default == is_reg && !is_reg)
			continue;
		at += snprintf(text + at, room - at, " %s=", d->field[i].name);
		at += print_value(text + at, room - at, is_reg, c->v[i]);
	}
	return at + snprintf(text + at, room - at, "\n");
}

int prog_print(const struct prog *p, char *text, size_t room)
{
	int at = 0;

	text[0] = 0;
	for (unsigned int i = 0; i < p->n && room - at > 1024; i++)
		at += print_call(&p->call[i], text + at, room - at);
	return at;
}

static int parse_value(const char *word, __u64 *v, bool *is_reg)
{
	char *end;

	*is_reg = false;
	if (!strcmp(word, "@data") || !strcmp(word, "@end")) {
		*v = word[1] == 'd' ? DATA_AT : DATA_END;
		return 0;
	}
	for (unsigned int t = 0; t < R_TYPES; t++) {
		const size_t n = strlen(names[t]);
		if (!strncmp(word, names[t], n) && word[n] >= '0' && word[n] < '0' + REGS && !word[n + 1]) {
			*is_reg = true;
			*v = (__u64)t << 8 | (word[n] - '0');
			return 0;
		}
	}
	*v = strtoull(word, &end, 0);
	return *word && !*end ? 0 : -1;
}

static int parse_field(char *word, struct call *c)
{
	const struct desc *d = descs[c->desc];
	char *value = strchr(word, '=');
	bool is_reg;

	if (!value)
		return -1;
	*value++ = 0;
	for (unsigned int i = 0; i < d->fields; i++) {
		if (strcmp(d->field[i].name, word))
			continue;
		if (parse_value(value, &c->v[i], &is_reg) || (d->field[i].kind == OUT && !is_reg))
			return -1;
		c->is_reg = (c->is_reg & ~(1U << i)) | (__u32)is_reg << i;
		return 0;
	}
	return -1;
}

static int parse_call(char *line, struct call *c)
{
	char *save, *word = strtok_r(line, " \t", &save);
	int desc;

	memset(c, 0, sizeof(*c));
	if (!strcmp(word, "b") || !strcmp(word, "c")) {
		c->thread = *word == 'b' ? THREAD_B : CHILD;
		word = strtok_r(NULL, " \t", &save);
	}
	if (word && *word == '!') {
		c->fail_nth = atoi(word + 1);
		word = strtok_r(NULL, " \t", &save);
	}
	desc = word ? desc_find(word) : -1;
	if (desc < 0)
		return -1;
	c->desc = desc;
	for (unsigned int i = 0; i < descs[desc]->fields; i++) {
		bool is_reg;
		c->v[i] = field_default(descs[desc], i, &is_reg);
		c->is_reg |= (__u32)is_reg << i;
	}
	while ((word = strtok_r(NULL, " \t", &save)))
		if (parse_field(word, c))
			return -1;
	return 0;
}

int prog_parse(const char *text, struct prog *p)
{
	char *copy = strdup(text), *save, *line;
	int rc = 0;

	p->n = 0;
	for (line = strtok_r(copy, "\n", &save); line && !rc; line = strtok_r(NULL, "\n", &save)) {
		char *end = strchr(line, '#');
		if (end)
			*end = 0;
		if (!line[strspn(line, " \t")])
			continue;
		char *shown = strdup(line);
		if (p->n >= MAX_CALLS || parse_call(line, &p->call[p->n++])) {
			fprintf(stderr, "fuzz: cannot read this call: %s\n", shown);
			rc = -1;
		}
		free(shown);
	}
	free(copy);
	return rc;
}

char *prog_cut(char *text)
{
	char *end = strstr(text, "\n\n");

	if (!end)
		return NULL;
	end[1] = 0;
	for (end += 2; *end == '\n'; end++)
		;
	return *end ? end : NULL;
}
