/* `session: { lockOn: [suspend, screen] }`: a small process beside the holder that locks it when logind tells that the
 * machine goes to sleep, or that a screen of this user was locked (org.freedesktop.login1(5)). The holder can't listen
 * itself: it has no network namespace but its own, and no system call to connect with. */
#ifndef TAZPOD_SENTINEL_H
#define TAZPOD_SENTINEL_H

#include "lib/location.h"

enum { SENTINEL_WORDS = 256 };

/* Starts it for the holder of LOCATION, and returns when it listens; one that listens for other events is dismissed. No
 * event: only that. False where logind can't be heard, and why in PROBLEM. Dies where nothing is unlocked. */
bool sentinel_start(const struct location *location, bool suspend, bool screen, char problem[SENTINEL_WORDS]);

#endif
