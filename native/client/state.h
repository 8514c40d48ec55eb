/* The holder's STATE answer, and how it is shown to people and to scripts. */
#ifndef TAZPOD_STATE_H
#define TAZPOD_STATE_H

#include <stdbool.h>
#include <sys/types.h>

#include "protocol/channel.h"

enum { STATE_MAX_RUNNING = 4096, STATE_NEVER = -1, STATE_TIMES = 24 /* bytes of the times at the start */ };

struct running_command {
	pid_t pid;
	uint64_t started_ms;
	struct str command;
	uint16_t name_count;
	struct reader names; /* name_count strings */
};

struct state {
	int64_t max_ms, idle_ms; /* STATE_NEVER: no end in sight */
	int64_t refresh_ms;      /* until the next one; STATE_NEVER */
	uint8_t state, memory, privileged, backing;
	bool lock_on_exit;       /* the end of the last session of the project locks it */
	uint8_t refresh;         /* enum refresh_state */
	uint8_t refresh_code;    /* the exit code of the last one that failed */
	uint8_t monitor;          /* 1: one is connected */
	uint64_t refreshed_ms;   /* Unix ms of the last success or failure; 0: none yet */
	uint32_t secrets;
	struct str label, root, provider;
	uint16_t running_count;
	struct running_command *running;
	pid_t holder; /* 0: not asked for */
};

/* Decodes the body of a STATE frame; the strings point into it. False when it is not one; then nothing is left
 * allocated. */
bool state_parse(struct state *out, const uint8_t *body, size_t size);
void state_free(struct state *state);
/* Decodes a STATE frame; the strings point into the reply. Dies when it is not one. */
void state_decode(const struct reply *reply, struct state *out);
/* One line of JSON as in DESIGN §7. STATE NULL: locked. */
void state_print_json(const struct state *state, const struct location *location);
/* One line of JSON for a state that REASON keeps from being told. HOLDER: its process, 0 where it is not known. */
void state_print_unknown(const char *reason, pid_t holder);
void state_print_human(const struct state *state, const struct location *location);
/* One line: name, folder, secrets, when it locks, how many commands run. */
void state_print_line(const struct state *state, const struct location *location);
/* The location that STATE speaks of: its root alone, nothing outside a project. */
struct location state_location(const struct state *state);
/* The project's folder as JSON, or null. */
void state_print_root(const struct location *location);
/* The name of the project for people, without control characters. */
void state_print_label(const struct state *state, const struct location *location);
/* "  terraform (pid 123, 2m): A, B" per running command. */
void state_print_running(const struct state *state, const char *indent);
/* The running commands as a JSON array. */
void state_print_running_json(const struct state *state);

#endif
