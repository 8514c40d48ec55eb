/* The keeper: a small process beside the holder that starts Node when a set is to be fetched anew, and once more when
 * its token is to be let go. The holder can't: it has no network and never execs again. */
#ifndef TAZPOD_KEEP_H
#define TAZPOD_KEEP_H

#include "lib/place.h"

/* Starts a keeper for the holder of PLACE and returns when it is connected, or is not needed after all. AT_TERMINAL: it
 * stays in this terminal's session, so that the holder lets it ask. Without a keeper the set is still in: no failure. */
void keeper_start(const struct place *place, bool at_terminal);

#endif
