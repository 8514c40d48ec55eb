/* The terminal as it was before a session, whatever ends the session. */
#ifndef TAZPOD_PAGE_H
#define TAZPOD_PAGE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A page of memory that the session (Node), its parent and its restorer share (memfd_create(2)): how to put the terminal
 * back is in there before anything is changed on it, so that whoever is left can do it.
 * 0: u16 length, then the bytes to write (Node keeps them up to date); 2048: flags; 2052: u32, pid of the shell;
 * 2060: locked (F_OFD_SETLK, fcntl(2)) while the terminal is lent to a command; 2304: struct termios. */
enum {
	PAGE_BYTES = 2046,
	PAGE_FLAGS = 2048,
	PAGE_SHELL = 2052,
	PAGE_LENT = 2060,
	PAGE_TERMIOS = 2304,
	PAGE_ROOM = 4096
};
/* OVER: the parent has put everything back. */
enum { PAGE_OVER = 1 };

/* Notes how the terminal TTY is set and makes it raw (cfmakeraw(3)). Returns the page. Dies where TTY is none. */
int page_begin(int tty);
uint8_t page_flags(int page);
/* The session's own shell, 0 before it is there. */
pid_t page_shell(int page);
void page_set_flag(int page, uint8_t flag);
/* Writes what Node left to be written, and sets TTY as it was. With IF_RAW only where nobody else has set it since: the
 * shell that waited for us may be reading its next line already. */
void page_restore(int page, int tty, bool if_raw);
/* Blocks SIGCHLD and what ends a session, none of them ignored any more (an ignored one would never show). Returns
 * them, and in BEFORE, unless it is NULL, what was blocked until now. */
sigset_t block_session_signals(sigset_t *before);
/* Lends the terminal, for as long as any process has the descriptor open that this returns (close-on-exec). The lock is
 * one of an open file description (fcntl(2)), so it needs a description of its own. -1 with errno set. */
int page_lend(int page);
/* Returns once no command has the terminal, which ends when the session does; after a while in any case. */
void page_await_lent(int page);

#endif
