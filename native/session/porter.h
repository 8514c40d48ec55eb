/* Inside a command's view no holder may start: it would keep that view, and its memory would belong to a namespace of
 * the user. No keeper either: it would keep the command's files. A session outside starts them instead, on request. */
#ifndef TAZPOD_PORTER_H
#define TAZPOD_PORTER_H

#include "holder/sentinel.h"
#include "lib/place.h"

#define PORTER_VARIABLE "TAZPOD_PORTER"
enum { PORTER_NAME = 64 };

/* Whether this process sees a command's view: a mount of ours (/proc/self/mountinfo). */
bool inside_view(void);
/* Asks the session around this process to start a holder. True: it is ready; false: another one has the lock. Dies
 * where there is no session, or with its words. */
bool porter_ask(const struct place *place);
/* Asks it to start a keeper of PLACE that starts Node in the current folder, and returns when that one is connected or
 * is not to be had: never a failure, as in keeper_start. */
void porter_ask_keeper(const struct place *place);
/* Asks it to start the sentinel of PLACE, as sentinel_start does. */
bool porter_ask_sentinel(const struct place *place, bool suspend, bool screen, char problem[SENTINEL_WORDS]);
/* A socket for porter_answer, with its NAME in the abstract namespace (unix(7)): no file is left behind. */
int porter_listen(char name[PORTER_NAME]);
/* Takes one request, in a child of this process. */
void porter_answer(int listener);

#endif
