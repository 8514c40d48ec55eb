/* The verbs that pass values between Node's pipes and the holder: put, get, keep, prove. The values are never all in here. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "holder/broker.h"
#include "holder/hold.h"
#include "holder/monitor.h"
#include "lib/base.h"
#include "lib/namespaces.h"
#include "lib/process.h"
#include "protocol/channel.h"
#include "protocol/set.h"
#include "verbs.h"

static uint8_t chunk[1 << 16], key[WIRE_MAX_PROOF]; /* the session's key, of a proof */

static int connect_unlocked(const struct location *location)
{
	int fd = channel_connect(location);
	if (fd < 0)
		die(EXIT_LOCKED, "tazpod pull", "locked");
	return fd;
}

/* Before the first byte of a value. */
static void lock_chunk(void)
{
	process_close();
	forbid_core();
	(void)mlock(key, sizeof key);
	(void)mlock(chunk, sizeof chunk); /* best effort: the bytes leave through a pipe anyway */
}

/* SIZE bytes of the DATA that is being received, to stdout. */
static void pass_on(int fd, uint32_t size)
{
	for (size_t left = size; left > 0;) {
		size_t n = left < sizeof chunk ? left : sizeof chunk;
		if (!read_all(fd, chunk, n))
			die(EXIT_SYSTEM, "tazpod status", "the holder ended in the middle of a value");
		if (!write_all(STDOUT_FILENO, chunk, n))
			die_errno(EXIT_SYSTEM, NULL, "can't write the value");
		left -= n;
	}
}

/* What is on stdin, ROOM bytes at most. Returns how many. */
static size_t read_input(void *into, size_t room)
{
	size_t used = 0;
	for (ssize_t n = 1; n > 0 && used < room; used += (size_t)n)
		if ((n = read(STDIN_FILENO, (char *)into + used, room - used)) < 0)
			die_errno(EXIT_DATA, NULL, "can't read standard input");
	return used;
}

/* The next bytes of LEFT on stdin, in the chunk. Returns how many; dies with WORDS at an early end. */
static size_t read_chunk(size_t left, const char *words)
{
	size_t n = left < sizeof chunk ? left : sizeof chunk;
	if (!read_all(STDIN_FILENO, chunk, n))
		die(EXIT_DATA, NULL, "%s", words);
	return n;
}

/* The names on stdin, each ended by a NUL (the last one may lack it), as they stand in GET. WITH_KEY: the first one is the
 * session's key, which comes into KEY. Returns how many. */
static uint16_t read_names(struct writer *w, bool with_key, uint32_t *key_size)
{
	enum { ROOM = SET_MAX_ENTRIES * (WIRE_MAX_NAME + 1) + WIRE_MAX_PROOF };
	char *names = allocate(ROOM + 1, 1);
	size_t used, at = 0;
	uint16_t count = 0;
	(void)mlock(names, WIRE_MAX_PROOF);
	used = read_input(names, ROOM + 1);
	if (used == 0)
		die(EXIT_USAGE, NULL, "usage: tazpod ghost get --many < NAMES");
	if (with_key) {
		at = strnlen(names, used);
		if (at == 0 || at > WIRE_MAX_PROOF)
			die(EXIT_DATA, NULL, "the session's key is missing");
		memcpy(key, names, at);
		*key_size = (uint32_t)at;
		explicit_bzero(names, at);
		at++;
	}
	for (; at < used; count++) {
		size_t size = strnlen(names + at, used - at);
		if (size > WIRE_MAX_NAME || count == SET_MAX_ENTRIES)
			die(EXIT_DATA, NULL, "a name is longer than %d bytes, or there are more than %d", WIRE_MAX_NAME, SET_MAX_ENTRIES);
		put_str(w, names + at, size);
		at += size + 1;
	}
	free(names);
	return count;
}

/* The session's key on stdin; the caller wipes it. Returns its size. */
static uint32_t read_key(void)
{
	size_t used = read_input(key, WIRE_MAX_PROOF);
	if (used == 0)
		die(EXIT_USAGE, NULL, "the session's key is wanted on standard input");
	return (uint32_t)used;
}

/* Asks for COUNT names (NAMES, as they stand in GET) and returns the reader of their sizes; the values
 * are next on FD. */
