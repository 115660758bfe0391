// SPDX-License-Identifier: GPL-2.0-only
/* QEMU's life, and the accesses of its guest. qtest: QEMU's docs/devel/testing. */
#include "vmm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process.h"
#include "system.h"

enum {
	GUEST_PAGE = 4096,
	OPTIONS_MAX = 16,
	REPLY_MAX = 2 * GUEST_PAGE + 64, /* a page in hexadecimal */
};

static void set_inherited(int fd) { fcntl(fd, F_SETFD, 0); }

/* The machine that every guest has; the firmware is never run. */
static const char *const machine[] = {
	VMM_PROGRAM,   "-S",
	"-nodefaults", "-no-user-config",
	"-machine",    "q35",
	"-accel",      "tcg",
	"-display",    "none",
	"-m",          "64M", /* GUEST_MEMORY */
	"-qtest",      "chardev:qtest",
	"-qtest-log",  "/dev/null",
	"-mon",        "monitor",
	"-global",     "apic-common.vapic=off", /* its firmware is not here */
};

#define MACHINE_WORDS (sizeof(machine) / sizeof(machine[0]))

/* In the child: becomes QEMU, which ends when we do. */
static void become_vmm(int port, int monitor, int errors, const char *const *options)
{
	const char *words[MACHINE_WORDS + OPTIONS_MAX + 7];
	char qtest[48], mon[48], bios[48];
	int firmware = memfd_create("firmware", 0);
	size_t n = MACHINE_WORDS;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (firmware < 0 || ftruncate(firmware, GUEST_FIRMWARE) || dup2(errors, 2) < 0 || dup2(errors, 1) < 0)
		_exit(127);
	set_inherited(port);
	set_inherited(monitor);
	memcpy(words, machine, sizeof(machine));
	snprintf(bios, sizeof(bios), "/proc/self/fd/%d", firmware);
	snprintf(qtest, sizeof(qtest), "socket,id=qtest,fd=%d", port);
	snprintf(mon, sizeof(mon), "socket,id=monitor,fd=%d", monitor);
	words[n++] = "-bios";
	words[n++] = bios;
	words[n++] = "-chardev";
	words[n++] = qtest;
	words[n++] = "-chardev";
	words[n++] = mon;
	for (int i = 0; i < OPTIONS_MAX && options[i]; i++)
		words[n++] = options[i];
	words[n] = NULL;
	execvp(VMM_PROGRAM, (char *const *)words);
	perror(VMM_PROGRAM);
	_exit(127);
}

int vmm_start(struct vmm *vmm, const char *const *options)
{
	int port[2], monitor[2];

	*vmm = (struct vmm){.monitor = -1, .errors = memfd_create("errors", MFD_CLOEXEC)};
	signal(SIGPIPE, SIG_IGN); /* it may end before we know */
	if (vmm->errors < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, port) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, monitor))
		return -errno;
	vmm->monitor = monitor[0];
	vmm->requests = fdopen(port[0], "we");
	vmm->replies = fdopen(fcntl(port[0], F_DUPFD_CLOEXEC, 0), "re");
	vmm->pid = fork();
	if (!vmm->pid)
		become_vmm(port[1], monitor[1], vmm->errors, options);
	close(port[1]);
	close(monitor[1]);
	return vmm->pid < 0 || !vmm->requests || !vmm->replies ? -ENOMEM : 0;
}

int vmm_monitor(struct vmm *vmm, const char *line) { return dprintf(vmm->monitor, "%s\n", line) < 0 ? -EPIPE : 0; }

/* All of stderr so far; to be freed. NULL: no memory */
static char *errors_text(struct vmm *vmm)
{
	off_t len = lseek(vmm->errors, 0, SEEK_CUR);
	char *text = len < 0 ? NULL : calloc(1, len + 1);

	if (text && pread(vmm->errors, text, len, 0) != len)
		*text = '\0';
	return text;
}

bool vmm_said(struct vmm *vmm, const char *what)
{
	char *text = errors_text(vmm);
	bool found = text && strstr(text, what);

	free(text);
	return found;
}

void vmm_show_errors(struct vmm *vmm)
{
	char *text = errors_text(vmm), *rest = text;

	for (char *line; text && (line = strsep(&rest, "\n"));)
		if (*line)
			printf("# %s\n", line);
	fflush(stdout);
	free(text);
}

