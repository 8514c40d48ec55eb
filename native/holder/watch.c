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
#include "protocol/grant.h"

/* A refresh that is late by so much is everybody's business: `exec` does it. Not at every exec: the network may be gone. */
#ifndef OVERDUE_S
#define OVERDUE_S 30
#endif
#ifndef OVERDUE_AGAIN_S
#define OVERDUE_AGAIN_S 60
#endif

void drop_monitor(struct holder *h)
{
	if (!h->monitor)
		return;
	close(h->monitor->fd);
	free(h->monitor);
	h->monitor = NULL;
}

static void send_wake(struct holder *h)
{
	uint8_t frame[WIRE_HEADER + 8];
	uint64_t ms = ms_until(h->refresh_at);
	frame_encode(frame, FRAME_WAKE, 8);
	for (int i = 0; i < 8; i++)
		frame[WIRE_HEADER + i] = (uint8_t)(ms >> (8 * i));
	if (send(h->monitor->fd, frame, sizeof frame, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)sizeof frame)
		drop_monitor(h); /* it is stuck: the next put starts another one */
}

/* With `scope: terminal` a monitor asks as the terminal that started it, while that is there and may ask. */
static bool may_refresh(const struct holder *h)
{
	const struct monitor_end *m = h->monitor;
	return m->has_terminal && is_known_terminal(h, &m->terminal) && terminal_lives(&m->terminal);
}

void watch_new_set(struct holder *h)
{
	const struct set *set = &h->held->set;
	h->set_at = clock_ns(CLOCK_BOOTTIME);
	h->refresh_at = h->try_at = set->refresh_s ? h->set_at + set->refresh_s * SECOND_NS : 0;
	h->refresh_code = 0;
	h->refreshed_ms = set->cause == CAUSE_REFRESH ? wall_ms() : 0;
	h->overdue_said_at = 0;
	/* A monitor whose terminal is gone could refresh nothing; it makes room for one of the terminal that asks now. */
	if (h->monitor && set->scope == SCOPE_TERMINAL && !may_refresh(h))
		drop_monitor(h);
	if (h->monitor)
		send_wake(h);
}

bool take_monitor(struct holder *h, struct client *c)
{
	const struct set *set = &h->held->set;
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)SOURCE_MONITOR << 32};
	if (c->carried < 0 || h->monitor || (set->refresh_s == 0 && !set_internal(set, ENTRY_REVOKE)) ||
	    !from_known_terminal(h, c->pid, c->pidfd))
		return false;
	struct monitor_end *m = calloc(1, sizeof *m);
	if (!m || epoll_ctl(h->epoll, EPOLL_CTL_ADD, c->carried, &event) != 0) { /* out of memory, or no socket */
		free(m);
		return false;
	}
	*m = (struct monitor_end){.fd = c->carried};
	m->has_terminal = terminal_of(c->pid, c->pidfd, &m->terminal);
	h->monitor = m;
	c->carried = -1;
	send_wake(h);
	return h->monitor != NULL;
}

/* u8 exit code, u64 ms until the monitor tries again (all ones: not before the next set). */
static void note_result(struct holder *h, const uint8_t *body)
{
	struct reader r = {body, RESULT_SIZE, false};
	char reason[32];
	uint8_t code = get_u8(&r);
	uint64_t ms = get_u64(&r);
	if (h->refresh_at == 0)
		return; /* of a set that is replaced by one that needs no refresh */
	h->try_at = ms_from_now(ms);
	h->refresh_code = code;
	h->refreshed_ms = wall_ms();
	if (code == 0)
		return; /* the set that it put has said so */
	snprintf(reason, sizeof reason, "failed (exit %u)", code);
	journal_write(h->journal, &(struct journal_event){.event = "refresh", .project = held_label(h), .reason = reason,
	                                                   .count = -1});
}

void on_monitor(struct holder *h)
{
	struct monitor_end *w = h->monitor;
	struct frame frame;
	if (!w)
		return;
	ssize_t n = recv(w->fd, w->frame + w->got, sizeof w->frame - w->got, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	w->got += n > 0 ? (size_t)n : 0;
	bool bad = n <= 0;
	if (!bad && w->got >= WIRE_HEADER)
		bad = !frame_decode(w->frame, &frame) || frame.version != WIRE_VERSION || frame.type != FRAME_RESULT ||
		      frame.length != RESULT_SIZE;
	if (!bad && w->got == sizeof w->frame) {
		w->got = 0;
		note_result(h, w->frame + WIRE_HEADER);
	}
	if (bad)
		drop_monitor(h);
}

void watch_last(struct holder *h)
{
	const struct entry *e = h->held ? set_internal(&h->held->set, ENTRY_REVOKE) : NULL;
	uint8_t header[WIRE_HEADER];
	bool handed = false;
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
	bool ended = left_s == 0 && h->refresh_at && now >= h->refresh_at; /* after a suspend: no time to wait for the monitor */
	if ((!ended && (h->monitor || !is_late(h))) ||
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
