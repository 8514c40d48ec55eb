/* The verbs that pass values between Node's pipes and the holder: put, get. The values are never all in here. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "holder/broker.h"
#include "holder/hold.h"
#include "holder/monitor.h"
#include "lib/base.h"
#include "lib/namespaces.h"
#include "protocol/channel.h"
#include "protocol/set.h"
#include "verbs.h"

static uint8_t chunk[1 << 16];

static int connect_unlocked(const struct location *location)
{
	int fd = channel_connect(location);
	if (fd < 0)
		die(EXIT_LOCKED, "tazpod pull", "locked");
	return fd;
}

static void lock_chunk(void)
{
	forbid_core();
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

/* The names on stdin, each ended by a NUL (the last one may lack it), as they stand in GET. Returns how many. */
static uint16_t read_names(struct writer *w)
{
	enum { ROOM = SET_MAX_ENTRIES * (WIRE_MAX_NAME + 1) };
	char *names = allocate(ROOM + 1, 1);
	size_t used = 0;
	uint16_t count = 0;
	for (ssize_t n = 1; n > 0 && used < ROOM + 1; used += n > 0 ? (size_t)n : 0)
		if ((n = read(STDIN_FILENO, names + used, ROOM + 1 - used)) < 0)
			die_errno(EXIT_DATA, NULL, "can't read the names");
	if (used == 0)
		die(EXIT_USAGE, NULL, "usage: tazpod ghost get --many < NAMES");
	for (size_t at = 0; at < used; count++) {
		size_t size = strnlen(names + at, used - at);
		if (size > WIRE_MAX_NAME || count == SET_MAX_ENTRIES)
			die(EXIT_DATA, NULL, "a name is longer than %d bytes, or there are more than %d", WIRE_MAX_NAME, SET_MAX_ENTRIES);
		put_str(w, names + at, size);
		at += size + 1;
	}
	free(names);
	return count;
}

/* Asks for COUNT names (NAMES, as they stand in GET) and returns the reader of their sizes; the values are next on FD. */
static struct reader ask_for(int fd, uint16_t count, const struct writer *names)
{
	struct reply sizes, values;
	struct writer w = {0};
	uint64_t total = 0;
	frame_begin(&w);
	put_u16(&w, count);
	put_raw(&w, names->data, names->used);
	frame_finish(&w, FRAME_GET);
	channel_send(fd, w.data, w.used);
	writer_free(&w);
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
	lock_chunk();
	return r;
}

static void get_one(int fd, const char *name)
{
	struct writer names = {0};
	put_str(&names, name, strlen(name));
	struct reader sizes = ask_for(fd, 1, &names);
	uint32_t size = get_u32(&sizes);
	if (size == SIZE_ABSENT)
		die(EXIT_DATA, "tazpod exec --explain -- COMMAND", "there is no entry of that name");
	pass_on(fd, size);
}

static void get_many(int fd)
{
	struct writer names = {0};
	uint16_t count = read_names(&names);
	struct reader sizes = ask_for(fd, count, &names);
	for (uint16_t i = 0; i < count; i++) {
		uint32_t size = get_u32(&sizes);
		uint8_t bytes[] = {(uint8_t)size, (uint8_t)(size >> 8), (uint8_t)(size >> 16), (uint8_t)(size >> 24)};
		if (!write_all(STDOUT_FILENO, bytes, sizeof bytes))
			die_errno(EXIT_SYSTEM, NULL, "can't write the value");
		pass_on(fd, size == SIZE_ABSENT ? 0 : size);
	}
}

int verb_get(int argc, char **argv)
{
	struct location location;
	if (argc != 1)
		die(EXIT_USAGE, NULL, "usage: tazpod ghost get NAME, or --many with the names on stdin");
	if (isatty(STDOUT_FILENO))
		die(EXIT_REFUSED, "tazpod vault get NAME --reveal", "a value is not shown on a terminal");
	location_find(&location);
	int fd = connect_unlocked(&location);
	if (strcmp(argv[0], "--many") == 0)
		get_many(fd);
	else
		get_one(fd, argv[0]);
	explicit_bzero(chunk, sizeof chunk);
	return 0;
}

/* META is the first record, and the whole of it is in the first chunk. What is no META is the holder's to refuse: then both
 * are 0. */
static void look_at_meta(const struct frame *frame, size_t size, uint8_t *scope, uint8_t *cause)
{
	uint32_t length;
	struct reader r = {chunk, size, false};
	uint8_t type = get_u8(&r);
	const uint8_t *meta = get_bytes(&r, sizeof chunk, &length);
	bool known = frame->version == WIRE_VERSION && type == RECORD_META && meta && length > META_CAUSE_AT;
	*scope = known ? meta[META_SCOPE_AT] : 0;
	*cause = known ? meta[META_CAUSE_AT] : 0;
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
	bool at_terminal;
	int holder_end, own_end; /* -1: none; holder_end alone: the monitor runs already */
};

static void open_delivery(struct delivery *d, const struct location *location, const struct frame *frame, size_t size)
{
	uint8_t scope, cause;
	int pair[2];
	*d = (struct delivery){.holder_end = -1, .own_end = -1};
	look_at_meta(frame, size, &scope, &cause);
	d->at_terminal = scope == SCOPE_TERMINAL;
	bool inside = getenv("TAZPOD_GHOST") || inside_view(); /* the variable: also where /proc shows other mounts */
	/* Whoever has locked meanwhile keeps what they asked for: a refresh starts no holder. */
	d->fd = cause == CAUSE_REFRESH ? connect_unlocked(location) : holder_connect(location, &d->holder_end);
	if (inside && d->at_terminal && d->holder_end >= 0) { /* a shell's terminal is another one than its session's: refused */
		close(d->holder_end);
		d->holder_end = -1;
	} else if (inside && !d->at_terminal && d->holder_end < 0) {
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
		size_t n = left < sizeof chunk ? left : sizeof chunk;
		if (!read_all(STDIN_FILENO, chunk, n))
			die(EXIT_DATA, NULL, "the SET frame on standard input is cut short");
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
		monitor_start(&location, d.own_end, d.at_terminal);
	return 0;
}
