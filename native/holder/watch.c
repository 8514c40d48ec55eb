/* The holder's end of the monitor (monitor.c): when a set is to be fetched anew, how that went, and the last word. The
 * holder never waits for a monitor: what its socket does not take at once is given up. (MSG_DONTWAIT, and not O_NONBLOCK:
 * whoever sent the descriptor may have a copy, and with it that flag.) */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "holder/journal.h"
#include "holder/serve.h"
#include "lib/base.h"
#include "protocol/channel.h"
#include "protocol/grant.h"

/* A refresh that is late by so much has failed, whatever it is waiting for. And how often `exec` asks for one at once: not
 * each time, the network may be gone. */
#ifndef OVERDUE_S
#define OVERDUE_S 30
#endif
#ifndef OVERDUE_AGAIN_S
#define OVERDUE_AGAIN_S 60
#endif

/* A refresh that hangs is killed by the monitor (monitor.c); whoever waits for it waits a little longer. */
#ifndef RENEW_PATIENCE_S
#define RENEW_PATIENCE_S 150
#endif

/* Whether the client in SLOT waits for the refresh NUMBER, or an earlier one. */
static bool is_waiting(const struct holder *h, uint32_t slot, uint32_t number)
{
	const struct client *c = h->clients[slot];
	return c && c->phase == PHASE_WAIT && c->waits_for <= number;
}

static void refuse_waiting(struct holder *h, enum wire_error code, const char *words)
{
	for (uint32_t i = 0; i < CLIENTS; i++)
		if (is_waiting(h, i, UINT32_MAX)) {
			answer_error(h->clients[i], code, "%s", words);
			send_answer_to(h, i);
		}
}

/* Tells those who wait how it went, in SIZE bytes of REPORT. */
static void answer_waiting(struct holder *h, uint32_t number, uint8_t code, const uint8_t *report, size_t size)
{
	for (uint32_t i = 0; i < CLIENTS; i++) {
		struct client *c = h->clients[i];
		if (!is_waiting(h, i, number))
			continue;
		answer_begin(c);
		put_u8(&c->answer, code);
		put_raw(&c->answer, report, size);
		frame_finish(&c->answer, FRAME_REPORT);
		c->drop_at = clock_ns(CLOCK_MONOTONIC) + PATIENCE_NS;
		send_answer_to(h, i);
	}
}

void drop_monitor(struct holder *h)
{
	struct monitor_end *m = h->monitor;
	if (!m)
		return;
	h->monitor = NULL;
	close(m->fd);
	if (m->carried >= 0)
		close(m->carried);
	free(m->body);
	free(m);
	refuse_waiting(h, ERROR_MONITOR, "the process that fetches for this session has ended");
}

/* What the socket does not take at once: the monitor is stuck, and a later put starts another one. */
static void tell_monitor(struct holder *h, enum frame_type type, uint64_t number, size_t size)
{
	uint8_t frame[WIRE_HEADER + 8];
	frame_encode(frame, type, (uint32_t)size);
	for (size_t i = 0; i < size; i++)
		frame[WIRE_HEADER + i] = (uint8_t)(number >> (8 * i));
	if (send(h->monitor->fd, frame, WIRE_HEADER + size, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)(WIRE_HEADER + size))
		drop_monitor(h);
}

void watch_new_set(struct holder *h)
{
	const struct set *set = &h->held->set;
	h->set_at = clock_ns(CLOCK_BOOTTIME);
	h->refresh_at = h->try_at = set->refresh_s ? h->set_at + set->refresh_s * SECOND_NS : 0;
	h->refresh_code = 0;
	h->refreshed_ms = set->cause == CAUSE_REFRESH ? wall_ms() : 0;
	h->overdue_said_at = 0;
	if (h->monitor)
		tell_monitor(h, FRAME_WAKE, ms_until(h->refresh_at), 8);
}

bool take_monitor(struct holder *h, struct client *c)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)SOURCE_MONITOR << 32};
	if (c->carried < 0 || h->monitor)
		return false;
	struct monitor_end *m = calloc(1, sizeof *m);
	if (!m || epoll_ctl(h->epoll, EPOLL_CTL_ADD, c->carried, &event) != 0) { /* out of memory, or no socket */
		free(m);
		return false;
	}
	*m = (struct monitor_end){.fd = c->carried, .carried = -1};
	h->monitor = m;
	c->carried = -1;
	tell_monitor(h, FRAME_WAKE, ms_until(h->refresh_at), 8);
	return h->monitor != NULL;
}

void answer_renew(struct holder *h, struct client *c)
{
	if (!may_ask(h, c, (struct str){"pull", 4}))
		return;
	if (c->frame.length != 0 && c->frame.length != WIRE_DIGEST) {
		answer_error(c, ERROR_BAD, "the request is not valid");
	} else if (c->frame.length == WIRE_DIGEST && memcmp(c->body, h->held->set.digest, WIRE_DIGEST) != 0) {
		answer_error(c, ERROR_STALE, "tazpod.yaml has changed since the passphrase was given");
	} else if (h->monitor) {
		c->waits_for = ++h->monitor->asked;
		tell_monitor(h, FRAME_FETCH, c->waits_for, 4);
	}
	if (c->phase == PHASE_ANSWER)
		return;
	drop_body(c);
	c->drop_at = clock_ns(CLOCK_MONOTONIC) + RENEW_PATIENCE_S * SECOND_NS;
	if (h->monitor)
		c->phase = PHASE_WAIT;
	else
		answer_error(c, ERROR_MONITOR, "no process is there that could fetch for this session");
}

