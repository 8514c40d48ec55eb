/* Inside a command's view no holder may start: it would keep that view, and its memory would belong to a namespace of
 * the user. No monitor either: it would keep the command's files. A session outside starts them instead, on request. */
#ifndef TAZPOD_BROKER_H
#define TAZPOD_BROKER_H

#include "holder/sentinel.h"
#include "lib/location.h"

#define BROKER_VARIABLE "TAZPOD_BROKER"
enum { BROKER_NAME = 64 };

/* Whether this process sees a command's view: a mount of ours (/proc/self/mountinfo). */
bool inside_view(void);
/* Asks the session around this process to start a holder. True: it is ready; false: another one has the lock. Dies
 * where there is no session, or with its words. */
bool broker_ask(const struct location *location);
/* Asks it to start a monitor of LOCATION that starts Node in the current folder, and returns when that one is connected or
 * is not to be had: never a failure, as in monitor_start. */
void broker_ask_monitor(const struct location *location);
/* Asks it to start the sentinel of LOCATION, as sentinel_start does. */
bool broker_ask_sentinel(const struct location *location, bool suspend, bool screen, char problem[SENTINEL_WORDS]);
/* A socket for broker_answer, with its NAME in the abstract namespace (unix(7)): no file is left behind. */
int broker_listen(char name[BROKER_NAME]);
/* Takes one request, in a child of this process. */
void broker_answer(int listener);

#endif
