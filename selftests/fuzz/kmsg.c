// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's log: what it complains of, read after each program. The host's search of the log has the last word. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

static int log_fd = -1;

int kmsg_init(void)
{
	log_fd = own_fd(open("/dev/kmsg", O_RDWR | O_NONBLOCK | O_CLOEXEC));
	if (log_fd < 0)
		return -errno;
	lseek(log_fd, 0, SEEK_END);
	return 0;
}

void kmsg_say(const char *text)
{
	if (write(log_fd, text, strlen(text)) < 0)
		perror("fuzz: /dev/kmsg");
}

static bool is_complaint(const char *line)
{
	static const char *const words[] = {"BUG: ",
					    "WARNING: ",
					    "KASAN: ",
					    "UBSAN: ",
					    "Oops: ",
					    "ODEBUG: ",
					    "refcount_t: ",
					    "cut here ",
					    "general protection fault",
					    "blocked for more than",
					    "list_add ",
					    "list_del ",
					    "self-detected stall"};
	const char *text = strchr(line, ';');

	for (unsigned int i = 0; text && i < sizeof(words) / sizeof(*words); i++)
		if (strstr(text, words[i]))
			return true;
	return false;
}

/* A record is "priority,number,time,-;message", then lines that begin with a blank. */
static void print_message(char *record)
{
	char *text = strchr(record, ';'), *end = text ? strchr(text, '\n') : NULL;

	if (end)
		*end = 0;
	if (text)
		printf("#     %s\n", text + 1);
}

static bool read_all(bool show)
{
	char line[8192];
	bool found = false;
	ssize_t n;

	while ((n = read(log_fd, line, sizeof(line) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		if (n < 0)
			continue; /* some were overwritten before they were read */
		line[n] = 0;
		found |= is_complaint(line);
		if (show)
			print_message(line);
	}
	return found;
}

/* What was shown counts, too. */
static bool shown_one;

void kmsg_show(void) { shown_one |= read_all(true); }

bool kmsg_complaint(void) { return read_all(false) || shown_one; }
