#include "holder/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/base.h"
#include "lib/namespaces.h"
#include "lib/node.h"
#include "lib/process.h"
#include "protocol/channel.h"
#include "verbs.h"

/* How long a refresh may take, then how long it may still take to end. */
#ifndef MONITOR_REFRESH_S
#define MONITOR_REFRESH_S 120
#endif
enum { END_S = 5 };
/* After a failure: doubled up to the longest. */
#ifndef MONITOR_PAUSE_S
#define MONITOR_PAUSE_S 60
#endif
enum { LONGEST_PAUSE_S = 15 * MONITOR_PAUSE_S };
/* The last word: how long a refresh under way may take to end, and how long the revocation may take. */
#ifndef MONITOR_REVOKE_S
#define MONITOR_REVOKE_S 15
#endif
enum { HURRY_S = 2 };

/* Where its end of the pair is. */
enum { MONITOR_FD = 3 };

struct monitor {
	int socket, timer;
	struct node node; /* the refresh that runs; pid 0: none */
	bool asked_to_end;
	bool woken;       /* a set has arrived since it was started */
	uint64_t due_at;  /* CLOCK_BOOTTIME ns; 0: never */
	unsigned pause_s; /* after the last failure; 0: none since the last set */
};

static void arm(const struct monitor *k, uint64_t at)
{
	struct itimerspec when = {.it_value = {(time_t)(at / SECOND_NS), (long)(at % SECOND_NS)}};
	if (timerfd_settime(k->timer, TFD_TIMER_ABSTIME, &when, NULL) != 0)
		die_errno(EXIT_SYSTEM, NULL, "timerfd_settime");
}

static uint64_t in_seconds(unsigned seconds)
{
	return clock_ns(CLOCK_BOOTTIME) + seconds * SECOND_NS;
}

static void send_result(const struct monitor *k, int code)
{
	uint8_t frame[WIRE_HEADER + 9];
	uint64_t ms = ms_until(k->due_at);
	frame_encode(frame, FRAME_RESULT, 9);
	frame[WIRE_HEADER] = (uint8_t)code;
	for (int i = 0; i < 8; i++)
		frame[WIRE_HEADER + 1 + i] = (uint8_t)(ms >> (8 * i));
	(void)send(k->socket, frame, sizeof frame, MSG_NOSIGNAL | MSG_DONTWAIT); /* its end shows as the end of the socket */
}

/* The refresh has ended: decides when the next one is due. What was refused or is wrong stays so until a person has
 * pulled; everything else (the network above all) may be better later, also a success that brought no new set. */
static void end_refresh(struct monitor *k)
{
	int code = node_reap(&k->node);
	if (!k->woken && (code == EXIT_USAGE || code == EXIT_DATA || code == EXIT_REFUSED)) {
		k->due_at = 0;
	} else if (!k->woken) {
		k->pause_s = k->pause_s == 0 ? MONITOR_PAUSE_S : k->pause_s * 2;
		if (k->pause_s > LONGEST_PAUSE_S)
			k->pause_s = LONGEST_PAUSE_S;
		k->due_at = in_seconds(k->pause_s);
	}
	if (!k->woken || code == 0) /* a set that came from somewhere else is no failure */
		send_result(k, code);
	arm(k, k->due_at);
}

static void start_refresh(struct monitor *k)
{
	k->asked_to_end = k->woken = false;
	if (node_start_refresh(&k->node))
		arm(k, in_seconds(MONITOR_REFRESH_S));
	else
		end_refresh(k);
}

static void on_timer(struct monitor *k)
{
	uint64_t ticks;
	if (read(k->timer, &ticks, sizeof ticks) != (ssize_t)sizeof ticks)
		return; /* set anew meanwhile */
	if (k->node.pid == 0) {
		start_refresh(k);
		return;
	}
	node_signal(&k->node, k->asked_to_end ? SIGKILL : SIGTERM);
	k->asked_to_end = true;
	arm(k, in_seconds(END_S));
}

static void take_wake(struct monitor *k, const struct reply *reply)
{
	struct reader r = {reply->body, reply->frame.length, false};
	uint64_t ms = get_u64(&r);
	k->due_at = r.bad ? 0 : ms_from_now(ms);
	k->pause_s = 0;
	k->woken = true;
	if (k->node.pid == 0)
		arm(k, k->due_at);
}

