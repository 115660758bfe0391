/* SPDX-License-Identifier: GPL-2.0-only */
/* Other processes and users, descriptors that are sent to them, and descriptors of the same file. */
#ifndef SELFTESTS_LIB_PROCESS_H
#define SELFTESTS_LIB_PROCESS_H

/* From now on an ordinary user; 0 or a negative errno. */
int become_user(int uid);
/* RLIMIT_MEMLOCK in bytes */
int set_memlock(unsigned long bytes);

/* Over a socket of socketpair(AF_UNIX). 0; the descriptor; or a negative errno */
int send_fd(int sock, int fd);
int receive_fd(int sock);

/* Another open file of what the descriptor is: how like open(). A descriptor or a negative errno */
int open_again(int fd, int how);

/* Waits for the child to exit: its status, or -ECHILD when it was killed. */
int child_status(int pid);

#endif /* SELFTESTS_LIB_PROCESS_H */
