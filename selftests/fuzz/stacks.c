// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a worker that does not move is at, in lines that begin with '#': each thread of each process of its group, with
 * its state and its stack in the kernel, and what the processors run (a thread that runs has no stack to be read).
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

/* A file of a thread; its length, less than room, 0: it cannot be read */
static size_t slurp(const char *folder, const char *name, char *text, size_t room)
{
	char path[700];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%.600s/%.20s", folder, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, room - 1);
	close(fd);
	n = n > 0 ? n : 0;
	text[n] = 0;
	return n;
}

static void show_lines(char *text)
{
	char *save;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		printf("#     %s\n", line);
}

static void show_thread(const char *folder, const char *tid)
{
	char state[512], wchan[128], stack[4096], *behind_name;

	if (!slurp(folder, "stat", state, sizeof(state)))
		return;
	behind_name = strrchr(state, ')');
	slurp(folder, "wchan", wchan, sizeof(wchan));
	printf("#   thread %s: state %c, waits in %s\n", tid, behind_name ? behind_name[2] : '?', wchan);
	if (slurp(folder, "stack", stack, sizeof(stack)))
		show_lines(stack);
}

/* Calls show for each number that folder has an entry for. */
static void each_number(const char *folder, void (*show)(const char *path, const char *name, pid_t group), pid_t group)
{
	DIR *dir = opendir(folder);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		char path[600];

		if (atoi(e->d_name) <= 0)
			continue;
		snprintf(path, sizeof(path), "%.500s/%.20s", folder, e->d_name);
		show(path, e->d_name, group);
	}
	if (dir)
		closedir(dir);
}

static void thread(const char *path, const char *name, pid_t group)
{
	(void)group;
	show_thread(path, name);
}

static void process(const char *path, const char *name, pid_t group)
{
	char state[512], tasks[620];
	const char *behind_name;
	int of;

	if (!slurp(path, "stat", state, sizeof(state)))
		return;
	behind_name = strrchr(state, ')');
	if (!behind_name || sscanf(behind_name + 1, " %*c %*d %d", &of) != 1 || of != group)
		return;
	printf("#   process %s\n", name);
	snprintf(tasks, sizeof(tasks), "%s/task", path);
	each_number(tasks, thread, group);
}

static void processors(void)
{
	const int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "l", 1) == 1) {
		usleep(200000);
		kmsg_show();
	}
	close(fd);
}

void stacks_show(pid_t group)
{
	each_number("/proc", process, group);
	processors();
	fflush(stdout);
}
