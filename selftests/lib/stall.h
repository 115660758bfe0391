/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that stops whoever touches it, the kernel within a system call included, until it is let go (userfaultfd; as
 * root). So a test knows that a call is in its middle, and keeps it there.
 */
#ifndef SELFTESTS_LIB_STALL_H
#define SELFTESTS_LIB_STALL_H

#include <stdbool.h>
#include <stddef.h>

struct stall {
	int fd;
	char *mem; /* whole pages, zeros */
	size_t len;
	bool writes_only; /* it can be read (and was filled in before) */
};

/* Any access stops, or only writes to what stall_fill() has put there. 0 or a negative errno */
int stall_open(struct stall *s, size_t len);
int stall_open_for_writes(struct stall *s, const void *content, size_t len);
/* Waits until somebody stands still; false after 10 s. */
bool stall_wait(struct stall *s);
/* From now on it is ordinary memory. */
int stall_let_go(struct stall *s);
void stall_close(struct stall *s);

/* A call in a thread of its own */
struct stalled_call {
	int (*run)(void *);
	void *arg;
	int rc; /* after stall_join() */
	bool returned;
	unsigned long thread;
};

int stall_start(struct stalled_call *call, int (*run)(void *), void *arg);
/* Whether it is still inside, 50 ms from now */
bool stall_goes_on(const struct stalled_call *call);
int stall_join(struct stalled_call *call);

/*
 * Such a call: waits until the descriptor at fd (an int) can be read. For ever: a poll() whose time is over looks once
 * more, and would find something without having been woken. What poll() returned
 */
int poll_readable(void *fd);

#endif /* SELFTESTS_LIB_STALL_H */
