/* `tazpod status --prompt`: a few characters for the shell's prompt. */
#ifndef TAZPOD_PROMPT_H
#define TAZPOD_PROMPT_H

#include "client/state.h"

/* "lab 11h59m", "lab locked"; nothing outside a project that was never unlocked. STATE NULL: locked. */
void prompt_print(const struct state *state, const struct location *location);

#endif
