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
/* How often it looks whether the project's folder is still there. */
#ifndef MONITOR_LOOK_MS
#define MONITOR_LOOK_MS 5000
#endif

/* Where its end of the pair is. */
enum { MONITOR_FD = 3 };

struct monitor {
	int socket, timer;
	struct node node; /* the refresh that runs; pid 0: none */
	/* the numbers of the last FETCH, of the last one before that refresh was started, and of the last one that was answered */
	uint32_t asked, running, told;
	int report_fd;           /* what it says; -1: it has said all */
	uint8_t *report;         /* WIRE_MAX_REPORT bytes */
	size_t reported;
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

static void send_result(struct monitor *k, int code)
{
	struct writer w = {0};
	frame_begin(&w);
	put_u8(&w, (uint8_t)code);
	put_u64(&w, ms_until(k->due_at));
	put_u32(&w, k->running);
	put_raw(&w, k->report, k->reported);
	frame_finish(&w, FRAME_RESULT);
	channel_send(k->socket, w.data, w.used); /* its end shows as the end of the socket */
	writer_free(&w);
	k->told = k->running;
}

/* What the refresh has said so far; more than fits is read and dropped, so that it is not held up. */
static void take_report(struct monitor *k)
{
	uint8_t more[4096];
	for (;;) {
		size_t room = WIRE_MAX_REPORT - k->reported;
		ssize_t n = read(k->report_fd, room ? k->report + k->reported : more, room ? room : sizeof more);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)
			break;
		k->reported += room ? (size_t)n : 0;
	}
	close(k->report_fd);
	k->report_fd = -1;
}

/* What it has started may hold the other end open: only what is there counts. */
static void close_report(struct monitor *k)
{
	if (k->report_fd >= 0)
		take_report(k);
	if (k->report_fd >= 0)
		close(k->report_fd);
	k->report_fd = -1;
}

/* A connection to the holder that needs no proof, for the refresh: one end goes to the holder. Returns the other; -1 where the
 * machine refuses. */
static int need_connection(const struct monitor *k)
{
	uint8_t frame[WIRE_HEADER];
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	frame_encode(frame, FRAME_NEED, 0);
	channel_send_carrying(k->socket, frame, sizeof frame, pair[0]);
	close(pair[0]);
	return pair[1];
}

static void start_refresh(struct monitor *k);

/* The refresh has ended: decides when the next one is due. What was refused or is wrong stays so until a person has
 * pulled; everything else (the network above all) may be better later, also a success that brought no new set. */
static void end_refresh(struct monitor *k)
{
	int code = node_reap(&k->node);
	close_report(k);
	bool on_time = k->due_at != 0; /* else only a person has asked for it */
	if (!k->woken && (code == EXIT_USAGE || code == EXIT_DATA || code == EXIT_REFUSED)) {
		k->due_at = 0;
	} else if (!k->woken && on_time) {
		k->pause_s = k->pause_s == 0 ? MONITOR_PAUSE_S : k->pause_s * 2;
		if (k->pause_s > LONGEST_PAUSE_S)
			k->pause_s = LONGEST_PAUSE_S;
		k->due_at = in_seconds(k->pause_s);
	}
	if (!k->woken || code == 0 || k->running != k->told) /* a set that came from somewhere else is no failure */
		send_result(k, code);
	arm(k, k->due_at);
	if (k->asked > k->running)
		start_refresh(k);
}

static void start_refresh(struct monitor *k)
{
	char *argv[] = {(char *)(uintptr_t)"pull", (char *)(uintptr_t)"--for-refresh",
	                (char *)(uintptr_t)"--non-interactive", NULL};
	int said[2] = {-1, -1}, connection = need_connection(k);
	k->asked_to_end = k->woken = false;
	k->running = k->asked;
	k->reported = 0;
	bool started = connection >= 0 && pipe2(said, O_CLOEXEC) == 0 && fcntl(said[0], F_SETFL, O_NONBLOCK) == 0 &&
	               node_start(&k->node, argv, connection, said[1], true);
	k->report_fd = said[0];
	if (said[1] >= 0)
		close(said[1]);
	if (connection >= 0)
		close(connection);
	if (started)
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
	bool fed = node_start(&node, argv, pipe_fds[0], -1, false);
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
	struct reader r = {reply.body, reply.frame.length, false};
	if (reply.frame.type == FRAME_WAKE)
		take_wake(k, &reply);
	if (reply.frame.type == FRAME_FETCH) {
		k->asked = get_u32(&r);
		if (k->node.pid == 0)
			start_refresh(k);
	}
	free(reply.body);
	return true;
}

