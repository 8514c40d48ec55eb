/* The monitor: a small process beside the holder that starts Node when a set is to be fetched anew, and once more when
 * its token is to be let go. The holder can't: it has no network and never execs again. */
#ifndef TAZPOD_MONITOR_H
#define TAZPOD_MONITOR_H

#include "lib/location.h"

/* Starts a monitor for the holder of LOCATION and returns when it is connected, or is not needed after all. AT_TERMINAL: it
 * stays in this terminal's session, so that the holder lets it ask. Without a monitor the set is still in: no failure. */
void monitor_start(const struct location *location, bool at_terminal);

#endif
