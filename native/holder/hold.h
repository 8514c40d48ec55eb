/* Starting the holder. */
#ifndef TAZPOD_HOLD_H
#define TAZPOD_HOLD_H

#include "lib/location.h"

/* Starts a holder. True when it became ready, false when another one has the lock. Dies with the holder's own words. */
bool holder_launch(const struct location *location);

#endif
