/* The commands that run with secrets of this holder, watched through pidfds. */
#ifndef TAZPOD_RUNNING_H
#define TAZPOD_RUNNING_H

#include <stdbool.h>
#include <sys/types.h>

#include "protocol/wire.h"

enum { RUNNING_MAX = 4096 };

struct running {
	int pidfd; /* -1: the slot is free */
	pid_t pid;
	uint64_t started_ms;
	char *names; /* command, then secret names, each NUL-terminated; owned */
	uint16_t name_count;
};

struct running_list {
	struct running *slots; /* grows up to RUNNING_MAX */
	uint32_t room, count;
};

/* Notes a command; takes PIDFD. Returns its slot, or -1 where the list or memory is full (PIDFD is then closed). */
int running_add(struct running_list *list, int pidfd, pid_t pid, struct str command, const struct str *names,
                uint16_t name_count);
void running_remove(struct running_list *list, uint32_t slot);
struct str running_command(const struct running *running);
/* Appends `u16 n` and the commands as STATE wants them. */
void running_encode(const struct running_list *list, struct writer *w);

/* Where a process sits: its session and controlling terminal (proc(5), stat fields 6 and 7), and when the session's
 * leader started, since terminal and session numbers are used again. */
struct terminal {
	int tty, session;
	unsigned long long leader_start;
};

/* False where the process PID is gone or has no terminal, or where PID is no longer that of PIDFD: a process with a
 * terminal could have got the number of one that asked and ended. */
bool terminal_of(pid_t pid, int pidfd, struct terminal *out);

#endif
