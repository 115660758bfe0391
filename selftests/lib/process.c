// SPDX-License-Identifier: GPL-2.0-only
/* Changing the user, limits, SCM_RIGHTS, exit statuses. */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int become_user(int uid)
{
	if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		return -errno;
	return 0;
}

int set_memlock(unsigned long bytes)
{
	struct rlimit r = {bytes, bytes};

	return setrlimit(RLIMIT_MEMLOCK, &r) ? -errno : 0;
}

/* A message of one byte and room for one descriptor */
struct parcel {
	char byte;
	struct iovec iov;
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr msg;
};

static void parcel_init(struct parcel *p)
{
	memset(p, 0, sizeof(*p));
	p->iov = (struct iovec){&p->byte, 1};
	p->msg = (struct msghdr){
		.msg_iov = &p->iov,
		.msg_iovlen = 1,
		.msg_control = &p->control,
		.msg_controllen = sizeof(p->control),
	};
}

int send_fd(int sock, int fd)
{
	struct parcel p;

	parcel_init(&p);
	p.control.head = (struct cmsghdr){
		.cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
	};
	memcpy(CMSG_DATA(&p.control.head), &fd, sizeof(fd));
	return sendmsg(sock, &p.msg, 0) == 1 ? 0 : -errno;
}

int receive_fd(int sock)
{
	struct parcel p;
	int fd;

	parcel_init(&p);
	if (recvmsg(sock, &p.msg, 0) != 1)
		return -errno;
	if (!CMSG_FIRSTHDR(&p.msg) || p.control.head.cmsg_type != SCM_RIGHTS)
		return -EBADMSG;
	memcpy(&fd, CMSG_DATA(&p.control.head), sizeof(fd));
	return fd;
}

int open_again(int fd, int how)
{
	char path[32];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, how);
	return again < 0 ? -errno : again;
}

int child_status(int pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -ECHILD;
}
