// SPDX-License-Identifier: GPL-2.0-only
/* Memory served by userfaultfd, or rather not served. */
#include "stall.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "system.h"

#define PAGE 4096UL

static int open_uffd(struct stall *s, __u64 mode)
{
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register reg = {.range = {(uintptr_t)s->mem, s->len}, .mode = mode};

	s->fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (s->fd < 0)
		return -errno;
	if (ioctl(s->fd, UFFDIO_API, &api) || ioctl(s->fd, UFFDIO_REGISTER, &reg)) {
		int rc = -errno;

		close(s->fd);
		s->fd = -1;
		return rc;
	}
	return 0;
}

static int protect(struct stall *s, __u64 mode)
{
	struct uffdio_writeprotect wp = {.range = {(uintptr_t)s->mem, s->len}, .mode = mode};

	return ioctl(s->fd, UFFDIO_WRITEPROTECT, &wp) ? -errno : 0;
}

int stall_open(struct stall *s, size_t len)
{
	*s = (struct stall){.mem = pages_alloc(len), .len = len};
	return open_uffd(s, UFFDIO_REGISTER_MODE_MISSING);
}

int stall_open_for_writes(struct stall *s, const void *content, size_t len)
{
	int rc;

	*s = (struct stall){.mem = pages_alloc(PAGE), .len = PAGE, .writes_only = true};
	memcpy(s->mem, content, len);
	rc = open_uffd(s, UFFDIO_REGISTER_MODE_WP);
	return rc ? rc : protect(s, UFFDIO_WRITEPROTECT_MODE_WP);
}

bool stall_wait(struct stall *s)
{
	struct pollfd p = {.fd = s->fd, .events = POLLIN};
	struct uffd_msg msg;

	return poll(&p, 1, 10 * 1000) == 1 && read(s->fd, &msg, sizeof(msg)) == sizeof(msg) &&
	       msg.event == UFFD_EVENT_PAGEFAULT;
}

/* Page by page: some may be there already. */
static int fill_in(struct stall *s)
{
	for (size_t at = 0; at < s->len; at += PAGE) {
		struct uffdio_zeropage zero = {.range = {(uintptr_t)s->mem + at, PAGE}};

		if (ioctl(s->fd, UFFDIO_ZEROPAGE, &zero) && errno != EEXIST)
			return -errno;
	}
	return 0;
}

int stall_let_go(struct stall *s) { return s->writes_only ? protect(s, 0) : fill_in(s); }

void stall_close(struct stall *s)
{
	close(s->fd);
	pages_free(s->mem, s->len);
}

static void *run_call(void *arg)
{
	struct stalled_call *call = arg;

	call->rc = call->run(call->arg);
	__atomic_store_n(&call->returned, true, __ATOMIC_SEQ_CST);
	return NULL;
}

int stall_start(struct stalled_call *call, int (*run)(void *), void *arg)
{
	*call = (struct stalled_call){.run = run, .arg = arg};
	return -pthread_create(&call->thread, NULL, run_call, call);
}

bool stall_goes_on(const struct stalled_call *call)
{
	usleep(50 * 1000);
	return !__atomic_load_n(&call->returned, __ATOMIC_SEQ_CST);
}

int stall_join(struct stalled_call *call)
{
	pthread_join(call->thread, NULL);
	return call->rc;
}

int poll_readable(void *fd)
{
	struct pollfd p = {.fd = *(int *)fd, .events = POLLIN};

	return poll(&p, 1, -1);
}
