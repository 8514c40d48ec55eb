#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/holders.h"
#include "client/state.h"
#include "lib/base.h"
#include "lib/node.h"
#include "lib/process.h"
#include "protocol/channel.h"
#include "verbs.h"

enum { STOP_GRACE_MS = 10000, LISTEN_MS = 1000 };

struct waiting {
	int handle;
	const struct running_command *command;
};

static void wait_for(const struct waiting *waits, size_t count, bool quiet)
{
	uint64_t end = clock_ns(CLOCK_MONOTONIC) / 1000000u + STOP_GRACE_MS;
	for (size_t i = 0; i < count; i++) {
		uint64_t now = clock_ns(CLOCK_MONOTONIC) / 1000000u;
		if (!process_ended(waits[i].handle, end > now ? (int)(end - now) : 0)) {
			(void)process_signal(waits[i].handle, SIGKILL);
			if (!quiet)
				fprintf(stderr, "tazpod: %.*s (pid %d) did not end within %d s and was killed\n",
				        (int)waits[i].command->command.size, waits[i].command->command.at, waits[i].command->pid,
				        STOP_GRACE_MS / 1000);
		}
		close(waits[i].handle);
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
		int fd = process_handle(state->running[i].pid);
		if (fd < 0 && errno == EMFILE && count > 0) {
			wait_for(waits, count, quiet);
			count = 0;
			fd = process_handle(state->running[i].pid);
		}
		if (fd < 0 && errno == ESRCH)
			continue; /* gone already */
		if (fd < 0)
			die_errno(EXIT_SYSTEM, NULL, "can't stop the process %d", state->running[i].pid);
		(void)process_signal(fd, SIGTERM);
		waits[count++] = (struct waiting){fd, &state->running[i]};
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

/* Locks a holder that is not where it is looked for. Its answer where it gives one; else it is ended, or has ended
 * itself meanwhile (vigil.c). Dies where it lives on: "locked" would be a lie. */
static bool lock_seen(const struct seen_holder *seen, struct state *state)
{
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + LISTEN_MS * 1000000ull;
	while (clock_ns(CLOCK_MONOTONIC) < end) { /* it may be about to listen, or about to wipe itself */
		if (holder_ask(seen, FRAME_LOCK, state))
			return true;
		if (process_ended(seen->pidfd, 50))
			return false;
	}
	if (!holder_end(seen)) {
		char next[64];
		snprintf(next, sizeof next, "kill -KILL %d", seen->pid);
		die(EXIT_SYSTEM, next, "the process %d holds secrets and can be neither reached nor ended", seen->pid);
	}
	return false;
}

static void say_lost(const struct seen_holder *seen, bool json)
{
	if (!json)
		printf("locked; the process that held the secrets was out of reach (pid %d, %s) and has ended\n", seen->pid,
		       seen->runtime);
}

/* What a `lock` that found nobody at the project's socket still has to look for. */
static bool lock_elsewhere(const struct location *location, struct state *state, bool *lost, bool json)
{
	struct seen_holder *list;
	size_t count = holders_find(&list);
	bool answered = false;
	for (size_t i = 0; i < count; i++) {
		if (!holder_is_of(list + i, location))
			continue;
		if (lock_seen(list + i, state)) {
			answered = true;
			continue;
		}
		*lost = true;
		say_lost(list + i, json);
	}
	holders_free(list, count);
	return answered;
}

static void lock_one(bool json, bool stop, pid_t keep)
{
	struct location location;
	struct reply reply;
	struct state state;
	bool lost = false;
	location_find(&location);
	int fd = channel_connect(&location);
	bool answered = fd >= 0;
	if (answered) {
		channel_send_empty(fd, FRAME_LOCK);
		channel_receive(fd, &reply);
		state_decode(&reply, &state);
	} else {
		answered = lock_elsewhere(&location, &state, &lost, json);
	}
	if (!json && (answered || !lost)) /* at once: the secrets are wiped, whatever the commands do next */
		report_lock(answered ? &state : NULL, json, stop);
	(void)fflush(stdout);
	if (answered && stop)
		stop_running(&state, keep, json);
	if (json)
		report_lock(answered ? &state : NULL, json, stop);
}

static void report_one_of_all(const struct seen_holder *seen, const struct state *state, bool json, bool first)
{
	struct location location = state ? state_location(state) : (struct location){0};
	if (json) {
		printf("%s{\"holder\":%d,\"root\":", first ? "" : ",", seen->pid);
		state_print_root(&location);
		printf(",\"wiped\":%u,\"running\":", state ? state->secrets : 0);
		if (state)
			state_print_running_json(state);
		else
			printf("[]");
		printf("}");
		return;
	}
	if (!state) {
		say_lost(seen, json);
		return;
	}
	printf("locked  ");
	state_print_label(state, &location);
	printf("; %u secret%s wiped%s\n", state->secrets, state->secrets == 1 ? "" : "s",
	       state->running_count > 0 ? "; still running:" : "");
	state_print_running(state, "  ");
}

/* Every session of this user, in whatever folder; so the current one need not exist. */
static void lock_all(bool json, bool stop)
{
	struct seen_holder *list;
	size_t count = holders_find(&list);
	struct state *states = allocate(count, sizeof *states);
	if (json)
		printf("{\"state\":\"locked\",\"sessions\":[");
	for (size_t i = 0; i < count; i++) {
		states[i] = (struct state){0};
		bool answered = lock_seen(list + i, states + i);
		report_one_of_all(list + i, answered ? states + i : NULL, json, i == 0);
		(void)fflush(stdout);
	}
	if (json)
		printf("]}\n");
	else if (count == 0)
		printf("nothing was unlocked\n");
	(void)fflush(stdout);
	for (size_t i = 0; stop && i < count; i++)
		if (states[i].running_count > 0)
			stop_running(states + i, 0, json);
	holders_free(list, count);
}

int verb_lock(int argc, char **argv)
{
	bool json = false, stop = false, all = false;
	unsigned long keep = 0;
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			json = true;
		else if (strcmp(argv[i], "--keep") == 0 && i + 1 < argc && parse_number(argv[i + 1], 1ul << 30, &keep))
			i++; /* the shell that a session runs, which asks for this */
		else if (strcmp(argv[i], "--stop") == 0)
			stop = true;
		else if (strcmp(argv[i], "--all") == 0)
			all = true;
		else
			node_become(argv - 1); /* help and usage errors */
	}
	if (all)
		lock_all(json, stop);
	else
		lock_one(json, stop, (pid_t)keep);
	return 0;
}
