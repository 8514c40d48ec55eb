/* The holder's end of the monitor, on a socket pair: what it says, what it takes, and that it waits for nothing. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "holder/serve.h"
#include "lib/base.h"
#include "protocol/channel.h"
#include "test/check.h"
#include "test/fuzz.h"

/* A SET that brings a monitor. Returns the monitor's end of the pair. */
static int watch(struct holder *h)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
		die_errno(EXIT_SYSTEM, NULL, "socketpair");
	struct client *c = fuzz_client(-1);
	c->carried = ends[0];
	CHECK(take_monitor(h, c));
	CHECK(h->monitor && h->monitor->fd == ends[0] && c->carried == -1);
	close(c->pidfd);
	free(c);
	return ends[1];
}

/* What is no socket, and what comes where a monitor is, is left to the client to close. */
static void check_refused(struct holder *h)
{
	int fd = watch(h);
	struct client *c = fuzz_client(-1);
	c->carried = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	CHECK(c->carried >= 0 && !take_monitor(h, c) && c->carried >= 0);
	close(c->carried);
	drop_monitor(h);
	c->carried = open("/dev/null", O_RDWR | O_CLOEXEC);
	CHECK(!take_monitor(h, c) && !h->monitor && c->carried >= 0);
	close(c->carried);
	c->carried = -1;
	CHECK(!take_monitor(h, c));
	close(c->pidfd);
	free(c);
	close(fd);
	fuzz_reset(h);
}

/* The ms of the next WAKE; 1 where there is none. */
static uint64_t wake(int fd)
{
	uint8_t bytes[WIRE_HEADER + 8];
	struct frame frame;
	if (recv(fd, bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes || !frame_decode(bytes, &frame) ||
	    frame.type != FRAME_WAKE || frame.length != 8)
		return 1;
	struct reader r = {bytes + WIRE_HEADER, 8, false};
	return get_u64(&r);
}

static void say(struct holder *h, int fd, const void *bytes, size_t size)
{
	CHECK(send(fd, bytes, size, MSG_NOSIGNAL) == (ssize_t)size);
	on_monitor(h); /* the header */
	on_monitor(h); /* and the body */
}

static void check_times(struct holder *h)
{
	int fd = watch(h);
	CHECK(wake(fd) == UINT64_MAX); /* nothing is known of the set that was there before */
	watch_new_set(h);
	uint64_t ms = wake(fd);
	CHECK(ms > 1490000 && ms <= 1500000);
	CHECK(h->try_at == h->refresh_at && h->refresh_code == 0 && h->refreshed_ms == 0);
	/* in two pieces: exit 69, again in 60,000 ms */
	static const uint8_t result[] = {'T', 'Z', WIRE_VERSION, FRAME_RESULT, 13, 0, 0, 0, 69, 0x60, 0xEA,
	                                 0,   0,   0,            0,            0,  0, 0, 0, 0,  0};
	say(h, fd, result, 7);
	say(h, fd, result + 7, 5);
	CHECK(h->refresh_code == 0);
	say(h, fd, result + 12, sizeof result - 12);
	CHECK(h->refresh_code == 69 && h->refreshed_ms > 0);
	uint64_t now = clock_ns(CLOCK_BOOTTIME);
	CHECK(h->try_at > now + 50 * SECOND_NS && h->try_at <= now + 60 * SECOND_NS);
	watch_new_set(h);
	CHECK(h->refresh_code == 0 && wake(fd) != 1);
	close(fd);
	on_monitor(h);
	CHECK(!h->monitor);
	fuzz_reset(h);
}

static void check_nonsense(struct holder *h)
{
	static const struct {
		const char *bytes;
		size_t size;
	} bad[] = {{"XZ\4\16\15\0\0\0", 8}, {"TZ\1\16\15\0\0\0", 8}, {"TZ\4\13\0\0\0\0", 8},
	           {"TZ\4\16\3\0\0\0abc", 11}, {"TZ\4\16\0\0\0\0", 8}, {"TZ\4\1\0\0\0\0", 8},
	           {"TZ\4\23\0\0\0\0", 8} /* NEED without a descriptor */, {"TZ\4\16\377\377\377\0", 8}};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		int fd = watch(h);
		say(h, fd, bad[i].bytes, bad[i].size);
		CHECK(!h->monitor);
		close(fd);
		fuzz_reset(h);
	}
}

