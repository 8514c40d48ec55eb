#include "holder/sentinel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "holder/dbus.h"
#include "lib/base.h"
#include "lib/location.h"
#include "lib/process.h"
#include "protocol/channel.h"

#define LOGIND "org.freedesktop.login1"
#define MANAGER LOGIND ".Manager"
#define SESSION LOGIND ".Session"
#define PROPERTIES "org.freedesktop.DBus.Properties"

#define READY "\006"

enum { LOCK_PATIENCE_S = 5, AGAIN_MS = 2000 };

struct sentinel {
	struct dbus bus;
	struct location location;
	pid_t holder;
	int pidfd;
	int file; /* in the runtime folder: names the events; whoever unlinks it dismisses us */
	int delay; /* logind waits with the sleep as long as this is open, 5 s at most; -1: none */
	bool suspend, screen;
	char logind[DBUS_NAME];          /* its unique name: only the owner of LOGIND speaks for it */
	enum lock_cause cause;           /* what has happened; 0: nothing yet */
	char maybe_locked[DBUS_NAME];    /* a session whose state is to be asked for */
};

static bool call(struct sentinel *s, const char *to, const char *path, const char *interface, const char *member,
                 const struct dbus_argument *arguments, size_t count, struct dbus_message *answer);

/* What a signal means; asking back is left to the loop, because an answer may be awaited right now. */
static void hear(void *context, const struct dbus_message *signal)
{
	struct sentinel *s = context;
	uint32_t going = 0;
	if (strcmp(signal->sender, s->logind) != 0)
		return;
	if (s->suspend && strcmp(signal->interface, MANAGER) == 0 && strcmp(signal->member, "PrepareForSleep") == 0 &&
	    dbus_number(signal, &going) && going) {
		s->cause = LOCK_SUSPEND;
	} else if (s->screen && ((strcmp(signal->interface, SESSION) == 0 && strcmp(signal->member, "Lock") == 0) ||
	                         (strcmp(signal->interface, PROPERTIES) == 0 && strcmp(signal->member, "PropertiesChanged") == 0))) {
		bool asked_to = strcmp(signal->member, "Lock") == 0;
		memcpy(s->maybe_locked, signal->path, DBUS_NAME);
		if (asked_to) /* no need to ask whether: the mark in front of the path says so */
			snprintf(s->maybe_locked, DBUS_NAME, "!%.254s", signal->path);
	}
}

static bool call(struct sentinel *s, const char *to, const char *path, const char *interface, const char *member,
                 const struct dbus_argument *arguments, size_t count, struct dbus_message *answer)
{
	return dbus_call(&s->bus, to, path, interface, member, arguments, count, answer, hear, s);
}

static bool property(struct sentinel *s, const char *path, const char *name, uint32_t *out)
{
	struct dbus_message answer;
	const struct dbus_argument which[] = {{.type = 's', .text = SESSION}, {.type = 's', .text = name}};
	return call(s, LOGIND, path, PROPERTIES, "Get", which, 2, &answer) && dbus_number(&answer, out);
}

/* A session of this user whose screen is locked, or is asked to be. */
static void look_at_session(struct sentinel *s)
{
	char path[DBUS_NAME];
	uint32_t user = 0, locked = 0;
	bool asked_to = s->maybe_locked[0] == '!';
	memcpy(path, s->maybe_locked + asked_to, DBUS_NAME - asked_to);
	s->maybe_locked[0] = '\0';
	if (!property(s, path, "User", &user) || user != geteuid())
		return;
	if (asked_to || (property(s, path, "LockedHint", &locked) && locked))
		s->cause = LOCK_SCREEN;
}

