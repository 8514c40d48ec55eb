/* The holder's event loop: one thread, one event at a time, nothing waits for a client. */
#ifndef TAZPOD_SERVE_H
#define TAZPOD_SERVE_H

#include "arena.h"
#include "running.h"
#include "set.h"

enum { CLIENTS = 256, TERMINALS = 32 };

/* One set of secrets. A client that is still being sent values keeps it alive past its replacement. */
struct held {
	struct arena arena;
	struct set set;
	unsigned uses;
};

struct slice {
	const uint8_t *at;
	size_t size;
};

/* What an epoll event is about: in the upper half of its tag, with a slot number in the lower. */
enum source { SOURCE_LISTENER, SOURCE_TIMER, SOURCE_TERMINATE, SOURCE_CLIENT, SOURCE_RUNNING };

enum phase { PHASE_HEADER, PHASE_BODY, PHASE_ANSWER };

struct client {
	int fd, pidfd;
	pid_t pid;
	enum phase phase;
	uint8_t header[WIRE_HEADER];
	struct frame frame;
	uint8_t *body;        /* of a request; not of a SET */
	struct arena arena;   /* of a SET: the bytes never pass through other memory */
	size_t got;
	struct writer answer; /* no secret: names and sizes */
	struct slice *values; /* into `held` */
	size_t value_count, value_at, sent;
	struct held *held;
	bool send_namespaces;
	uint64_t drop_at;     /* CLOCK_MONOTONIC ns */
};

struct holder {
	/* set up by hold.c */
	int journal, runtime, work, namespaces[2], terminate, listener;
	uid_t uid;
	bool privileged;
	uint8_t backing;
	/* serve.c */
	int epoll, timer;
	bool listening, ending;
	uint64_t max_at, idle_at; /* CLOCK_BOOTTIME ns; 0: never */
	uint64_t armed_at;        /* what the timer is set to */
	struct held *held;
	struct terminal terminals[TERMINALS];
	uint32_t terminal_count;
	struct running_list running;
	struct client *clients[CLIENTS];
};

/* Creates what the loop needs, before the system call filter forbids it. Dies on failure. */
void serve_prepare(struct holder *holder);
/* Serves until locked, expired or told to end; wipes everything before it returns. */
void serve(struct holder *holder);

/* answer.c: what a complete request is answered with. */
void answer_request(struct holder *holder, struct client *client);
/* Replaces the answer of CLIENT by an ERROR frame. */
void answer_error(struct client *client, enum wire_error code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Drops the request and starts an answer: everything put after it goes into one frame. */
void answer_begin(struct client *client);
/* decide.c: answers an EXEC with the grant that the stored plan gives, or with the reason for none. */
void answer_exec(struct holder *holder, struct client *client);
/* With `scope: terminal` only terminals whose user has given the passphrase may ask. */
bool from_known_terminal(const struct holder *holder, const struct client *client);
/* The name of the project for the journal; empty without a set. */
struct str held_label(const struct holder *holder);
void note_denied(struct holder *holder, struct client *client, struct str command, const char *reason);
/* Ends one use of a set; the last one wipes it. */
void held_release(struct held *held);
/* Removes the secrets and the shared folder's files, and notes it with REASON. */
void wipe_all(struct holder *holder, const char *reason);
/* The idle deadline, from now on; 0 while a command runs or where there is none. */
void restart_idle(struct holder *holder);

#endif