/* A monitor that reads nothing is let go once its socket is full; the holder is never held up (the alarm would end it). */
static void check_stuck(struct holder *h)
{
	int fd = watch(h), sets = 0;
	alarm(20);
	for (; h->monitor && sets < 1 << 20; sets++)
		watch_new_set(h);
	alarm(0);
	CHECK(!h->monitor && sets > 10);
	close(fd);
	fuzz_reset(h);
}

/* Answers a RENEW that says SIZE bytes of digest. The client waits in slot 0, or its answer's type is in TYPE. */
static uint8_t renew(struct holder *h, const uint8_t *digest, size_t size, int fd)
{
	struct client *c = fuzz_client(fd);
	uint8_t type = 0;
	c->frame = (struct frame){WIRE_VERSION, FRAME_RENEW, (uint32_t)size};
	c->body = allocate(size, 1);
	if (size > 0)
		memcpy(c->body, digest, size);
	answer_request(h, c);
	if (c->phase == PHASE_WAIT) {
		h->clients[0] = c;
		return 0;
	}
	struct reader r = {c->answer.data + WIRE_HEADER, c->answer.used - WIRE_HEADER, false};
	type = (uint8_t)get_u16(&r);
	free(c->body);
	writer_free(&c->answer);
	close(c->pidfd);
	close(fd);
	free(c);
	return type;
}

/* The type of the frame that the waiting client is sent, and its first byte in CODE. */
static uint8_t answered(int fd, uint8_t *code)
{
	uint8_t bytes[256] = {0};
	ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
	*code = bytes[WIRE_HEADER];
	return n > 0 ? bytes[3] : 0;
}

