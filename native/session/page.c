#include "session/page.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "lib/base.h"

/* A terminal that takes nothing (held by Ctrl-S, or gone) must not keep us. */
enum { TERMINAL_PATIENCE_MS = 1000 };
/* A command to which it is lent ends a second after it was asked to (lend.c). */
enum { LENT_PATIENCE_MS = 1500, LENT_LOOK_MS = 5 };

int page_begin(int tty)
{
	struct termios was;
	int page = memfd_create("tazpod-terminal", MFD_CLOEXEC);
	if (page < 0 || ftruncate(page, PAGE_ROOM) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't make the terminal's page");
	if (tcgetattr(tty, &was) != 0 || pwrite(page, &was, sizeof was, PAGE_TERMIOS) != sizeof was)
		die_errno(EXIT_SYSTEM, NULL, "can't tell how the terminal is set");
	cfmakeraw(&was);
	if (tcsetattr(tty, TCSADRAIN, &was) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't set the terminal");
	return page;
}

uint8_t page_flags(int page)
{
	uint8_t flags = 0;
	(void)!pread(page, &flags, 1, PAGE_FLAGS);
	return flags;
}

pid_t page_shell(int page)
{
	uint8_t n[4] = {0};
	(void)!pread(page, n, sizeof n, PAGE_SHELL);
	return (pid_t)((uint32_t)n[0] | (uint32_t)n[1] << 8 | (uint32_t)n[2] << 16 | (uint32_t)n[3] << 24);
}

void page_set_flag(int page, uint8_t flag)
{
	uint8_t flags = page_flags(page) | flag;
	(void)!pwrite(page, &flags, 1, PAGE_FLAGS);
}

static void write_patiently(int tty, const char *at, size_t size)
{
	struct pollfd ready = {.fd = tty, .events = POLLOUT};
	while (size > 0 && poll(&ready, 1, TERMINAL_PATIENCE_MS) == 1 && !(ready.revents & (POLLHUP | POLLERR))) {
		ssize_t n = write(tty, at, size);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return;
		at += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
}

/* Ours has neither signals nor lines. A shell that edits a line keeps the signals on (readline, zle, fish). */
static bool is_raw(const struct termios *t)
{
	return !(t->c_lflag & (ISIG | ICANON | ECHO)) && !(t->c_oflag & OPOST);
}

void page_restore(int page, int tty, bool if_raw)
{
	uint8_t bytes[PAGE_BYTES + 2] = {0};
	struct termios was, now;
	/* In the background a change of the terminal would stop us (tcsetattr(3), SIGTTOU). */
	signal(SIGTTOU, SIG_IGN);
	if (pread(page, bytes, sizeof bytes, 0) == sizeof bytes) {
		size_t size = (size_t)bytes[0] | (size_t)bytes[1] << 8;
		write_patiently(tty, (char *)bytes + 2, size < PAGE_BYTES ? size : PAGE_BYTES);
		bytes[0] = bytes[1] = 0;
		(void)!pwrite(page, bytes, 2, 0);
	}
	/* A command that it was lent to was the foreground; nobody is in that group any more. */
	pid_t foreground = if_raw ? -1 : tcgetpgrp(tty);
	if (foreground > 0 && kill(-foreground, 0) != 0 && errno == ESRCH)
		(void)tcsetpgrp(tty, getpgrp());
	if (pread(page, &was, sizeof was, PAGE_TERMIOS) != sizeof was || tcgetattr(tty, &now) != 0)
		return;
	if (!if_raw || is_raw(&now))
		(void)tcsetattr(tty, TCSANOW, &was);
}

sigset_t block_session_signals(sigset_t *before)
{
	static const int which[] = {SIGCHLD, SIGHUP, SIGTERM, SIGINT, SIGQUIT};
	sigset_t set;
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof which / sizeof *which; i++) {
		sigaddset(&set, which[i]);
		signal(which[i], SIG_DFL);
	}
	if (sigprocmask(SIG_BLOCK, &set, before) != 0)
		die_errno(EXIT_BUG, NULL, "sigprocmask");
	return set;
}

static struct flock lent_byte(void)
{
	return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = PAGE_LENT, .l_len = 1};
}

int page_lend(int page)
{
	char path[64];
	struct flock lent = lent_byte();
	snprintf(path, sizeof path, "/proc/self/fd/%d", page);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	return fd >= 0 && fcntl(fd, F_OFD_SETLK, &lent) == 0 ? fd : -1;
}

void page_await_lent(int page)
{
	for (int waited = 0; waited < LENT_PATIENCE_MS; waited += LENT_LOOK_MS) {
		struct flock lent = lent_byte();
		if (fcntl(page, F_OFD_GETLK, &lent) != 0 || lent.l_type == F_UNLCK)
			return;
		(void)poll(NULL, 0, LENT_LOOK_MS);
	}
}