static struct reader ask_for(int fd, uint32_t key_size, uint16_t count, const struct writer *names)
{
	struct reply sizes, values;
	uint64_t total = 0;
	/* no writer: what grows leaves copies of the key behind */
	uint8_t head[WIRE_HEADER + 4], number[] = {(uint8_t)count, (uint8_t)(count >> 8)};
	frame_encode(head, FRAME_GET, (uint32_t)(4 + key_size + sizeof number + names->used));
	for (int i = 0; i < 4; i++)
		head[WIRE_HEADER + i] = (uint8_t)(key_size >> (8 * i));
	channel_send(fd, head, sizeof head);
	channel_send(fd, key, key_size);
	channel_send(fd, number, sizeof number);
	channel_send(fd, names->data, names->used);
	channel_receive(fd, &sizes);
	if (sizes.frame.type != FRAME_SIZES)
		die_reply(&sizes);
	struct reader r = {sizes.body, sizes.frame.length, false}, sum = r;
	for (uint32_t i = get_u32(&sum); i > 0 && !sum.bad; i--) {
		uint32_t size = get_u32(&sum);
		total += size == SIZE_ABSENT ? 0 : size;
	}
	channel_receive(fd, &values);
	if (get_u32(&r) != count || sum.bad || sum.left > 0 || values.frame.type != FRAME_DATA ||
	    values.frame.length != total)
		die(EXIT_BUG, "tazpod lock && tazpod pull", "the holder's values don't fit what was asked for");
	return r;
}

static void get_one(int fd, const char *name, bool with_key)
{
	struct writer names = {0};
	put_str(&names, name, strlen(name));
	uint32_t key_size = with_key ? read_key() : 0;
	struct reader sizes = ask_for(fd, key_size, 1, &names);
	explicit_bzero(key, sizeof key);
	uint32_t size = get_u32(&sizes);
	if (size == SIZE_ABSENT)
		die(EXIT_DATA, "tazpod exec --explain -- COMMAND", "there is no entry of that name");
	pass_on(fd, size);
}

static void get_many(int fd, bool with_key)
{
	struct writer names = {0};
	uint32_t key_size = 0;
	uint16_t count = read_names(&names, with_key, &key_size);
	struct reader sizes = ask_for(fd, key_size, count, &names);
	explicit_bzero(key, sizeof key);
	for (uint16_t i = 0; i < count; i++) {
		uint32_t size = get_u32(&sizes);
		uint8_t bytes[] = {(uint8_t)size, (uint8_t)(size >> 8), (uint8_t)(size >> 16), (uint8_t)(size >> 24)};
		if (!write_all(STDOUT_FILENO, bytes, sizeof bytes))
			die_errno(EXIT_SYSTEM, NULL, "can't write the value");
		pass_on(fd, size == SIZE_ABSENT ? 0 : size);
	}
}

/* A connection that the monitor has opened for the refresh that runs this (PROTOCOL.md, NEED). */
static int inherited(const char *text)
{
	unsigned long fd;
	struct stat st;
	if (!parse_number(text, 1 << 20, &fd) || fstat((int)fd, &st) != 0 || !S_ISSOCK(st.st_mode))
		die(EXIT_USAGE, NULL, "--over takes the descriptor of a socket");
	/* libuv makes the standard input of Node non-blocking; nobody else reads there */
	if (fcntl((int)fd, F_SETFL, 0) != 0)
		die_errno(EXIT_SYSTEM, NULL, "fcntl");
	channel_patience((int)fd, 20);
	return (int)fd;
}

int verb_get(int argc, char **argv)
{
	struct location location;
	bool over = argc == 3 && strcmp(argv[0], "--over") == 0, with_key = argc == 2 && strcmp(argv[0], "--key") == 0;
	if (argc != 1 && !over && !with_key)
		die(EXIT_USAGE, NULL, "usage: tazpod ghost get NAME, or --many with the names on stdin");
	if (isatty(STDOUT_FILENO))
		die(EXIT_REFUSED, "tazpod vault get NAME --reveal", "a value is not shown on a terminal");
	location_find(&location);
	lock_chunk();
	int fd = over ? inherited(argv[1]) : connect_unlocked(&location);
	const char *name = argv[argc - 1];
	if (strcmp(name, "--many") == 0)
		get_many(fd, with_key);
	else
		get_one(fd, name, with_key);
	explicit_bzero(chunk, sizeof chunk);
	return 0;
}

/* `tazpod ghost prove`: the passphrase that opened the key on stdin was typed at this terminal. */
int verb_prove(int argc, char **argv)
{
	struct location location;
	const struct writer none = {0};
	(void)argv;
	if (argc != 0)
		die(EXIT_USAGE, NULL, "usage: tazpod ghost prove < KEY");
	location_find(&location);
	lock_chunk();
	uint32_t size = read_key();
	(void)ask_for(connect_unlocked(&location), size, 0, &none);
	explicit_bzero(key, sizeof key);
	return 0;
}