/* A request, for later */
__attribute__((format(printf, 2, 3))) static int post(struct vmm *vmm, const char *format, ...)
{
	va_list ap;
	int rc;

	va_start(ap, format);
	rc = vfprintf(vmm->requests, format, ap);
	va_end(ap);
	vmm->posted++;
	return rc < 0 ? -EPIPE : 0;
}

/* Lets all that is posted happen. *answer, if anybody asks: what followed the
 * last "OK", until the next time */
static int settle(struct vmm *vmm, const char **answer)
{
	static char line[REPLY_MAX];
	int rc = fflush(vmm->requests) ? -EPIPE : 0;

	for (; vmm->posted; vmm->posted--) {
		if (!fgets(line, sizeof(line), vmm->replies))
			return -EPIPE;
		if (strncmp(line, "OK", 2))
			rc = -EPROTO;
	}
	if (answer)
		*answer = line + 2;
	return rc;
}

int vmm_wait(struct vmm *vmm)
{
	int status = child_status(vmm->pid);

	vmm->pid = 0;
	return status;
}

int vmm_quit(struct vmm *vmm)
{
	int rc = settle(vmm, NULL);

	if (!rc)
		rc = vmm_monitor(vmm, "quit");
	return rc ? rc : vmm_wait(vmm);
}

int vmm_kill(struct vmm *vmm)
{
	if (vmm->pid <= 0)
		return 0;
	kill(vmm->pid, SIGKILL);
	return vmm_wait(vmm);
}

void vmm_free(struct vmm *vmm)
{
	if (vmm->requests)
		fclose(vmm->requests);
	if (vmm->replies)
		fclose(vmm->replies);
	close(vmm->monitor);
	close(vmm->errors);
	*vmm = (struct vmm){.monitor = -1, .errors = -1};
}

static int ask(struct vmm *vmm, const char *what, __u64 addr, __u32 *value)
{
	const char *answer;
	int rc = post(vmm, "%s 0x%llx\n", what, addr);

	if (!rc)
		rc = settle(vmm, &answer);
	*value = rc ? UINT32_MAX : strtoull(answer, NULL, 16);
	return rc;
}

static int tell(struct vmm *vmm, const char *what, __u64 addr, __u64 value)
{
	return post(vmm, "%s 0x%llx 0x%llx\n", what, addr, value);
}

int guest_out(struct vmm *vmm, __u16 port, __u32 value) { return tell(vmm, "outl", port, value); }

int guest_in(struct vmm *vmm, __u16 port, __u32 *value) { return ask(vmm, "inl", port, value); }

int guest_write32(struct vmm *vmm, __u64 addr, __u32 value) { return tell(vmm, "writel", addr, value); }

int guest_write64(struct vmm *vmm, __u64 addr, __u64 value) { return tell(vmm, "writeq", addr, value); }

int guest_read32(struct vmm *vmm, __u64 addr, __u32 *value) { return ask(vmm, "readl", addr, value); }

int guest_fill(struct vmm *vmm, __u64 addr, unsigned int seed)
{
	char hex[2 * GUEST_PAGE + 1];
	unsigned char page[GUEST_PAGE];

	pattern_fill(page, GUEST_PAGE, seed);
	for (int i = 0; i < GUEST_PAGE; i++)
		sprintf(hex + 2 * i, "%02x", page[i]);
	return post(vmm, "write 0x%llx 0x%x 0x%s\n", addr, GUEST_PAGE, hex);
}

int guest_diff(struct vmm *vmm, __u64 addr, unsigned int seed)
{
	unsigned char page[GUEST_PAGE];
	const char *hex;
	int rc = post(vmm, "read 0x%llx 0x%x\n", addr, GUEST_PAGE);

	if (!rc)
		rc = settle(vmm, &hex);
	for (int i = 0; i < GUEST_PAGE && !rc; i++)
		if (sscanf(hex + strlen(" 0x") + 2 * i, "%2hhx", &page[i]) != 1)
			rc = -EPROTO;
	return rc ? rc : (int)pattern_diff(page, GUEST_PAGE, seed);
}
