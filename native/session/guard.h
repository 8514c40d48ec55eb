/* The terminal as it was before a session, whatever ends the session. */
#ifndef TAZPOD_GUARD_H
#define TAZPOD_GUARD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A page of memory that the session (Node), its parent and its watcher share (memfd_create(2)): how to put the terminal
 * back is in there before anything is changed on it, so that whoever is left can do it.
 * 0: u16 length, then the bytes to write (Node keeps them up to date); 2048: flags; 2052: u32, pid of the shell;
 * 2060: locked (F_OFD_SETLK, fcntl(2)) while the terminal is lent to a command; 2304: struct termios. */
enum {
	GUARD_BYTES = 2046,
	GUARD_FLAGS = 2048,
	GUARD_SHELL = 2052,
	GUARD_LENT = 2060,
	GUARD_TERMIOS = 2304,
	GUARD_SIZE = 4096
};
/* OVER: the parent has put everything back. */
enum { GUARD_OVER = 1 };

/* Notes how the terminal TTY is set and makes it raw (cfmakeraw(3)). Returns the page. Dies where TTY is none. */
int guard_begin(int tty);
uint8_t guard_flags(int page);
/* The session's own shell, 0 before it is there. */
pid_t guard_shell(int page);
void guard_set_flag(int page, uint8_t flag);
/* Writes what Node left to be written, and sets TTY as it was. With IF_RAW only where nobody else has set it since: the
 * shell that waited for us may be reading its next line already. */
void guard_restore(int page, int tty, bool if_raw);
/* Blocks SIGCHLD and what ends a session, none of them ignored any more (an ignored one would never show). Returns
 * them, and in BEFORE, unless it is NULL, what was blocked until now. */
sigset_t guard_block_signals(sigset_t *before);
/* Lends the terminal, for as long as any process has the descriptor open that this returns (close-on-exec). The lock is
 * one of an open file description (fcntl(2)), so it needs a description of its own. -1 with errno set. */
int guard_lend(int page);
/* Returns once no command has the terminal, which ends when the session does; after a while in any case. */
void guard_await_lent(int page);

#endif
