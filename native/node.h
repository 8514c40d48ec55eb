/* Everything that needs a prompt or a decision is done by Node; this starts it. */
#ifndef TAZPOD_NODE_H
#define TAZPOD_NODE_H

#include <stdbool.h>

/* Becomes Node with main.js and ARGV (without the program's name). Does not return. */
_Noreturn void node_become(char **argv);
/* Runs `tazpod pull --for-exec` and waits, as the terminal's foreground process: Ctrl-C reaches Node alone.
 * Returns when the secrets are in; otherwise ends with Node's exit code or signal. PASSPHRASE_FD is -1 for none. */
void node_unlock(bool interactive, int passphrase_fd);

#endif