static void check_renew(struct holder *h)
{
	uint8_t digest[WIRE_DIGEST], code, bytes[64];
	int ends[2], fd;
	for (int i = 0; i < WIRE_DIGEST; i++)
		digest[i] = (uint8_t)i;
	CHECK(renew(h, digest, sizeof digest, -1) == ERROR_MONITOR);
	fd = watch(h);
	CHECK(wake(fd) != 1);
	CHECK(renew(h, digest, 31, -1) == ERROR_BAD);
	digest[31] ^= 1;
	CHECK(renew(h, digest, sizeof digest, -1) == ERROR_STALE);
	digest[31] ^= 1;
	CHECK(recv(fd, bytes, sizeof bytes, 0) < 0); /* none of them has started anything */
	for (int last = 0; last < 3; last++) { /* the answer; one of an earlier refresh; the end of the monitor */
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
			die_errno(EXIT_SYSTEM, NULL, "socketpair");
		CHECK(renew(h, last ? NULL : digest, last ? 0 : sizeof digest, ends[0]) == 0);
		CHECK(recv(fd, bytes, sizeof bytes, 0) == WIRE_HEADER + 4 && bytes[3] == FRAME_FETCH);
		uint8_t result[] = {'T', 'Z', WIRE_VERSION, FRAME_RESULT, 15, 0, 0, 0, 65, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
		result[WIRE_HEADER + 9] = (uint8_t)(bytes[WIRE_HEADER] - (last == 1));
		if (last < 2)
			say(h, fd, result, sizeof result);
		CHECK(answered(ends[1], &code) == (last ? 0 : FRAME_REPORT) && (last || code == 65));
		CHECK((h->clients[0] != NULL) == (last > 0));
		if (last == 1)
			watch_last(h);
		if (last == 1)
			CHECK(answered(ends[1], &code) == FRAME_ERROR && code == ERROR_EMPTY && !h->clients[0]);
		if (last == 1) {
			close(fd);
			fd = watch(h);
			CHECK(wake(fd) != 1);
		}
		if (last == 2) {
			drop_monitor(h);
			CHECK(answered(ends[1], &code) == FRAME_ERROR && code == ERROR_MONITOR && !h->clients[0]);
		}
		close(ends[1]);
	}
	close(fd);
	fuzz_reset(h);
}

/* What a monitor opens is trusted for values and for nothing else. */
static void check_need(struct holder *h)
{
	static const uint8_t need[] = {'T', 'Z', WIRE_VERSION, FRAME_NEED, 0, 0, 0, 0};
	int fd = watch(h), ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		die_errno(EXIT_SYSTEM, NULL, "socketpair");
	channel_send_carrying(fd, need, sizeof need, ends[0]);
	close(ends[0]);
	on_monitor(h);
	CHECK(h->monitor && h->clients[0] && h->clients[0]->trusted && h->clients[0]->pidfd == -1);
	struct client *c = h->clients[0];
	c->frame = (struct frame){WIRE_VERSION, FRAME_STATUS, 0};
	answer_request(h, c);
	struct reader r = {c->answer.data + WIRE_HEADER, c->answer.used - WIRE_HEADER, false};
	CHECK(c->answer.data[3] == FRAME_ERROR && get_u16(&r) == ERROR_BAD);
	close(ends[1]);
	send_answer_to(h, 0);
	CHECK(!h->clients[0]);
	close(fd);
	fuzz_reset(h);
}

static void check_last(struct holder *h)
{
	int fd = watch(h);
	char bytes[64];
	CHECK(wake(fd) != 1);
	watch_last(h);
	CHECK(!h->monitor);
	CHECK(recv(fd, bytes, sizeof bytes, 0) == WIRE_HEADER + 5);
	CHECK(memcmp(bytes, "TZ\4\15\5\0\0\0TOKEN", WIRE_HEADER + 5) == 0);
	CHECK(recv(fd, bytes, sizeof bytes, 0) == 0);
	close(fd);
	watch_last(h); /* without a monitor */
	fuzz_reset(h);
}

static void check_left(struct holder *h)
{
	const struct plan plan = {.valid_s = 3600}, none = {.valid_s = 0};
	uint64_t now = clock_ns(CLOCK_BOOTTIME);
	h->set_at = now;
	CHECK(seconds_left(h, NULL) == GRANT_NO_END && seconds_left(h, &none) == GRANT_NO_END);
	CHECK(seconds_left(h, &plan) == 3600);
	h->set_at = now - 3599 * SECOND_NS - SECOND_NS / 2;
	CHECK(seconds_left(h, &plan) == 1); /* rounded up: 0 is the end */
	h->set_at = now - 3600 * SECOND_NS;
	CHECK(seconds_left(h, &plan) == 0);
	h->set_at = 0;
	const struct plan long_plan = {.valid_s = UINT32_MAX - 1};
	CHECK(seconds_left(h, &long_plan) > 0);
	fuzz_reset(h);
}

static void check_overdue(struct holder *h)
{
	uint64_t now = clock_ns(CLOCK_BOOTTIME);
	CHECK(!is_overdue(h, 0) && renewal_of(h) == RENEWAL_NONE); /* never to be refreshed */
	h->refresh_at = now + 60 * SECOND_NS;
	CHECK(!is_overdue(h, 0) && !is_overdue(h, 100) && renewal_of(h) == RENEWAL_IN_TIME);
	h->refresh_at = now - 20 * SECOND_NS; /* a little late */
	CHECK(!is_overdue(h, 100) && renewal_of(h) == RENEWAL_IN_TIME);
	h->refresh_at = now - 40 * SECOND_NS;
	CHECK(renewal_of(h) == RENEWAL_FAILED);
	CHECK(!is_overdue(h, 100) && !is_overdue(h, 0)); /* nobody is there who could fetch */
	int fd = watch(h);
	CHECK(!is_overdue(h, 100)); /* the monitor is at it */
	CHECK(is_overdue(h, 0));
	CHECK(!is_overdue(h, 0)); /* once a minute */
	h->overdue_said_at = now - 61 * SECOND_NS;
	CHECK(is_overdue(h, 0));
	close(fd);
	fuzz_reset(h);
	h->refresh_at = now + 60 * SECOND_NS;
	h->refresh_code = 69;
	CHECK(renewal_of(h) == RENEWAL_FAILED);
	fuzz_reset(h);
}

void check_watch(void)
{
	struct holder *h = fuzz_holder();
	check_times(h);
	check_refused(h);
	check_nonsense(h);
	check_stuck(h);
	check_renew(h);
	check_need(h);
	check_last(h);
	check_left(h);
	check_overdue(h);
}
