/* What happens with a granted file that the command has changed: `writeback:` of a secret in tazpod.yaml. */
#ifndef TAZPOD_AFTER_H
#define TAZPOD_AFTER_H

#include <sys/types.h>
#include <time.h>

#include "protocol/grant.h"

struct after_file {
	char path[2 * WIRE_MAX_NAME + 2]; /* DIR/FILE in the view */
	char dir[WIRE_MAX_NAME + 1];
	uint16_t mode;
	ino_t ino;
	struct timespec ctime;
	uint8_t *given; /* what the command got, where anybody will look at it afterwards; locked memory */
	size_t size;
};

struct after {
	int view; /* the view's folder; -1: no file was granted */
	struct after_file *files;
	size_t count;
	bool writeback; /* of one of them */
	bool watched;   /* by a person: stderr is a terminal */
};

/* Notes the files of GRANT in VIEW as they are now, before the command runs. */
void after_note(struct after *a, const struct grant *grant, int view);
/* Returns in the process that is to become the command NAME. Where a file may be written back that is a child, and this
 * process stays as its parent: it passes signals on, hands what was changed to Node, and ends as the command did. Where
 * none may and a person looks on (stderr is a terminal), a process beside the command says that a change was dropped. */
void after_split(struct after *a, const char *name);

#endif
