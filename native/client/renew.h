#ifndef TAZPOD_RENEW_H
#define TAZPOD_RENEW_H

#include "lib/location.h"

/* Has the holder's monitor fetch the set anew, and waits 30 s at most. Whether that worked, the holder knows. */
void renew_now(const struct location *location);

#endif
