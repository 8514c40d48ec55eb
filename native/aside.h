/* The terminal of a session, lent to a command. */
#ifndef TAZPOD_ASIDE_H
#define TAZPOD_ASIDE_H

/* `tazpod ghost aside PAGE_FD SESSION [COMMAND…]`: runs a command on the terminal as it was before the session whose
 * guard's page PAGE_FD is, as the job in the foreground, then makes the terminal raw again. The command is ended
 * (SIGTERM, then SIGKILL) when SESSION, the process that asks for it, ends or sends us SIGTERM. Without a command it
 * waits for one that is left and takes the terminal back. Returns the command's exit code. */
int verb_aside(int argc, char **argv);

#endif