static bool subscribe(struct sentinel *s, const char *rule)
{
	struct dbus_message answer;
	const struct dbus_argument match = {.type = 's', .text = rule};
	return call(s, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch", &match, 1, &answer);
}

static bool know_logind(struct sentinel *s)
{
	struct dbus_message answer;
	const struct dbus_argument name = {.type = 's', .text = LOGIND};
	return call(s, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetNameOwner", &name, 1,
	            &answer) &&
	       dbus_text(&answer, s->logind);
}

/* The rules first: what happens between them and the rest is heard. */
static bool listen_to_logind(struct sentinel *s)
{
	struct dbus_message answer;
	const struct dbus_argument delay[] = {{.type = 's', .text = "sleep"},
	                                      {.type = 's', .text = "tazpod"},
	                                      {.type = 's', .text = "locks before the machine sleeps"},
	                                      {.type = 's', .text = "delay"}};
	if (!dbus_open(&s->bus) ||
	    (s->suspend && !subscribe(s, "type='signal',sender='" LOGIND "',interface='" MANAGER "',member='PrepareForSleep'")) ||
	    (s->screen && (!subscribe(s, "type='signal',sender='" LOGIND "',interface='" SESSION "',member='Lock'") ||
	                   !subscribe(s, "type='signal',sender='" LOGIND "',interface='" PROPERTIES
	                                 "',member='PropertiesChanged',arg0='" SESSION "'"))) ||
	    !know_logind(s))
		return false;
	if (!s->suspend)
		return true;
	if (!call(s, LOGIND, "/org/freedesktop/login1", MANAGER, "Inhibit", delay, 4, &answer))
		return false;
	if (s->delay >= 0)
		close(s->delay);
	s->delay = answer.fd;
	return true;
}

/* Locked, or ended: the machine must not sleep with the secrets in memory because a socket was in the way. */
static void lock_now(const struct sentinel *s)
{
	uint8_t frame[WIRE_HEADER + 1];
	struct reply reply;
	int runtime = location_open(&s->location);
	int fd = runtime < 0 ? -1 : channel_connect_in(runtime, LOCK_PATIENCE_S);
	if (fd >= 0 && channel_peer(fd) == s->holder) {
		channel_patience(fd, LOCK_PATIENCE_S);
		frame_encode(frame, FRAME_LOCK, 1);
		frame[WIRE_HEADER] = (uint8_t)s->cause;
		if (send(fd, frame, sizeof frame, MSG_NOSIGNAL) == (ssize_t)sizeof frame) /* channel_send would end us */
			(void)channel_try_receive(fd, &reply);
	}
	if (!process_ended(s->pidfd, 1000))
		(void)process_signal(s->pidfd, SIGTERM);
	(void)process_ended(s->pidfd, 1000);
}

static bool dismissed(const struct sentinel *s)
{
	struct stat st;
	return fstat(s->file, &st) != 0 || st.st_nlink == 0;
}

static void watch_over(struct sentinel *s)
{
	for (;;) {
		struct dbus_message message;
		struct pollfd p[] = {{.fd = s->pidfd, .events = POLLIN}, {.fd = s->bus.fd, .events = POLLIN}};
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return;
		if (p[0].revents || dismissed(s))
			return;
		if (p[1].revents && !dbus_next(&s->bus, &message, 1000)) {
			/* The bus or logind starts anew, as an update of them does. Until then nobody tells us anything. */
			do
				dbus_close(&s->bus);
			while (!process_ended(s->pidfd, AGAIN_MS) && !listen_to_logind(s));
			continue;
		}
		if (p[1].revents && message.type == DBUS_SIGNAL) {
			if (strcmp(message.sender, s->logind) != 0) {
				uint8_t body[16]; /* all that is read of one; the answer takes its place in the buffer */
				message.size = message.size < sizeof body ? message.size : sizeof body;
				memcpy(body, message.body, message.size);
				message.body = body;
				if (know_logind(s))
					hear(s, &message);
			} else {
				hear(s, &message);
			}
		}
		while (!s->cause && s->maybe_locked[0])
			look_at_session(s);
		if (s->cause && !dismissed(s)) {
			lock_now(s);
			return;
		}
	}
}

/* Everything but the standard descriptors and these two. */
static void close_others(int one, int other)
{
	unsigned low = (unsigned)(one < other ? one : other), high = (unsigned)(one < other ? other : one);
	if (low > 3)
		(void)close_range(3, low - 1, 0);
	if (high > low + 1)
		(void)close_range(low + 1, high - 1, 0);
	(void)close_range(high + 1, ~0u, 0);
}

/* In the child: apart from every terminal, with nothing of its caller open. */
static _Noreturn void listen_apart(struct sentinel *s, const char *events, const char *path, int ready)
{
	close_others(ready, s->pidfd);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (setsid() < 0 || chdir("/") != 0 || null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		_exit(EXIT_SYSTEM);
	pid_t child = fork();
	if (child != 0)
		_exit(child < 0 ? EXIT_SYSTEM : 0);
	(void)signal(SIGHUP, SIG_IGN);
	s->file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->file < 0 && errno == EEXIST) { /* another pull was first */
		(void)write_all(ready, READY, sizeof READY - 1);
		_exit(0);
	}
	if (s->file < 0 || !write_all(s->file, events, strlen(events)) || flock(s->file, LOCK_EX | LOCK_NB) != 0) {
		(void)write_all(ready, strerror(errno), strlen(strerror(errno)));
		_exit(EXIT_SYSTEM);
	}
	if (!listen_to_logind(s)) {
		(void)unlink(path);
		(void)write_all(ready, s->bus.problem, strlen(s->bus.problem));
		_exit(EXIT_SYSTEM);
	}
	(void)write_all(ready, READY, sizeof READY - 1);
	close(ready);
	watch_over(s);
	if (!dismissed(s))
		(void)unlink(path);
	_exit(0);
}

/* Another one that is there and listens for the same events: true. One for other events is dismissed. */
static bool is_there(const char *path, const char *events)
{
	char text[64];
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool alive = flock(fd, LOCK_SH | LOCK_NB) != 0, same = read_text(path, text, sizeof text) && strcmp(text, events) == 0;
	close(fd);
	if (alive && same)
		return true;
	(void)unlink(path);
	return false;
}

bool sentinel_start(const struct location *location, bool suspend, bool screen, char problem[SENTINEL_WORDS])
{
	struct sentinel *s = allocate(1, sizeof *s);
	char path[PATH_MAX], events[32];
	int ready[2];
	*s = (struct sentinel){.delay = -1, .suspend = suspend, .screen = screen, .location = *location};
	snprintf(events, sizeof events, "%s%s\n", suspend ? "suspend " : "", screen ? "screen" : "");
	format_into(path, sizeof path, "%s/sentinel", location->runtime);
	problem[0] = '\0';
	if (is_there(path, events) || (!suspend && !screen))
		return true;
	int socket = channel_connect(location);
	if (socket < 0)
		die(EXIT_LOCKED, "tazpod pull", "locked");
	s->holder = channel_peer(socket);
	s->pidfd = process_handle(s->holder);
	close(socket);
	if (s->pidfd < 0 || pipe2(ready, O_CLOEXEC) != 0)
		die_errno(EXIT_SYSTEM, NULL, "can't watch the holder");
	pid_t child = fork();
	if (child < 0)
		die_errno(EXIT_SYSTEM, NULL, "can't fork");
	if (child == 0) {
		close(ready[0]);
		listen_apart(s, events, path, ready[1]);
	}
	close(ready[1]);
	size_t used = 0;
	for (ssize_t n; used < SENTINEL_WORDS - 1 && (n = read(ready[0], problem + used, SENTINEL_WORDS - 1 - used)) > 0;)
		used += (size_t)n;
	problem[used] = '\0';
	close(ready[0]);
	close(s->pidfd);
	free(s);
	(void)process_reap(child);
	return strcmp(problem, READY) == 0;
}
