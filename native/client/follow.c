#include "verbs.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "client/state.h"
#include "lib/base.h"
#include "protocol/channel.h"

/* A lock shows at once (the socket goes, inotify(7)); what else changes within this time. */
enum { LOOK_MS = 1000, SLACK_MS = 2000 };

struct seen {
	bool any, unlocked;
	int64_t max_at, idle_at, refresh_at; /* ms of the wall clock, STATE_NEVER */
	uint8_t *body;
	uint32_t size;
};

static bool same_time(int64_t a, int64_t b)
{
	return a == b || (a != STATE_NEVER && b != STATE_NEVER && llabs(a - b) < SLACK_MS);
}

/* The times that are left differ each time; they are compared as ends, with some slack. The rest is compared as bytes. */
static bool same_body(const struct seen *s, const uint8_t *body, uint32_t size)
{
	return s->size == size && size >= STATE_TIMES && memcmp(s->body + STATE_TIMES, body + STATE_TIMES, size - STATE_TIMES) == 0;
}

static int64_t end_of(int64_t left_ms)
{
	return left_ms < 0 ? STATE_NEVER : (int64_t)wall_ms() + left_ms;
}

static void say_unlocked(struct seen *s, const struct location *location, struct reply *reply, int holder)
{
	struct state state;
	if (!state_parse(&state, reply->body, reply->frame.length))
		return;
	state.holder = holder;
	int64_t max_at = end_of(state.max_ms), idle_at = end_of(state.idle_ms), refresh_at = end_of(state.refresh_ms);
	if (!s->any || !s->unlocked || !same_body(s, reply->body, reply->frame.length) || !same_time(s->max_at, max_at) ||
	    !same_time(s->idle_at, idle_at) || !same_time(s->refresh_at, refresh_at)) {
		state_print_json(&state, location);
		free(s->body);
		*s = (struct seen){true, state.state == 1, max_at, idle_at, refresh_at, reply->body, reply->frame.length};
		reply->body = NULL;
	}
	state_free(&state);
}

static void look(struct seen *s, const struct location *location)
{
	struct reply reply = {0};
	int fd = channel_connect(location);
	if (fd < 0) {
		if (!s->any || s->unlocked)
			state_print_json(NULL, location);
		s->any = true;
		s->unlocked = false;
		return;
	}
	channel_patience(fd, 3);
	channel_send_empty(fd, FRAME_STATUS);
	const char *problem = channel_try_receive(fd, &reply);
	if (problem || reply.frame.type != FRAME_STATE)
		state_print_unknown(problem ? problem : "no state", 0);
	else
		say_unlocked(s, location, &reply, channel_peer(fd));
	free(reply.body);
	close(fd);
}

/* `tazpod ghost watch`: the state of this project, a line of JSON at each change. */
int verb_watch(int argc, char **argv)
{
	struct location location;
	struct seen seen = {0};
	char events[4096];
	(void)argv;
	if (argc != 0)
		die(EXIT_USAGE, NULL, "usage: tazpod ghost watch");
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGPIPE, SIG_DFL);
	location_find(&location);
	struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
	                       {.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), .events = POLLIN}};
	bool watched = false;
	for (;;) {
		if (!watched)
			watched = inotify_add_watch(fds[1].fd, location.runtime, IN_CREATE | IN_DELETE | IN_ONLYDIR) >= 0;
		look(&seen, &location);
		if (fflush(stdout) != 0)
			return EXIT_SYSTEM;
		if (poll(fds, 2, LOOK_MS) < 0 && errno != EINTR)
			die_errno(EXIT_SYSTEM, NULL, "poll");
		if (fds[0].revents && read(STDIN_FILENO, events, sizeof events) <= 0)
			return 0; /* whoever reads us has ended */
		if (fds[1].revents)
			(void)!read(fds[1].fd, events, sizeof events);
	}
}
