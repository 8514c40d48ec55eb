/* The holder's event loop: one thread, one event at a time, nothing waits for a client. */
#ifndef TAZPOD_SERVE_H
#define TAZPOD_SERVE_H

#include <limits.h>

#include "holder/running.h"
#include "lib/arena.h"
#include "protocol/grant.h"
#include "protocol/set.h"

enum { CLIENTS = 256, TERMINALS = 32 };

/* One set of secrets. A client that is still being sent values keeps it alive past its replacement. */
struct held {
	struct arena arena;
	struct set set;
	unsigned uses;
	struct arena *kept; /* values that a command has changed since (keep.c) */
	size_t kept_count;
};

struct slice {
	const uint8_t *at;
	size_t size;
};

/* What an epoll event is about: in the upper half of its tag, with a slot number in the lower. */
enum source { SOURCE_LISTENER, SOURCE_TIMER, SOURCE_TERMINATE, SOURCE_CLIENT, SOURCE_RUNNING, SOURCE_MONITOR, SOURCE_VIGIL };

/* PHASE_WAIT: for the end of a refresh. */
enum phase { PHASE_HEADER, PHASE_BODY, PHASE_WAIT, PHASE_ANSWER };

struct client {
	int fd, pidfd;
	int carried;          /* a descriptor that came with the header: the end of a monitor, of a SET; -1: none */
	pid_t pid;
	bool trusted;         /* the other end is the refresh that the monitor has started: it needs no proof, and may pause */
	bool sent_all;
	uint32_t waits_for;   /* PHASE_WAIT: the number of the refresh */
	enum phase phase;
	uint8_t header[WIRE_HEADER];
	struct frame frame;
	uint8_t *body;        /* of a request; not of a SET */
	struct arena arena;   /* of a SET or KEEP: the bytes never pass through other memory */
	size_t got;
	struct writer answer; /* no secret: names and sizes */
	struct slice *values; /* into `held` */
	size_t value_count, value_at, sent;
	struct held *held;
	bool send_namespaces;
	uint64_t drop_at;     /* CLOCK_MONOTONIC ns; 0: never */
};

/* The holder's end of the monitor's socket pair: it says how a refresh went. */
struct monitor_end {
	int fd;
	int carried;       /* came with a NEED: the holder's end of a refresh's connection; -1: none */
	uint32_t asked;    /* the number of the last refresh that was asked for */
	uint8_t header[WIRE_HEADER];
	uint8_t *body;     /* of a RESULT */
	struct frame frame;
	size_t got;
};

/* A terminal whose user has given the passphrase (running.h), and until when that counts as a proof. */
struct known_terminal {
	struct terminal terminal;
	uint64_t proven_until; /* CLOCK_BOOTTIME ns; 0: not (the passphrase came out of a keyring) */
};

struct file_id {
	dev_t dev;
	ino_t ino;
};

/* What the holder is reached by, and the project that it is for (vigil.c). */
struct vigil {
	char path[PATH_MAX]; /* of the runtime folder */
	struct file_id folder, socket, project;
	bool project_known, project_moved;
	int inotify, project_watch; /* -1: none */
	uint64_t look_at;           /* CLOCK_BOOTTIME ns */
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
	/* watch.c; times are CLOCK_BOOTTIME ns, 0: never */
	struct monitor_end *monitor;      /* NULL: no monitor is connected */
	uint64_t set_at, refresh_at, try_at, overdue_said_at;
	uint64_t refreshed_ms;        /* Unix ms of the last success or failure; 0: none */
	uint8_t refresh_code;         /* of the last one; 0: it worked */
	struct known_terminal terminals[TERMINALS];
	uint32_t terminal_count;
	struct running_list running;
	struct client *clients[CLIENTS];
	struct vigil vigil;
};

/* A client that makes no progress for so long is dropped; a holder that never gets a set ends after it too. */
#define PATIENCE_NS (10 * SECOND_NS)

/* connection.c: takes what has come of a request; a whole one is answered. False: the client is gone. */
bool client_receive(struct holder *holder, struct client *client);
/* Sends what the socket takes. False: everything is sent (then SENT_ALL), or the client is gone. */
bool client_transmit(const struct holder *holder, struct client *client);
/* Creates what the loop needs, before the system call filter forbids it. Dies on failure. */
void serve_prepare(struct holder *holder);
/* Serves until locked, expired or told to end; wipes everything before it returns. */
void serve(struct holder *holder);