/* SIZE bytes to a pipe whose reader may be stuck. */
static bool feed(int fd, const uint8_t *data, size_t size, uint64_t end)
{
	while (size > 0) {
		struct pollfd room = {.fd = fd, .events = POLLOUT};
		uint64_t now = clock_ns(CLOCK_BOOTTIME);
		if (now >= end || poll(&room, 1, (int)((end - now) / 1000000 + 1)) < 0)
			return false;
		ssize_t n = write(fd, data, size);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		data += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* The token is in here from when it has arrived until Node's pipe has it: in memory that is locked, in no core, in no
 * child, on no disk, and in nobody's argv or environment. */
static void let_go(struct monitor *k, uint32_t size)
{
	struct arena token;
	struct node node = {0};
	int pipe_fds[2];
	if (size > WIRE_MAX_REQUEST || !arena_create(&token, size) || madvise(token.data, token.mapped, MADV_DONTFORK) != 0 ||
	    !read_all(k->socket, token.data, size) || pipe2(pipe_fds, O_CLOEXEC) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't take the token that is to be revoked");
	node_stop(&k->node, HURRY_S * 1000);
	uint64_t end = in_seconds(MONITOR_REVOKE_S);
	char *argv[] = {(char *)(uintptr_t)"revoke", (char *)(uintptr_t)"--from-monitor", NULL};
	bool fed = node_start(&node, argv, pipe_fds[0], false);
	close(pipe_fds[0]);
	fed = fed && fcntl(pipe_fds[1], F_SETFL, O_NONBLOCK) == 0 && feed(pipe_fds[1], token.data, size, end);
	arena_wipe(&token);
	close(pipe_fds[1]);
	uint64_t now = clock_ns(CLOCK_BOOTTIME);
	if (fed && now < end)
		(void)process_ended(node.pidfd, (int)((end - now) / 1000000));
	node_stop(&node, 0);
}

/* False: it is over. */
static bool on_socket(struct monitor *k)
{
	struct reply reply;
	if (channel_try_receive(k->socket, &reply)) { /* the holder is gone without a word, or does not need us */
		node_stop(&k->node, HURRY_S * 1000);
		return false;
	}
	if (reply.frame.type == FRAME_LAST) {
		let_go(k, reply.frame.length);
		return false;
	}
	if (reply.frame.type == FRAME_WAKE)
		take_wake(k, &reply);
	free(reply.body);
	return true;
}

static void stand_by(struct monitor *k)
{
	for (;;) {
		/* A refresh never hides the end of the session: the socket is looked at first, and always. */
		struct pollfd fds[] = {{.fd = k->socket, .events = POLLIN},
		                       {.fd = k->timer, .events = POLLIN},
		                       {.fd = k->node.pid ? k->node.pidfd : -1, .events = POLLIN}};
		if (poll(fds, sizeof fds / sizeof *fds, -1) < 0) {
			if (errno == EINTR)
				continue;
			die_errno(EXIT_SYSTEM, NULL, "poll");
		}
		if (fds[0].revents) {
			if (!on_socket(k))
				return;
		} else if (fds[2].revents) {
			end_refresh(k);
		} else if (fds[1].revents) {
			on_timer(k);
		}
	}
}

/* Neither the terminal's signals and its end are for the monitor, nor SIGTERM: what stops a whole session (a log-out, the
 * machine's end) sends it to holder and monitor at once, and the holder's last word is still to come. */
static void ignore_signals(void)
{
	static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU};
	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		if (signal(ignored[i], SIG_IGN) == SIG_ERR)
			die_errno(EXIT_SYSTEM, NULL, "signal");
	if (signal(SIGCHLD, SIG_DFL) == SIG_ERR) /* ignored, there would be no exit codes (wait(2)) */
		die_errno(EXIT_SYSTEM, NULL, "signal");
}

/* `tazpod ghost monitor RUNTIME`: what monitor_start starts. Its end of the pair is the descriptor MONITOR_FD; says "r" on
 * stdout when nothing can end it any more but the holder. */
int verb_monitor(int argc, char **argv)
{
	struct location location;
	struct stat st;
	struct monitor k = {.socket = MONITOR_FD};
	if (prctl(PR_SET_DUMPABLE, 0) != 0)
		die_errno(EXIT_SYSTEM, NULL, "prctl");
	forbid_core();
	if (argc != 1 || fstat(MONITOR_FD, &st) != 0 || !S_ISSOCK(st.st_mode))
		die(EXIT_USAGE, NULL, "the monitor is started by tazpod pull");
	if (close_range(MONITOR_FD + 1, ~0u, 0) != 0 || fcntl(MONITOR_FD, F_SETFD, FD_CLOEXEC) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't set up the monitor");
	ignore_signals();
	location_find(&location);
	if (strcmp(location.runtime, argv[0]) != 0)
		die(EXIT_DATA, NULL, "this folder's holder is another one");
	k.timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (k.timer < 0)
		die_errno(EXIT_SYSTEM, NULL, "timerfd_create");
	if (!write_all(STDOUT_FILENO, "r", 1) || dup2(STDIN_FILENO, STDOUT_FILENO) < 0)
		return EXIT_SYSTEM;
	stand_by(&k);
	return 0;
}

/* Runs in the child. Two forks: the monitor is nobody's child, and without a terminal it can't get one. */
static _Noreturn void become_monitor(const struct location *location, int end, bool at_terminal, int ready)
{
	char self[PATH_MAX];
	char *argv[] = {(char *)(uintptr_t)"tazpod", (char *)(uintptr_t)"ghost", (char *)(uintptr_t)"monitor",
	                (char *)(uintptr_t)location->runtime, NULL};
	if (!program_path(self) || (!at_terminal && setsid() < 0))
		_exit(EXIT_SYSTEM);
	pid_t child = fork();
	if (child != 0)
		_exit(child < 0 ? EXIT_SYSTEM : 0);
	int null = open("/dev/null", O_RDWR);
	if ((at_terminal && setpgid(0, 0) != 0) || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDERR_FILENO) < 0 || dup2(ready, STDOUT_FILENO) < 0 ||
	    (end == MONITOR_FD ? fcntl(end, F_SETFD, 0) : dup2(end, MONITOR_FD)) < 0)
		_exit(EXIT_SYSTEM);
	execve(self, argv, environ);
	_exit(EXIT_SYSTEM);
}

void monitor_start(const struct location *location, int end, bool at_terminal)
{
	enum { PATIENCE_MS = 5000 };
	int ready[2];
	if (pipe2(ready, O_CLOEXEC) != 0)
		return;
	pid_t child = fork();
	if (child == 0)
		become_monitor(location, end, at_terminal, ready[1]);
	close(ready[1]);
	if (child > 0) {
		struct pollfd answer = {.fd = ready[0], .events = POLLIN}; /* a byte, or its end */
		(void)poll(&answer, 1, PATIENCE_MS);
		(void)process_reap(child);
	}
	close(ready[0]);
}
