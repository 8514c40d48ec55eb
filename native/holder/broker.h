/* Inside a command's view no holder may start: it would keep that view, and its memory would belong to a namespace of
 * the user. No monitor either: it would keep the command's files. A session outside starts both instead, on request. */
#ifndef TAZPOD_BROKER_H
#define TAZPOD_BROKER_H

#include "holder/sentinel.h"
#include "lib/location.h"

#define BROKER_VARIABLE "TAZPOD_BROKER"
enum { BROKER_NAME = 64 };

/* Whether this process sees a command's view: a mount of ours (/proc/self/mountinfo). */
bool inside_view(void);
/* Asks the session around this process to start a holder, and a monitor that starts Node in the current folder. True: it is
 * ready, and MONITOR has the holder's end of the monitor, which it gets with its first set; false: another one has the
 * lock. Dies where there is no session, or with its words. */
bool broker_ask(const struct location *location, int *monitor);
/* The same where a holder runs already: the holder's end of a monitor, or -1. Without a session or an answer there is none: no
 * failure. */
int broker_ask_monitor(const struct location *location);
/* Asks it to start the sentinel of LOCATION, as sentinel_start does. */
bool broker_ask_sentinel(const struct location *location, bool suspend, bool screen, char problem[SENTINEL_WORDS]);
/* A socket for broker_answer, with its NAME in the abstract namespace (unix(7)): no file is left behind. */
int broker_listen(char name[BROKER_NAME]);
/* Takes one request, in a child of this process. */
void broker_answer(int listener);

#endif
