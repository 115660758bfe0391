// SPDX-License-Identifier: GPL-2.0-only
/* Running mdevctl. */
#include "mdevctl.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"

#define MDEVS     "/sys/bus/mdev/devices"
#define WORDS_MAX 16

static void become_mdevctl(int output, const char *const *words)
{
	const char *argv[WORDS_MAX + 2] = {"mdevctl"};

	for (int i = 0; i < WORDS_MAX && words[i]; i++)
		argv[i + 1] = words[i];
	if (dup2(output, STDOUT_FILENO) >= 0 && dup2(output, STDERR_FILENO) >= 0)
		execvp(argv[0], (char *const *)argv);
	dprintf(output, "mdevctl: %s\n", strerror(errno));
	_exit(127);
}

int mdevctl(char *out, size_t len, const char *const *words)
{
	char rest[512];
	size_t have = 0;
	int port[2], status;
	ssize_t n;
	pid_t pid;

	if (pipe(port))
		return -errno;
	pid = fork();
	if (!pid)
		become_mdevctl(port[1], words);
	close(port[1]);
	/* What does not fit is read all the same, so that it is not killed by a full pipe. */
	while ((n = have + 1 < len ? read(port[0], out + have, len - 1 - have) : read(port[0], rest, sizeof(rest))) > 0)
		if (have + 1 < len)
			have += (size_t)n;
	out[have] = '\0';
	close(port[0]);
	status = pid < 0 ? -ENOMEM : child_status(pid);
	return status > 0 ? -EIO : status;
}

int mdev_count(void)
{
	struct dirent **names;
	int n = scandir(MDEVS, &names, NULL, NULL);

	if (n < 0)
		return errno == ENOENT ? 0 : -errno;
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
	return n - 2; /* . and .. */
}
