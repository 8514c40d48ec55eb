/* The monitor: a small process beside the holder that starts Node when a set is to be fetched anew, and once more when
 * its token is to be let go. The holder can't: it has no network and never execs again. */
#ifndef TAZPOD_MONITOR_H
#define TAZPOD_MONITOR_H

#include "lib/location.h"

/* Starts a monitor for the holder of LOCATION on END, of a socket pair whose other end the holder has, or will get with a
 * set; returns when it is there. It starts Node in the current folder. Without a monitor the set is still in: no failure.
 * Never inside a command's view: it would keep the command's files alive until the lock. */
void monitor_start(const struct location *location, int end);

#endif
