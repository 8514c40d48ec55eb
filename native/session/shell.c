#include "verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/base.h"
#include "lib/node.h"
#include "lib/process.h"
#include "protocol/channel.h"
#include "holder/broker.h"
#include "session/lock_on_exit.h"
#include "session/page.h"

/* How long the session may take to end its shell and clean up after a SIGTERM. */
enum { END_PATIENCE_MS = 3000 };

struct options {
	bool plain, no_keys, non_interactive;
	int passphrase_fd;
	char **arguments; /* of the shell */
};

/* False: Node answers (help, usage errors). */
static bool parse(char **argv, struct options *o)
{
	unsigned long fd;
	*o = (struct options){.passphrase_fd = -1};
	for (; *argv; argv++) {
		if (strcmp(*argv, "--") == 0) {
			argv++;
			break;
		}
		if (strcmp(*argv, "--plain") == 0)
			o->plain = true;
		else if (strcmp(*argv, "--no-keys") == 0)
			o->no_keys = true;
		else if (strcmp(*argv, "--non-interactive") == 0)
			o->non_interactive = true;
		else if (strcmp(*argv, "--passphrase-fd") == 0 && argv[1] && parse_number(argv[1], 1 << 20, &fd))
			o->passphrase_fd = (int)fd, argv++;
		else if (strncmp(*argv, "--passphrase-fd=", 16) == 0 && parse_number(*argv + 16, 1 << 20, &fd))
			o->passphrase_fd = (int)fd;
		else
			return false;
	}
	o->arguments = argv;
	return true;
}

/* $SHELL, as login(1) set it; without a usable one bash, then sh. */
static char *shell_program(void)
{
	static char bash[] = "/bin/bash", usr_bash[] = "/usr/bin/bash", sh[] = "/bin/sh";
	char *own = getenv("SHELL");
	if (own && own[0] == '/' && access(own, X_OK) == 0)
		return own;
	return access(bash, X_OK) == 0 ? bash : access(usr_bash, X_OK) == 0 ? usr_bash : sh;
}

/* `tazpod exec -- $SHELL ARGUMENTS`, in this process. */
static int become_shell(const struct options *o)
{
	char fd_text[16], *argv[8];
	size_t n = 0, count = 0;
	argv[n++] = (char *)(uintptr_t)"exec";
	if (o->non_interactive)
		argv[n++] = (char *)(uintptr_t)"--non-interactive";
	if (o->passphrase_fd >= 0) {
		snprintf(fd_text, sizeof fd_text, "%d", o->passphrase_fd);
		argv[n++] = (char *)(uintptr_t)"--passphrase-fd";
		argv[n++] = fd_text;
	}
	argv[n++] = (char *)(uintptr_t)"--";
	argv[n++] = shell_program();
	while (o->arguments[count])
		count++;
	char **all = allocate(n + count + 1, sizeof *all);
	memcpy(all, argv, n * sizeof *all);
	memcpy(all + n, o->arguments, count * sizeof *all);
	return verb_exec((int)(n + count) - 1, all + 1);
}

/* ---- on the session's own terminal */

/* A file of /proc as NUL-separated strings, with a NULL behind the last. */
static char **read_strings(const char *path)
{
	size_t used = 0, room = 1 << 16, count = 0;
	char *text = allocate(room, 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die_errno(EXIT_SYSTEM, "tazpod shell --plain", "can't read %s", path);
	for (ssize_t n; (n = read(fd, text + used, room - used - 1)) != 0;) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			die_errno(EXIT_SYSTEM, "tazpod shell --plain", "can't read %s", path);
		used += (size_t)n;
		if (used == room - 1 && !(text = realloc(text, room *= 2)))
			die(EXIT_SYSTEM, NULL, "out of memory");
	}
	close(fd);
	text[used] = '\0';
	for (size_t i = 0; i < used; i++)
		count += text[i] == '\0';
	char **strings = allocate(count + 2, sizeof *strings), *at = text;
	for (size_t i = 0; at < text + used; at += strlen(at) + 1)
		strings[i++] = at;
	return strings;
}

/* `tazpod ghost session PID BROKER`: on the session's own terminal, becomes the shell with the environment, folder and
 * arguments of PID (which is `tazpod shell`), byte for byte. */
int verb_session(int argc, char **argv)
{
	unsigned long pid;
	char path[64];
	struct options options;
	if (argc != 2 || !parse_number(argv[0], 1ul << 30, &pid) || strlen(argv[1]) >= BROKER_NAME)
		die(EXIT_USAGE, "tazpod shell --help", "ghost session is for tazpod itself");
	snprintf(path, sizeof path, "/proc/%lu/cmdline", pid);
	char **words = read_strings(path);
	if (!words[0] || !words[1] || strcmp(words[1], "shell") != 0 || !parse(words + 2, &options))
		die(EXIT_BUG, "tazpod shell --plain", "process %lu is no tazpod shell", pid);
	options.passphrase_fd = -1; /* used up before the session began */
	snprintf(path, sizeof path, "/proc/%lu/environ", pid);
	environ = read_strings(path);
	snprintf(path, sizeof path, "/proc/%lu/cwd", pid);
	if (chdir(path) != 0)
		die_errno(EXIT_REFUSED, "cd to a folder that exists", "can't enter the current folder");
	unsetenv("LINES"); /* of the terminal outside, which has a line more */
	unsetenv("COLUMNS");
	if (setenv(BROKER_VARIABLE, argv[1], 1) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't set " BROKER_VARIABLE);
	return become_shell(&options);
}

/* ---- around the session */

struct session {
	int page, tty, shells; /* shells: the lock that every session of a project shares */
	pid_t node;
	int node_fd, parent_fd;
};

static int pidfd_of(pid_t pid)
{
	int fd = process_handle(pid);
	if (fd < 0)
		die_errno(EXIT_SYSTEM, NULL, "pidfd_open");
	return fd;
}

/* The last one left: in a session of its own, so that what ends the job (a SIGKILL to its group, a hang-up) leaves it.
 * Does what is left to do once both the session and its parent are gone. */
static _Noreturn void watch_over(const struct session *s)
{
	sigset_t all;
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)prctl(PR_SET_NAME, "tazpod-restore");
	if (setsid() < 0)
		_exit(EXIT_SYSTEM);
	(void)process_ended(s->parent_fd, -1);
	(void)process_ended(s->node_fd, -1);
	if (!(page_flags(s->page) & PAGE_OVER)) {
		page_await_lent(s->page);
		page_restore(s->page, s->tty, true);
		lock_on_exit(s->page, s->shells);
	}
	_exit(0);
}

