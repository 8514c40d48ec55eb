/* Every holder of this user, found in /proc: also one whose runtime folder or project is gone. */
#ifndef TAZPOD_HOLDERS_H
#define TAZPOD_HOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "client/state.h"
#include "lib/location.h"

struct seen_holder {
	pid_t pid;
	int pidfd;
	bool young;    /* started within the last seconds: it may not listen yet */
	char *runtime; /* the folder that it was started for */
};

/* The holders of this user, oldest number first; none that /proc hides (hidepid=2, another PID namespace). Dies only
 * where /proc can't be read at all. */
size_t holders_find(struct seen_holder **out);
void holders_free(struct seen_holder *list, size_t count);
/* A connection to the socket in its folder, if this very process is at the other end; else -1. Never dies: the
 * arguments of a process are what anybody in the account may make them. */
int holder_reach(const struct seen_holder *seen);
/* Asks for TYPE (FRAME_STATUS, FRAME_LOCK). False where it is not reached or answers no state. */
bool holder_ask(const struct seen_holder *seen, enum frame_type type, struct state *out);
/* Ends it: it wipes itself at SIGTERM. False where it lives on (EPERM). */
bool holder_end(const struct seen_holder *seen);
/* Of the project of LOCATION, wherever the folder is that it was started for. `default` belongs to each runtime folder of its
 * own: another one's counts only where it is lost. */
bool holder_is_of(const struct seen_holder *seen, const struct location *location);

#endif
