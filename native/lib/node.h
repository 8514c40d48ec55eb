/* Everything that needs a prompt or a decision is done by Node; this starts it. */
#ifndef TAZPOD_NODE_H
#define TAZPOD_NODE_H

#include <stdbool.h>
#include <sys/types.h>

/* Becomes Node with main.js and ARGV (without the program's name). Does not return. */
_Noreturn void node_become(char **argv);
/* Runs `tazpod pull --for-exec` and waits, as the terminal's foreground process: Ctrl-C reaches Node alone.
 * Returns when the secrets are in; otherwise ends with Node's exit code or signal. PASSPHRASE_FD is -1 for none. */
void node_unlock(bool interactive, int passphrase_fd);
/* A Node that runs beside us, with what it starts in a process group of its own. */
struct node {
	pid_t pid; /* 0: none */
	int pidfd;
};

/* Starts Node with ARGV (without the program's name), INPUT as its stdin and OUTPUT (-1: nothing) as its stdout. DIES_WITH_US:
 * it is ended when this process ends. False, with nothing started, where the machine refuses. */
bool node_start(struct node *node, char **argv, int input, int output, bool dies_with_us);
void node_signal(const struct node *node, int signal);
/* Takes the end of a Node that has ended, and ends what is left of its group. Returns its exit code, 128+n for a
 * signal; EXIT_BUG where none was started. */
int node_reap(struct node *node);
/* Ends it: asks, waits GRACE_MS, kills. */
void node_stop(struct node *node, int grace_ms);

#endif
