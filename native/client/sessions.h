/* `tazpod status --all`: every session of this user. */
#ifndef TAZPOD_SESSIONS_H
#define TAZPOD_SESSIONS_H

#include <stdbool.h>

#include "lib/location.h"

/* One session a line, or {"sessions":[...]} with what `status --json` says of each. */
void sessions_print(bool json);
/* A holder of this project that runs where LOCATION's socket does not lead; its process, or 0. */
int session_elsewhere(const struct location *location);

#endif