static _Noreturn void become_node(const struct session *s, pid_t parent, const struct options *o, const char *broker)
{
	char page[16], *argv[8];
	size_t n = 0;
	sigset_t none;
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	/* No signal that Node could handle: whenever it ends by itself it sets its terminal as it found it, which is raw,
	 * and by then a shell that waited for us may have made its own settings and be reading a line. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_SYSTEM);
	snprintf(page, sizeof page, "%d", s->page);
	if (fcntl(s->page, F_SETFD, 0) != 0) /* Node itself closes it for what it starts */
		die_errno(EXIT_SYSTEM, NULL, "fcntl");
	argv[n++] = (char *)(uintptr_t)"shell";
	argv[n++] = (char *)(uintptr_t)"--page";
	argv[n++] = page;
	argv[n++] = (char *)(uintptr_t)"--broker";
	argv[n++] = (char *)(uintptr_t)broker;
	if (o->no_keys)
		argv[n++] = (char *)(uintptr_t)"--no-keys";
	argv[n] = NULL;
	node_become(argv);
}

static int signals_of_session(void)
{
	sigset_t set = block_session_signals(NULL);
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		die_errno(EXIT_SYSTEM, NULL, "signalfd");
	return fd;
}

/* Waits for the session's end, starts holders for it, passes an end on to it. Returns its wait status. */
static int wait_for_session(const struct session *s, int signals, int listener)
{
	struct pollfd fds[] = {{.fd = signals, .events = POLLIN}, {.fd = listener, .events = POLLIN}};
	uint64_t kill_at = 0;
	int status, ended;
	for (;;) {
		uint64_t now = clock_ns(CLOCK_MONOTONIC) / 1000000u;
		int timeout = kill_at == 0 ? -1 : kill_at > now ? (int)(kill_at - now) : 0;
		if (poll(fds, 2, timeout) == 0)
			(void)kill(s->node, SIGKILL);
		struct signalfd_siginfo info;
		while (read(signals, &info, sizeof info) == sizeof info)
			if (info.ssi_signo != SIGCHLD) {
				(void)kill(s->node, SIGTERM);
				kill_at = clock_ns(CLOCK_MONOTONIC) / 1000000u + END_PATIENCE_MS;
			}
		while ((ended = waitpid(-1, &status, WNOHANG)) > 0)
			if (ended == s->node)
				return status;
		if (fds[1].revents & POLLIN)
			broker_answer(listener);
	}
}

/* The lock is shared by all sessions of the project; it goes with the last process that has it open. */
static int join_sessions(void)
{
	struct location location;
	location_find(&location);
	int folder = location_create(&location);
	int fd = openat(folder, "shells", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_SH | LOCK_NB) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't join the sessions of this project");
	close(folder);
	return fd;
}

static int run_session(const struct options *o)
{
	char broker[BROKER_NAME];
	struct session s = {.tty = STDIN_FILENO, .shells = join_sessions()};
	int listener = broker_listen(broker), signals = signals_of_session();
	s.page = page_begin(s.tty);
	pid_t parent = getpid();
	s.node = fork();
	if (s.node == 0)
		become_node(&s, parent, o, broker);
	if (s.node < 0) {
		page_restore(s.page, s.tty, false);
		die_errno(EXIT_SYSTEM, NULL, "can't fork");
	}
	s.node_fd = pidfd_of(s.node);
	s.parent_fd = pidfd_of(getpid());
	pid_t restorer = fork();
	if (restorer == 0) {
		close(listener);
		close(signals);
		watch_over(&s);
	}
	int status = wait_for_session(&s, signals, listener);
	page_await_lent(s.page);
	page_restore(s.page, s.tty, false);
	lock_on_exit(s.page, s.shells);
	page_set_flag(s.page, PAGE_OVER);
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	fprintf(stderr, "\ntazpod: the session was killed (signal %d); its shell has ended\n", WTERMSIG(status));
	return 128 + WTERMSIG(status);
}

static bool can_draw(void)
{
	const char *term = getenv("TERM");
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

/* `tazpod shell`: the person's own shell in a command's view, with Node's footer around it. */
int verb_shell(int argc, char **argv)
{
	struct options options;
	(void)argc;
	if (!parse(argv, &options))
		node_become(argv - 1);
	/* Without a terminal to draw on there is nothing to put a footer below, as ssh(1) then takes no terminal either;
	 * inside a session its footer is there already. */
	if (options.plain || !can_draw() || getenv(BROKER_VARIABLE))
		return become_shell(&options);
	if (options.passphrase_fd >= 0) {
		struct location location;
		location_find(&location);
		int fd = channel_connect(&location);
		if (fd >= 0)
			close(fd);
		else
			node_unlock(!options.non_interactive, options.passphrase_fd);
	}
	return run_session(&options);
}
