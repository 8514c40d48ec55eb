/* The activity log: one JSON object per line, names and never values (tazpod log shows it). */
#ifndef TAZPOD_JOURNAL_H
#define TAZPOD_JOURNAL_H

#include <stdint.h>
#include <sys/types.h>

#include "protocol/wire.h"

/* Opens $XDG_STATE_HOME/tazpod/log.jsonl (0600, appended to), creating the folders. Dies with the reason. */
int journal_open(void);

struct journal_event {
	const char *event; /* unlock, grant, exit, deny, lock */
	struct str project, command;
	pid_t pid;          /* 0: none */
	const char *reason; /* NULL: none; a fixed word, or text of ours */
	const struct str *names;
	size_t name_count;
	int64_t count; /* number of secrets of an unlock or a lock; -1: none */
};

/* Appends one line. A full disk loses the line, not the service: the journal is no promise of DESIGN §1. */
void journal_write(int fd, const struct journal_event *event);

#endif
