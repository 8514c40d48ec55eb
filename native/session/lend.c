#include "verbs.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "lib/base.h"
#include "session/page.h"

/* How long the command may take to end by itself. */
enum { JOB_PATIENCE_MS = 1000, LOOK_MS = 20 };
/* The command inherits this, and nothing else but its standard streams. */
enum { LENT_FD = 3 };

/* Starts COMMAND as a job of its own in the foreground: a Ctrl-C there is not the session's. */
static pid_t lend_to(char **command, int lent, const sigset_t *mask)
{
	pid_t us = getpid(), child = fork();
	if (child < 0)
		die_errno(EXIT_SYSTEM, NULL, "can't fork");
	if (child > 0) {
		(void)setpgid(child, child); /* whoever is first: its group exists before it is signalled */
		return child;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != us)
		_exit(EXIT_SYSTEM);
	if (setpgid(0, 0) != 0 || tcsetpgrp(STDIN_FILENO, getpgrp()) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't lend the terminal");
	signal(SIGTTOU, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
	/* The session's own end of its terminal must end with the session; this is held to the command's end. */
	if (dup3(lent, LENT_FD, 0) != LENT_FD || close_range(LENT_FD + 1, ~0u, 0) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't lend the terminal");
	execvp(command[0], command);
	die_errno(EXIT_NOT_FOUND, NULL, "can't start %.400s", command[0]);
}

static void end_job(pid_t child)
{
	(void)kill(-child, SIGTERM);
	(void)kill(-child, SIGCONT);
}

/* A stopped job, which nobody is here to type fg for. In the background it would stop again at once: the shell outside
 * has the terminal, and what the job still wants to set there would be wrong by now. */
static void unstop_job(pid_t child, int by, bool ending)
{
	(void)kill(-child, ending || by == SIGTTIN || by == SIGTTOU ? SIGKILL : SIGCONT);
}

/* Waits for the job's end and ends it where we are ASKED to end. Returns its wait status. */
static int await_job(pid_t child, const sigset_t *signals, bool *asked)
{
	const struct timespec look = {.tv_nsec = LOOK_MS * 1000000};
	uint64_t kill_at = 0;
	int status;
	for (;;) {
		int got = sigtimedwait(signals, NULL, *asked ? &look : NULL);
		if (got > 0 && got != SIGCHLD && !*asked) {
			*asked = true;
			kill_at = clock_ns(CLOCK_MONOTONIC) + JOB_PATIENCE_MS * 1000000ull;
			end_job(child);
		}
		pid_t ended = waitpid(child, &status, WNOHANG | WUNTRACED);
		if (ended < 0 && errno != EINTR)
			die_errno(EXIT_BUG, NULL, "waitpid");
		if (ended == child && !WIFSTOPPED(status))
			return status;
		if (ended == child)
			unstop_job(child, WSTOPSIG(status), *asked);
		if (*asked && clock_ns(CLOCK_MONOTONIC) >= kill_at)
			(void)kill(-child, SIGKILL);
	}
}

/* Whether the session goes on. It asks us to end when it ends itself, and so does the kernel at the end of the thread
 * that started us; getppid(2) changes only when the last thread of its process has ended. */
static bool goes_on(pid_t session)
{
	sigset_t pending;
	return getppid() == session && sigpending(&pending) == 0 && !sigismember(&pending, SIGTERM);
}

/* `tazpod ghost lend PAGE_FD SESSION [COMMAND…]`: runs a command on the terminal as it was before the session whose
 * page PAGE_FD is, as the job in the foreground, then makes the terminal raw again. The command is ended
 * (SIGTERM, then SIGKILL) when SESSION, the process that asks for it, ends or sends us SIGTERM. Without a command it
 * waits for one that is left and takes the terminal back. Returns the command's exit code. */
int verb_lend(int argc, char **argv)
{
	unsigned long page, session;
	struct termios was;
	sigset_t mask, signals = block_session_signals(&mask);
	int status = 0;
	bool asked = false;
	if (argc < 2 || !parse_number(argv[0], 1 << 20, &page) || !parse_number(argv[1], 1ul << 30, &session))
		die(EXIT_USAGE, "tazpod shell --help", "ghost lend is for tazpod itself");
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (!goes_on((pid_t)session))
		return EXIT_SYSTEM; /* over before it began */
	if (pread((int)page, &was, sizeof was, PAGE_TERMIOS) != sizeof was)
		die_errno(EXIT_SYSTEM, NULL, "can't tell how the terminal was set");
	signal(SIGTTOU, SIG_IGN);
	if (argc == 2) {
		page_await_lent((int)page);
	} else {
		int lent = page_lend((int)page);
		if (lent < 0)
			die_errno(EXIT_SYSTEM, NULL, "can't lend the terminal");
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &was);
		status = await_job(lend_to(argv + 2, lent, &mask), &signals, &asked);
	}
	/* Without the session the terminal is its parent's to restore, or has been taken by the shell outside. */
	if (!asked && goes_on((pid_t)session)) {
		(void)tcsetpgrp(STDIN_FILENO, getpgrp());
		cfmakeraw(&was);
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &was);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