/* `tazpod ghost keep NAME`: u32 size of the value as it was given, u32 size of what it is now, and both, on stdin. */
int verb_keep(int argc, char **argv)
{
	struct location location;
	struct reply reply;
	uint8_t sizes[8], header[WIRE_HEADER];
	uint32_t size[2];
	if (argc != 1 || strlen(argv[0]) > WIRE_MAX_NAME)
		die(EXIT_USAGE, NULL, "usage: tazpod ghost keep NAME < SIZES AND VALUES");
	location_find(&location);
	lock_chunk();
	if (!read_all(STDIN_FILENO, sizes, sizeof sizes))
		die(EXIT_DATA, NULL, "the values on standard input are cut short");
	struct reader r = {sizes, sizeof sizes, false};
	struct writer w = {0};
	for (int i = 0; i < 2; i++)
		if ((size[i] = get_u32(&r)) > SET_MAX_VALUE)
			die(EXIT_DATA, NULL, "a value is longer than 1 MiB");
	put_str(&w, argv[0], strlen(argv[0]));
	frame_encode(header, FRAME_KEEP, (uint32_t)w.used + 8 + size[0] + size[1]);
	int fd = connect_unlocked(&location);
	channel_send(fd, header, sizeof header);
	channel_send(fd, w.data, w.used);
	for (int i = 0; i < 2; i++) {
		channel_send(fd, sizes + 4 * (size_t)i, 4);
		for (size_t left = size[i]; left > 0;) {
			size_t n = read_chunk(left, "the values on standard input are cut short");
			channel_send(fd, chunk, n);
			left -= n;
		}
	}
	explicit_bzero(chunk, sizeof chunk);
	channel_receive(fd, &reply);
	if (reply.frame.type != FRAME_OK)
		die_reply(&reply);
	return 0;
}

/* META is the first record, and the whole of it is in the first chunk. What is no META is the holder's to refuse. */
static uint8_t cause_of(const struct frame *frame, size_t size)
{
	uint32_t length;
	struct reader r = {chunk, size, false};
	uint8_t type = get_u8(&r);
	const uint8_t *meta = get_bytes(&r, sizeof chunk, &length);
	bool known = frame->version == WIRE_VERSION && type == RECORD_META && meta && length > META_CAUSE_AT;
	return known ? meta[META_CAUSE_AT] : 0;
}

enum { START_PATIENCE_MS = 5000 };

/* A connection to the holder of LOCATION, which is started if there is none. MONITOR gets the end of a monitor
 * that was started together with it, -1 where none was: inside of a view the session around it starts both. Dies with the
 * reason. */
static int holder_connect(const struct location *location, int *monitor)
{
	*monitor = -1;
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + START_PATIENCE_MS * 1000000ull;
	for (;;) {
		int fd = channel_connect(location);
		if (fd >= 0)
			return fd;
		if (!(inside_view() ? broker_ask(location, monitor) : holder_launch(location))) {
			if (clock_ns(CLOCK_MONOTONIC) > end)
				die(EXIT_SYSTEM, "tazpod status", "another holder has the lock in %.400s but does not listen",
				    location->runtime);
			nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
		}
	}
}

/* Where a set goes, and the socket pair of a monitor that the holder may take one end of. */
struct delivery {
	int fd;
	int holder_end, own_end; /* -1: none; holder_end alone: the monitor runs already */
};

static void open_delivery(struct delivery *d, const struct location *location, const struct frame *frame, size_t size)
{
	int pair[2];
	*d = (struct delivery){.holder_end = -1, .own_end = -1};
	bool inside = getenv("TAZPOD_GHOST") || inside_view(); /* the variable: also where /proc shows other mounts */
	/* Whoever has locked meanwhile keeps what they asked for: a refresh starts no holder. */
	d->fd = cause_of(frame, size) == CAUSE_REFRESH ? connect_unlocked(location) : holder_connect(location, &d->holder_end);
	process_refuse_traced(channel_peer(d->fd), "the holder");
	if (inside && d->holder_end < 0) {
		d->holder_end = broker_ask_monitor(location);
	} else if (!inside && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0) {
		d->holder_end = pair[0];
		d->own_end = pair[1];
	}
}

int verb_put(int argc, char **argv)
{
	struct location location;
	struct reply reply;
	struct frame frame;
	struct delivery d = {.fd = -1};
	uint8_t header[WIRE_HEADER];
	(void)argv;
	if (argc != 0)
		die(EXIT_USAGE, NULL, "usage: tazpod ghost put < SET");
	location_find(&location);
	lock_chunk();
	if (!read_all(STDIN_FILENO, header, sizeof header) || !frame_decode(header, &frame) || frame.type != FRAME_SET)
		die(EXIT_DATA, NULL, "ghost put wants one SET frame on its standard input");
	size_t left = frame.length;
	do {
		size_t n = read_chunk(left, "the SET frame on standard input is cut short");
		if (d.fd < 0) {
			open_delivery(&d, &location, &frame, n);
			channel_send_carrying(d.fd, header, sizeof header, d.holder_end);
			if (d.holder_end >= 0)
				close(d.holder_end);
		}
		channel_send(d.fd, chunk, n);
		left -= n;
	} while (left > 0);
	explicit_bzero(chunk, sizeof chunk);
	channel_receive(d.fd, &reply);
	if (reply.frame.type != FRAME_OK)
		die_reply(&reply);
	if (reply.frame.length == 1 && reply.body[0] == 1 && d.own_end >= 0)
		monitor_start(&location, d.own_end);
	return 0;
}
