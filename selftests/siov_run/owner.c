// SPDX-License-Identifier: GPL-2.0-only
/* An owner: a process, its /dev/iommu, and a thread for each of its slices. */
#include "owner.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/iommufd.h"

#define PATIENCE_S 60

int say_done(struct reply *reply, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(reply->text, sizeof(reply->text), format, ap);
	va_end(ap);
	return 0;
}

int say_failed(struct reply *reply, int rc, const char *what)
{
	snprintf(reply->text, sizeof(reply->text), "%s: %s", what, strerror(-rc));
	return rc;
}

int say_wrong(struct reply *reply, const char *what)
{
	snprintf(reply->text, sizeof(reply->text), "%s", what);
	return -EIO;
}

static int do_idle(struct actor *a, __u64 arg, struct reply *reply)
{
	(void)a;
	(void)arg;
	(void)reply;
	return 0;
}

typedef int action(struct actor *a, __u64 arg, struct reply *reply);

static action *const ops[OPS] = {
	[OP_OPEN] = do_open,       [OP_MAP] = do_map,     [OP_ATTACH] = do_attach, [OP_DMA] = do_dma,
	[OP_COPY] = do_copy,       [OP_TOUCH] = do_touch, [OP_BUSY] = do_busy,     [OP_IDLE] = do_idle,
	[OP_REPLACE] = do_replace, [OP_QUEUE] = do_queue, [OP_FAULT] = do_fault,   [OP_QUIET] = do_quiet,
	[OP_CLOSE] = do_close,
};

static void *actor_main(void *data)
{
	struct actor *a = data;
	struct request request = {.op = OP_IDLE};

	while (request.op != OP_CLOSE && recv(a->port, &request, sizeof(request), 0) == sizeof(request)) {
		struct reply reply = {0};

		reply.rc = ops[request.op](a, request.arg, &reply);
		if (send(a->port, &reply, sizeof(reply), MSG_NOSIGNAL) != sizeof(reply))
			break;
	}
	return NULL;
}

bool next_request_is_here(struct actor *a)
{
	struct request next;

	return recv(a->port, &next, sizeof(next), MSG_PEEK | MSG_DONTWAIT) >= 0;
}

/* In the child, which ends with the director at the latest */
static void owner_main(struct part *const *parts, const int *ports, int n)
{
	struct actor actors[SLICES] = {0};
	pthread_t threads[SLICES];
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = iommufd_open();
	for (int i = 0; i < n; i++) {
		actors[i] = (struct actor){.part = parts[i], .port = ports[i], .iommufd = fd};
		if (fd < 0 || pthread_create(&threads[i], NULL, actor_main, &actors[i]))
			_exit(1);
	}
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	_exit(0);
}

int owner_start(struct part *const *parts, int n)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	int ports[SLICES], pair[2];
	pid_t pid;

	for (int i = 0; i < n; i++) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
			return -errno;
		setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		parts[i]->port = pair[0];
		ports[i] = pair[1];
	}
	pid = fork();
	if (!pid)
		owner_main(parts, ports, n);
	for (int i = 0; i < n; i++) {
		close(ports[i]);
		parts[i]->owner = pid;
	}
	return pid < 0 ? -ENOMEM : 0;
}

int part_tell(struct part *part, enum op op, __u64 arg)
{
	const struct request request = {.op = op, .arg = arg};

	return send(part->port, &request, sizeof(request), MSG_NOSIGNAL) == sizeof(request) ? 0 : -EPIPE;
}

int part_hear(struct part *part, struct reply *reply)
{
	ssize_t n = recv(part->port, reply, sizeof(*reply), 0);

	if (n == sizeof(*reply))
		return 0;
	return n < 0 && errno == EAGAIN ? -ETIMEDOUT : -EPIPE;
}