/* answer.c: what a complete request is answered with. */
void answer_request(struct holder *holder, struct client *client);
/* Replaces the answer of CLIENT by an ERROR frame. */
void answer_error(struct client *client, enum wire_error code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Frees the body of the request, wiped where it may hold a key. */
void drop_body(struct client *client);
/* Drops the request and starts an answer: everything put after it goes into one frame. */
void answer_begin(struct client *client);
/* Sends what there is of an answer to the client in SLOT, the rest when it has room. */
void send_answer_to(struct holder *holder, uint32_t slot);
/* A client whose connection the monitor has brought: FD becomes the holder's. */
void adopt_refresh(struct holder *holder, int fd);
/* decide.c: answers an EXEC with the grant that the stored plan gives, or with the reason for none. */
void answer_exec(struct holder *holder, struct client *client);
/* lookup.c: values by name. */
void answer_get(struct holder *holder, struct client *client);
/* keep.c: what a command has made of a file that it was granted. */
void answer_keep(struct holder *holder, struct client *client);
/* proof.c: with `scope: terminal` only terminals whose user has given the passphrase may ask, for WHAT. False where that was
 * noted and an error answered. */
bool may_ask(struct holder *holder, struct client *client, struct str what);
/* Whether these bytes are the vault's key that the session holds. */
bool is_key(const struct held *held, const uint8_t *bytes, size_t size);
/* The client's terminal is one whose user has given the passphrase; PROVEN: just now. KEEP: so are those before. */
void note_terminal(struct holder *holder, const struct client *client, bool keep, bool proven);
/* Whether the passphrase was given at the client's terminal a short time ago (META). */
bool is_proven(const struct holder *holder, const struct client *client);
/* The name of the project for the journal; empty without a set. */
struct str held_label(const struct holder *holder);
void note_denied(struct holder *holder, struct client *client, struct str command, const char *reason);
/* Ends one use of a set; the last one wipes it. */
void held_release(struct held *held);
/* Removes the secrets and the shared folder's files, and notes it with REASON. */
void wipe_all(struct holder *holder, const char *reason);
/* The one that comes first; 0 is never. */
uint64_t earlier(uint64_t a, uint64_t b);

/* watch.c: the monitor, and what depends on when the set was fetched. */
void drop_monitor(struct holder *holder);
/* The monitor has said something, or is gone. */
void on_monitor(struct holder *holder);
/* Answers RENEW: the monitor fetches now, and the client waits. */
void answer_renew(struct holder *holder, struct client *client);
/* Takes the end that the client has sent along with its set, where there is no monitor. False: not taken, and
 * the client is to start none. */
bool take_monitor(struct holder *holder, struct client *client);
/* Sets the times of the set that has just arrived, and tells the monitor. */
void watch_new_set(struct holder *holder);
/* Hands the monitor what it is to revoke, and lets it go. Before the wipe. */
void watch_last(struct holder *holder);
/* Until something that PLAN (NULL: none) delivers ends, as GRANT says it. */
uint32_t seconds_left(const struct holder *holder, const struct plan *plan);
enum renewal renewal_of(const struct holder *holder);
/* Whether this `exec` should fetch the set anew first. Says so once a minute at most. */
bool is_overdue(struct holder *holder, uint32_t left_s);
/* vigil.c: whether anybody can still reach this holder. Takes RUNTIME's path, before the system call filter. */
void vigil_prepare(struct holder *holder, const char *runtime);
/* Looks after the project of the set that has just arrived, too. */
void vigil_new_set(struct holder *holder);
/* Wipes where the runtime folder, the socket or the project is gone; at most once in LOOK_S. */
void vigil_due(struct holder *holder, uint64_t now);
/* inotify has something to say. */
void on_vigil(struct holder *holder);
/* Whether the socket in the runtime folder is the one that this holder listens on. */
bool socket_is_ours(const struct holder *holder);
/* The part of STATE about the refresh. */
void put_refresh(const struct holder *holder, struct writer *w);
/* The idle deadline, from now on; 0 while a command runs or where there is none. */
void restart_idle(struct holder *holder);

#endif