/* A deleted folder that is somebody's current one has no links left, and is told of to nobody (inotify(7), IN_DELETE_SELF)
 * until that one leaves: the holder locks then. A renamed one goes on. */
static void leave_deleted(void)
{
	struct stat st;
	if (stat(".", &st) == 0 && st.st_nlink == 0)
		(void)!chdir("/");
}

static void stand_by(struct monitor *k)
{
	for (;;) {
		/* A refresh never hides the end of the session: the socket is looked at first, and always. */
		struct pollfd fds[] = {{.fd = k->socket, .events = POLLIN},
		                       {.fd = k->timer, .events = POLLIN},
		                       {.fd = k->node.pid ? k->node.pidfd : -1, .events = POLLIN},
		                       {.fd = k->report_fd, .events = POLLIN}};
		int ready = poll(fds, sizeof fds / sizeof *fds, MONITOR_LOOK_MS);
		if (ready < 0 && errno != EINTR)
			die_errno(EXIT_SYSTEM, NULL, "poll");
		if (ready <= 0) {
			leave_deleted();
			continue;
		}
		if (fds[0].revents) {
			if (!on_socket(k))
				return;
		} else if (fds[3].revents) {
			take_report(k);
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
	struct monitor k = {.socket = MONITOR_FD, .report_fd = -1, .report = allocate(WIRE_MAX_REPORT, 1)};
	process_close();
	forbid_core();
	if (argc != 1 || fstat(MONITOR_FD, &st) != 0 || !S_ISSOCK(st.st_mode))
		die(EXIT_USAGE, NULL, "the monitor is started by tazpod pull");
	if (close_range(MONITOR_FD + 1, ~0u, 0) != 0 || fcntl(MONITOR_FD, F_SETFD, FD_CLOEXEC) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't set up the monitor");
	ignore_signals();
	channel_patience(MONITOR_FD, 5); /* the holder never keeps anybody waiting */
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

/* Runs in the child. Two forks: the monitor is nobody's child, and can't get a terminal. */
static _Noreturn void become_monitor(const struct location *location, int end, int ready)
{
	char self[PATH_MAX];
	char *argv[] = {(char *)(uintptr_t)"tazpod", (char *)(uintptr_t)"ghost", (char *)(uintptr_t)"monitor",
	                (char *)(uintptr_t)location->runtime, NULL};
	if (!program_path(self) || setsid() < 0)
		_exit(EXIT_SYSTEM);
	pid_t child = fork();
	if (child != 0)
		_exit(child < 0 ? EXIT_SYSTEM : 0);
	int null = open("/dev/null", O_RDWR);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0 || dup2(ready, STDOUT_FILENO) < 0 ||
	    (end == MONITOR_FD ? fcntl(end, F_SETFD, 0) : dup2(end, MONITOR_FD)) < 0)
		_exit(EXIT_SYSTEM);
	execve(self, argv, environ);
	_exit(EXIT_SYSTEM);
}

void monitor_start(const struct location *location, int end)
{
	enum { PATIENCE_MS = 5000 };
	int ready[2];
	if (pipe2(ready, O_CLOEXEC) != 0)
		return;
	pid_t child = fork();
	if (child == 0)
		become_monitor(location, end, ready[1]);
	close(ready[1]);
	if (child > 0) {
		struct pollfd answer = {.fd = ready[0], .events = POLLIN}; /* a byte, or its end */
		(void)poll(&answer, 1, PATIENCE_MS);
		(void)process_reap(child);
	}
	close(ready[0]);
}
