/* Other processes: a handle that a new process with the same number can't take over (pidfd_open(2)), and children. */
#ifndef TAZPOD_PROCESS_H
#define TAZPOD_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/* A handle of PID, close-on-exec; readable once it has ended. -1 with errno set. */
int process_handle(pid_t pid);
/* False with errno set: ESRCH where it has ended. */
bool process_signal(int handle, int signal);
/* Whether it has ended, or does so within MS (-1: waits for it). */
bool process_ended(int handle, int ms);
/* Waits for a child's end and returns its wait status; where that can't be had (SIGCHLD was ignored by whoever started us),
 * that of an exit with EXIT_BUG. */
int process_reap(pid_t child);

/* Who is attached to PID (0: to us) with ptrace(2); 0: nobody, or nobody in this PID namespace (proc(5), TracerPid). */
pid_t process_tracer(pid_t pid);
/* Dies where somebody is attached to PID, which is WHAT for people. */
void process_refuse_traced(pid_t pid, const char *what);
/* From now on no other process of the user may look in or attach (PR_SET_DUMPABLE, ptrace(2)); dies where one is attached
 * already. execve(2) undoes it, and so does a change of credentials: then once more. */
void process_close(void);

#endif
