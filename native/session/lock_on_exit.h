/* The end of the last session of a project, which may lock it (session.lockOnExit). */
#ifndef TAZPOD_LOCK_ON_EXIT_H
#define TAZPOD_LOCK_ON_EXIT_H

/* Locks where what is held says so (META) and no other shell has its secrets. PAGE is the session's, SHELLS the file on which
 * every session of the project has a shared lock. Fails silently: nothing may keep a session from ending. */
void lock_on_exit(int page, int shells);

#endif
