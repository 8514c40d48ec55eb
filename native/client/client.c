#include "verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/prompt.h"
#include "client/sessions.h"
#include "client/state.h"
#include "holder/broker.h"
#include "holder/sentinel.h"
#include "lib/base.h"
#include "lib/json.h"
#include "lib/node.h"
#include "protocol/channel.h"

static void print_json_path(const char *key, const char *path, bool present)
{
	printf("\"%s\":", key);
	if (!present) {
		printf("null");
		return;
	}
	json_print(path, strlen(path));
}

/* A holder that listens may still wait for its first set: only its own word counts. */
static bool is_unlocked(const struct location *location)
{
	struct reply reply;
	struct state state;
	int fd = channel_connect(location);
	if (fd < 0)
		return false;
	channel_send_empty(fd, FRAME_STATUS);
	channel_receive(fd, &reply);
	state_decode(&reply, &state);
	return state.state == 1;
}

int verb_where(int argc, char **argv)
{
	struct location location;
	char config[PATH_MAX + 16];
	(void)argc, (void)argv;
	location_find(&location);
	bool unlocked = is_unlocked(&location);
	snprintf(config, sizeof config, "%s/tazpod.yaml", strcmp(location.root, "/") == 0 ? "" : location.root);
	putchar('{');
	print_json_path("root", location.root, location.has_config);
	printf(",\"id\":\"%s\",", location.id);
	print_json_path("config", config, location.has_config);
	putchar(',');
	print_json_path("runtime", location.runtime, true);
	putchar(',');
	print_json_path("ghost", location.ghost, true);
	printf(",\"state\":\"%s\"}\n", unlocked ? "unlocked" : "locked");
	return 0;
}

int verb_status(int argc, char **argv)
{
	bool all = argc > 0 && strcmp(argv[argc - 1], "--all") == 0;
	argc -= all;
	bool json = argc > 0 && strcmp(argv[0], "--json") == 0, prompt = argc > 0 && strcmp(argv[0], "--prompt") == 0;
	struct location location;
	struct reply reply;
	struct state state;
	if (argc > (json || prompt ? 1 : 0) || (all && prompt))
		node_become(argv - 1);
	if (all) {
		sessions_print(json);
		return 0;
	}
	location_find(&location);
	int fd = channel_connect(&location);
	/* A prompt asks too often to search /proc for a holder that is lost, and that ends itself. */
	pid_t elsewhere = fd < 0 && !prompt ? session_elsewhere(&location) : 0;
	if (elsewhere) {
		if (json)
			state_print_unknown("the holder can't be reached here", elsewhere);
		(void)fflush(stdout);
		die(EXIT_SYSTEM, "tazpod lock", "a session of this project (pid %d) runs, but can't be reached here", elsewhere);
	}
	if (fd >= 0) {
		channel_patience(fd, prompt ? 1 : 3);
		channel_send_empty(fd, FRAME_STATUS);
		const char *problem = channel_try_receive(fd, &reply);
		if (problem) { /* a holder is there and says nothing: that is not "locked" */
			if (json)
				state_print_unknown(problem, 0);
			(void)fflush(stdout);
			if (prompt) /* a prompt has no room for words */
				return EXIT_SYSTEM;
			die(EXIT_SYSTEM, "tazpod lock", "the state is unknown: %s", problem);
		}
		state_decode(&reply, &state);
		state.holder = channel_peer(fd);
	}
	(json ? state_print_json : prompt ? prompt_print : state_print_human)(fd >= 0 ? &state : NULL, &location);
	return 0;
}

/* Node has no flock(2): this holds one until stdin ends, so the kernel frees it with whoever asked. */
int verb_flock(int argc, char **argv)
{
	char byte;
	if (argc != 1)
		die(EXIT_USAGE, NULL, "usage: tazpod ghost flock FILE");
	int fd = open(argv[0], O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		die_errno(EXIT_DATA, NULL, "can't open the lock file %.400s", argv[0]);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK)
			die(EXIT_LOCKED, "wait for the other tazpod, then try again", "another tazpod is writing (%.400s)", argv[0]);
		die_errno(EXIT_DATA, NULL, "can't lock %.400s", argv[0]);
	}
	if (!write_all(STDOUT_FILENO, "locked\n", 7))
		return EXIT_DATA;
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}

/* `tazpod ghost sentinel [suspend] [screen]`: the same for the holder of this folder; from inside a command's view, through
 * the session around it. */
int verb_sentinel(int argc, char **argv)
{
	struct location location;
	char problem[SENTINEL_WORDS];
	bool suspend = false, screen = false;
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "suspend") == 0)
			suspend = true;
		else if (strcmp(argv[i], "screen") == 0)
			screen = true;
		else
			die(EXIT_USAGE, NULL, "usage: tazpod ghost sentinel [suspend] [screen]");
	}
	location_find(&location);
	/* Inside a view it would keep the view's files alive until the lock: the session around it starts it. */
	bool listens = inside_view() ? broker_ask_sentinel(&location, suspend, screen, problem)
	                             : sentinel_start(&location, suspend, screen, problem);
	if (!listens)
		die(EXIT_SYSTEM, "tazpod lock, before you leave the machine", "logind can't be heard, so nothing locks by itself (%s)",
		    *problem ? problem : "no answer");
	return 0;
}
