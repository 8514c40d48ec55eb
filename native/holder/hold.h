/* Starting the holder. */
#ifndef TAZPOD_HOLD_H
#define TAZPOD_HOLD_H

#include "lib/location.h"

/* A connection to the holder of LOCATION, which is started if there is none. MONITOR gets the end of a monitor
 * that was started together with it, -1 where none was: inside of a view the session around it starts both. Dies with the
 * reason. */
int holder_connect(const struct location *location, int *monitor);
/* Starts a holder. True when it became ready, false when another one has the lock. Dies with the holder's own words. */
bool holder_launch(const struct location *location);

#endif