/* u8 exit code, u64 ms until the monitor tries again (all ones: not before the next set), u32 the number of the last refresh
 * that was asked for before this one began, and what it has said. */
static bool note_result(struct holder *h, const struct monitor_end *m)
{
	struct reader r = {m->body, m->frame.length, false};
	char reason[32];
	uint8_t code = get_u8(&r);
	uint64_t ms = get_u64(&r);
	uint32_t number = get_u32(&r);
	if (r.bad)
		return false;
	if (h->refresh_at != 0) { /* else of a set that is replaced by one that needs no refresh */
		h->try_at = ms_from_now(ms);
		h->refresh_code = code;
		h->refreshed_ms = wall_ms();
	}
	if (code != 0) { /* the set that it put has said so */
		snprintf(reason, sizeof reason, "failed (exit %u)", code);
		journal_write(h->journal, &(struct journal_event){.event = "refresh", .project = held_label(h), .reason = reason,
		                                                   .count = -1});
	}
	answer_waiting(h, number, code, r.at, r.left);
	return true;
}

/* A whole frame is there. False: it is none that a monitor sends. */
static bool take_frame(struct holder *h, struct monitor_end *m)
{
	bool good = m->frame.type == FRAME_RESULT && note_result(h, m);
	if (m->frame.type == FRAME_NEED && m->frame.length == 0 && m->carried >= 0) {
		adopt_refresh(h, m->carried);
		m->carried = -1;
		good = true;
	}
	free(m->body);
	m->body = NULL;
	return good;
}

/* False: the monitor is gone, or talks nonsense. */
static bool hear(struct holder *h, struct monitor_end *m)
{
	bool header = m->got < WIRE_HEADER;
	uint8_t *into = header ? m->header + m->got : m->body + (m->got - WIRE_HEADER);
	size_t want = header ? WIRE_HEADER - m->got : WIRE_HEADER + m->frame.length - m->got;
	ssize_t n = channel_recv_carried(m->fd, into, want, &m->carried, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0)
		return false;
	m->got += (size_t)n;
	if (header && m->got == WIRE_HEADER) {
		if (!frame_decode(m->header, &m->frame) || m->frame.version != WIRE_VERSION || m->frame.length > WIRE_MAX_RESULT)
			return false;
		m->body = malloc(m->frame.length + 1u);
		if (!m->body)
			return false;
	}
	if (m->got < WIRE_HEADER || m->got < WIRE_HEADER + m->frame.length)
		return true;
	m->got = 0;
	return take_frame(h, m);
}

void on_monitor(struct holder *h)
{
	if (h->monitor && !hear(h, h->monitor))
		drop_monitor(h);
}

void watch_last(struct holder *h)
{
	const struct entry *e = h->held ? set_internal(&h->held->set, ENTRY_REVOKE) : NULL;
	uint8_t header[WIRE_HEADER];
	bool handed = false;
	refuse_waiting(h, ERROR_EMPTY, "it was locked while the secrets were fetched");
	if (e && h->monitor) {
		/* At once and from where it lies: no copy of it is left to wipe, and 64 KiB fit into the socket (the default of
		 * net.core.wmem_default is 208 KiB) unless the monitor is stuck. */
		struct iovec io[] = {{header, sizeof header}, {(void *)(uintptr_t)e->value, e->size}};
		struct msghdr message = {.msg_iov = io, .msg_iovlen = 2};
		frame_encode(header, FRAME_LAST, e->size);
		handed = sendmsg(h->monitor->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)(sizeof header + e->size);
	}
	if (e && !handed)
		journal_write(h->journal, &(struct journal_event){.event = "revoke", .project = held_label(h), .count = -1,
		                                                   .reason = "failed (no monitor took the token)"});
	drop_monitor(h);
}

uint32_t seconds_left(const struct holder *h, const struct plan *plan)
{
	if (!plan || plan->valid_s == 0)
		return GRANT_NO_END;
	uint64_t now = clock_ns(CLOCK_BOOTTIME), end = h->set_at + plan->valid_s * SECOND_NS;
	return end > now ? (uint32_t)((end - now + SECOND_NS - 1) / SECOND_NS) : 0;
}

static bool is_late(const struct holder *h)
{
	return h->refresh_at && clock_ns(CLOCK_BOOTTIME) > h->refresh_at + OVERDUE_S * SECOND_NS;
}

enum renewal renewal_of(const struct holder *h)
{
	if (h->refresh_at == 0)
		return RENEWAL_NONE;
	return h->refresh_code != 0 || is_late(h) ? RENEWAL_FAILED : RENEWAL_IN_TIME;
}

bool is_overdue(struct holder *h, uint32_t left_s)
{
	uint64_t now = clock_ns(CLOCK_BOOTTIME);
	/* after a suspend: no time to wait until the monitor's turn comes */
	if (!h->monitor || left_s != 0 || h->refresh_at == 0 || now < h->refresh_at ||
	    (h->overdue_said_at && now < h->overdue_said_at + OVERDUE_AGAIN_S * SECOND_NS))
		return false;
	h->overdue_said_at = now;
	return true;
}

void put_refresh(const struct holder *h, struct writer *w)
{
	bool failed = h->refresh_code != 0;
	put_u8(w, h->refresh_at == 0 ? REFRESH_NONE : failed ? REFRESH_FAILED : REFRESH_WAITING);
	put_u8(w, h->refresh_code);
	put_u8(w, h->monitor ? 1 : 0);
	put_u64(w, h->refreshed_ms);
}
