#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base.h"
#include "channel.h"
#include "node.h"
#include "prompt.h"
#include "state.h"

enum { STOP_GRACE_MS = 10000 };

static void print_json_path(const char *key, const char *path, bool present)
{
	printf("\"%s\":", key);
	if (!present) {
		printf("null");
		return;
	}
	putchar('"');
	for (const char *c = path; *c; c++) {
		if (*c == '"' || *c == '\\')
			printf("\\%c", *c);
		else if ((unsigned char)*c < 0x20)
			printf("\\u%04x", *c);
		else
			putchar(*c);
	}
	putchar('"');
}

/* A holder that listens may still wait for its first set: only its own word counts. */
static bool is_unlocked(const struct place *place)
{
	struct reply reply;
	struct state state;
	int fd = channel_connect(place);
	if (fd < 0)
		return false;
	channel_send_empty(fd, FRAME_STATUS);
	channel_receive(fd, &reply);
	state_decode(&reply, &state);
	return state.state == 1;
}

int verb_where(int argc, char **argv)
{
	struct place place;
	char config[PATH_MAX + 16];
	(void)argc, (void)argv;
	place_find(&place);
	bool unlocked = is_unlocked(&place);
	snprintf(config, sizeof config, "%s/tazpod.yaml", strcmp(place.root, "/") == 0 ? "" : place.root);
	putchar('{');
	print_json_path("root", place.root, place.has_config);
	printf(",\"id\":\"%s\",", place.id);
	print_json_path("config", config, place.has_config);
	putchar(',');
	print_json_path("runtime", place.runtime, true);
	putchar(',');
	print_json_path("ghost", place.ghost, true);
	printf(",\"state\":\"%s\"}\n", unlocked ? "unlocked" : "locked");
	return 0;
}

int verb_status(int argc, char **argv)
{
	bool json = argc > 0 && strcmp(argv[0], "--json") == 0, prompt = argc > 0 && strcmp(argv[0], "--prompt") == 0;
	struct place place;
	struct reply reply;
	struct state state;
	if (argc > (json || prompt ? 1 : 0))
		node_become(argv - 1);
	place_find(&place);
	int fd = channel_connect(&place);
	if (fd >= 0) {
		channel_patience(fd, prompt ? 1 : 3);
		channel_send_empty(fd, FRAME_STATUS);
		const char *problem = channel_try_receive(fd, &reply);
		if (problem) { /* a holder is there and says nothing: that is not "locked" */
			if (json)
				printf("{\"state\":\"unknown\",\"project\":null,\"reason\":\"%s\"}\n", problem);
			(void)fflush(stdout);
			if (prompt) /* a prompt has no room for words */
				return EXIT_SYSTEM;
			die(EXIT_SYSTEM, "tazpod lock", "the state is unknown: %s", problem);
		}
		state_decode(&reply, &state);
		state.holder = channel_peer(fd);
	}
	(json ? state_print_json : prompt ? prompt_print : state_print_human)(fd >= 0 ? &state : NULL, &place);
	return 0;
}

struct waiting {
	struct pollfd fd;
	const struct running_command *command;
};

static void wait_for(const struct waiting *waits, size_t count, bool quiet)
{
	uint64_t end = clock_ns(CLOCK_MONOTONIC) / 1000000u + STOP_GRACE_MS;
	for (size_t i = 0; i < count; i++) {
		struct pollfd fd = waits[i].fd;
		uint64_t now = clock_ns(CLOCK_MONOTONIC) / 1000000u;
		if (poll(&fd, 1, end > now ? (int)(end - now) : 0) == 0) {
			(void)syscall(SYS_pidfd_send_signal, fd.fd, SIGKILL, NULL, 0);
			if (!quiet)
				fprintf(stderr, "tazpod: %.*s (pid %d) did not end within %d s and was killed\n",
				        (int)waits[i].command->command.size, waits[i].command->command.at, waits[i].command->pid,
				        STOP_GRACE_MS / 1000);
		}
		close(fd.fd);
	}
}

/* SIGTERM once, then SIGKILL after the grace time; a pidfd can't hit another process that got the number. Where the
 * descriptors run out, some after the other. */
static void stop_running(const struct state *state, pid_t keep, bool quiet)
{
	struct waiting *waits = allocate(state->running_count, sizeof *waits);
	size_t count = 0;
	for (uint16_t i = 0; i < state->running_count; i++) {
		if (state->running[i].pid == keep)
			continue;
		int fd = (int)syscall(SYS_pidfd_open, state->running[i].pid, 0);
		if (fd < 0 && errno == EMFILE && count > 0) {
			wait_for(waits, count, quiet);
			count = 0;
			fd = (int)syscall(SYS_pidfd_open, state->running[i].pid, 0);
		}
		if (fd < 0 && errno == ESRCH)
			continue; /* gone already */
		if (fd < 0)
			die_errno(EXIT_SYSTEM, NULL, "can't stop the process %d", state->running[i].pid);
		(void)syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0);
		waits[count++] = (struct waiting){{.fd = fd, .events = POLLIN}, &state->running[i]};
	}
	wait_for(waits, count, quiet);
	free(waits);
	if (state->running_count > 0 && !quiet)
		printf("all ended\n");
}

static void report_lock(const struct state *state, bool json, bool stop)
{
	if (json) {
		printf("{\"state\":\"locked\",\"wiped\":%u,\"stopped\":%s,\"running\":", state ? state->secrets : 0,
		       stop ? "true" : "false");
		if (state)
			state_print_running_json(state);
		else
			printf("[]");
		printf("}\n");
		return;
	}
	if (!state) {
		printf("locked already\n");
		return;
	}
	printf("locked; %u secret%s wiped\n", state->secrets, state->secrets == 1 ? "" : "s");
	if (state->running_count > 0) {
		printf("%s\n", stop ? "asked to end:" : "still running with the files they were given (tazpod lock --stop ends them):");
		state_print_running(state, "  ");
	}
}

int verb_lock(int argc, char **argv)
{
	bool json = false, stop = false;
	struct place place;
	struct reply reply;
	struct state state;
	unsigned long keep = 0;
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			json = true;
		else if (strcmp(argv[i], "--keep") == 0 && i + 1 < argc && parse_number(argv[i + 1], 1ul << 30, &keep))
			i++; /* the shell that a session runs, which asks for this */
		else if (strcmp(argv[i], "--stop") == 0)
			stop = true;
		else
			node_become(argv - 1); /* help and usage errors */
	}
	place_find(&place);
	int fd = channel_connect(&place);
	if (fd >= 0) {
		channel_send_empty(fd, FRAME_LOCK);
		channel_receive(fd, &reply);
		state_decode(&reply, &state);
	}
	if (!json) { /* at once: the secrets are wiped, whatever the commands do next */
		report_lock(fd >= 0 ? &state : NULL, json, stop);
		(void)fflush(stdout);
	}
	if (fd >= 0 && stop)
		stop_running(&state, (pid_t)keep, json);
	if (json)
		report_lock(fd >= 0 ? &state : NULL, json, stop);
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
