/* The bytes of one client: a request as it comes in, an answer as it goes out. Neither waits. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "holder/serve.h"
#include "lib/base.h"
#include "lib/figures.h"
#include "protocol/channel.h"

/* After the wipe nobody gets more time. */
static void made_progress(const struct holder *h, struct client *c)
{
	if (!h->ending)
		c->drop_at = c->trusted ? 0 : clock_ns(CLOCK_MONOTONIC) + PATIENCE_NS;
}

/* The header is complete: check the bounds and make room for the body. */
static void begin_body(struct client *c)
{
	c->got = 0;
	c->phase = PHASE_BODY;
	if (!frame_decode(c->header, &c->frame)) {
		answer_error(c, ERROR_BAD, "that was no tazpod frame");
	} else if (c->frame.version != WIRE_VERSION) {
		answer_error(c, ERROR_VERSION, "the asking tazpod is %s than the running holder (protocol %u, holder %d)",
		             c->frame.version < WIRE_VERSION ? "older" : "newer", c->frame.version, WIRE_VERSION);
	} else if (c->frame.length > frame_limit(c->frame.type)) {
		answer_error(c, ERROR_TOO_LARGE, "a frame of %u bytes is too long (the limit is %u)", c->frame.length,
		             frame_limit(c->frame.type));
	} else if (c->frame.type != FRAME_SET && c->frame.type != FRAME_KEEP) {
		c->body = malloc(c->frame.length + 1u);
		if (!c->body)
			answer_error(c, ERROR_MEMORY, "the holder is out of memory");
	} else if (!arena_create(&c->arena, c->frame.length)) {
		char size[FIGURE_ROOM], room[FIGURE_ROOM];
		size_t limit = arena_limit();
		answer_error(c, ERROR_MEMORY,
		             "the secrets need %s of locked memory at once (a replaced set stays until the new one is in), "
		             "the limit RLIMIT_MEMLOCK is %s",
		             format_size(c->frame.length, size), limit == SIZE_MAX ? "unlimited" : format_size(limit, room));
	}
}

bool client_receive(struct holder *h, struct client *c)
{
	for (;;) {
		uint8_t *into = c->phase == PHASE_HEADER ? c->header : c->body ? c->body : c->arena.data;
		size_t want = c->phase == PHASE_HEADER ? WIRE_HEADER : c->frame.length;
		if (c->got < want) {
			/* A descriptor may come with the header; one behind it goes unseen (unix(7)). */
			ssize_t n = c->phase == PHASE_HEADER ? channel_recv_carried(c->fd, into + c->got, want - c->got, &c->carried, 0)
			                                     : recv(c->fd, into + c->got, want - c->got, 0);
			if (n < 0 && (errno == EAGAIN || errno == EINTR))
				return true;
			if (n <= 0)
				return false;
			c->got += (size_t)n;
			made_progress(h, c);
		}
		if (c->got < want)
			continue;
		if (c->phase == PHASE_HEADER)
			begin_body(c);
		else
			answer_request(h, c);
		if (c->phase != PHASE_BODY)
			return true;
	}
}

static ssize_t send_answer(const struct holder *h, struct client *c)
{
	struct iovec io = {c->answer.data + c->sent, c->answer.used - c->sent};
	union {
		char room[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct msghdr message = {.msg_iov = &io, .msg_iovlen = 1};
	if (c->send_namespaces && c->sent == 0) {
		size_t size = (h->namespaces[1] < 0 ? 1 : 2) * sizeof(int);
		message.msg_control = control.room;
		message.msg_controllen = CMSG_SPACE(size);
		struct cmsghdr *head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(head), h->namespaces, size);
	}
	return sendmsg(c->fd, &message, MSG_NOSIGNAL);
}

bool client_transmit(const struct holder *h, struct client *c)
{
	for (;;) {
		ssize_t n;
		if (c->value_at == 0 && c->sent < c->answer.used) {
			n = send_answer(h, c);
		} else if (c->value_at < c->value_count) {
			const struct slice *value = &c->values[c->value_at];
			n = send(c->fd, value->at + c->sent, value->size - c->sent, MSG_NOSIGNAL);
		} else {
			c->sent_all = true;
			return false;
		}
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		c->sent += (size_t)n;
		made_progress(h, c);
		if (c->value_at == 0 && c->answer.used > 0) {
			if (c->sent == c->answer.used) {
				c->sent = 0;
				c->answer.used = 0;
			}
		} else if (c->sent == c->values[c->value_at].size) {
			c->sent = 0;
			c->value_at++;
		}
	}
}
