#include "holder/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "holder/journal.h"
#include "lib/base.h"
#include "lib/process.h"
#include "protocol/channel.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif

static uint64_t tag(enum source source, uint32_t index)
{
	return (uint64_t)source << 32 | index;
}

static bool watch(struct holder *h, int operation, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event event = {.events = events, .data.u64 = data};
	return epoll_ctl(h->epoll, operation, fd, &event) == 0;
}

void serve_prepare(struct holder *h)
{
	/* Fixed, so that what a large set needs for a moment goes back to the kernel: by default each such block that is
	 * freed raises the threshold (mallopt(3)), and the next ones stay with the process. */
	(void)mallopt(M_MMAP_THRESHOLD, 64 << 10);
	h->epoll = epoll_create1(EPOLL_CLOEXEC);
	h->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (h->epoll < 0 || h->timer < 0 || !watch(h, EPOLL_CTL_ADD, h->listener, EPOLLIN, tag(SOURCE_LISTENER, 0)) ||
	    !watch(h, EPOLL_CTL_ADD, h->timer, EPOLLIN, tag(SOURCE_TIMER, 0)) ||
	    !watch(h, EPOLL_CTL_ADD, h->terminate, EPOLLIN, tag(SOURCE_TERMINATE, 0)))
		die_errno(EXIT_SYSTEM, NULL, "can't set up the holder's event loop");
	h->listening = true;
	h->max_at = clock_ns(CLOCK_BOOTTIME) + PATIENCE_NS;
}

/* With no slot or no descriptor left, further clients wait in the listen queue. */
static void set_listening(struct holder *h, bool on)
{
	if (h->listening != on && !h->ending)
		(void)watch(h, EPOLL_CTL_MOD, h->listener, on ? EPOLLIN : 0, tag(SOURCE_LISTENER, 0));
	h->listening = on;
}

/* What was sent, and the set that it came from. */
static void release_answer(struct client *c)
{
	writer_free(&c->answer);
	free(c->values);
	if (c->held)
		held_release(c->held);
}

static void drop_client(struct holder *h, uint32_t slot)
{
	struct client *c = h->clients[slot];
	close(c->fd);
	if (c->carried >= 0)
		close(c->carried);
	if (c->pidfd >= 0)
		close(c->pidfd);
	drop_body(c);
	arena_wipe(&c->arena);
	release_answer(c);
	free(c);
	h->clients[slot] = NULL;
	set_listening(h, true);
}

/* Who is there: the uid as the kernel noted it at connect(2), the pid, and a handle that a new process with that
 * number can't take over. The uid shows as the overflow uid for all who are not mapped here; the socket's folder
 * (0700) keeps them out before. False with errno set. */
static bool identify(const struct holder *h, struct client *c)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return false;
	c->pid = peer.pid;
	if (peer.uid != h->uid) {
		errno = EACCES;
		return false;
	}
	size = sizeof c->pidfd;
	/* By number only where the kernel knows no better way: a number may have a new owner. */
	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERPIDFD, &c->pidfd, &size) != 0)
		c->pidfd = errno == ENOPROTOOPT ? process_handle(peer.pid) : -1;
	return c->pidfd >= 0;
}

/* A refresh asks several times on one connection. */
static bool begin_again(struct holder *h, struct client *c, uint32_t slot)
{
	if (!c->trusted || !c->sent_all || h->ending)
		return false;
	release_answer(c);
	c->answer = (struct writer){0};
	c->values = NULL;
	c->value_count = c->value_at = c->sent = c->got = 0;
	c->held = NULL;
	c->sent_all = false;
	c->phase = PHASE_HEADER;
	return watch(h, EPOLL_CTL_MOD, c->fd, EPOLLIN, tag(SOURCE_CLIENT, slot));
}

/* Most answers fit into the socket at once; only a rest waits for EPOLLOUT. */
void send_answer_to(struct holder *h, uint32_t slot)
{
	struct client *c = h->clients[slot];
	if (client_transmit(h, c) ? !watch(h, EPOLL_CTL_MOD, c->fd, EPOLLOUT, tag(SOURCE_CLIENT, slot)) : !begin_again(h, c, slot))
		drop_client(h, slot);
}

static void on_client(struct holder *h, uint32_t slot)
{
	struct client *c = h->clients[slot];
	if (!c)
		return;
	if (c->phase == PHASE_WAIT || (c->phase != PHASE_ANSWER && !client_receive(h, c)))
		drop_client(h, slot); /* it is gone, or speaks out of turn */
	else if (c->phase == PHASE_ANSWER)
		send_answer_to(h, slot);
}

/* The first slot without a client; CLIENTS where there is none. */
static uint32_t free_slot(const struct holder *h)
{
	uint32_t slot = 0;
	while (slot < CLIENTS && h->clients[slot])
		slot++;
	return slot;
}

/* A client of this descriptor, in a slot that is free; NULL where memory is full. */
static struct client *add_client(struct holder *h, uint32_t slot, int fd)
{
	struct client *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->fd = fd;
	c->pidfd = c->carried = -1;
	c->drop_at = clock_ns(CLOCK_MONOTONIC) + PATIENCE_NS;
	h->clients[slot] = c;
	return c;
}

void adopt_refresh(struct holder *h, int fd)
{
	uint32_t slot = free_slot(h);
	struct client *c = slot < CLIENTS ? add_client(h, slot, fd) : NULL;
	if (!c) {
		close(fd);
		return;
	}
	c->trusted = true;
	c->drop_at = 0;
	if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || !watch(h, EPOLL_CTL_ADD, fd, EPOLLIN, tag(SOURCE_CLIENT, slot)))
		drop_client(h, slot);
}

static void accept_client(struct holder *h)
{
	uint32_t slot = free_slot(h);
	int fd = slot < CLIENTS ? accept4(h->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;
	if (fd < 0) {
		if (slot == CLIENTS || errno == EMFILE || errno == ENFILE || errno == ENOMEM)
			set_listening(h, false);
		return;
	}
	struct client *c = add_client(h, slot, fd);
	if (!c) {
		close(fd);
		return;
	}
	if (!identify(h, c)) {
		if (errno == EMFILE || errno == ENFILE) {
			answer_error(c, ERROR_MEMORY, "too many commands are running (the holder has no file descriptor left)");
		} else {
			struct str label = h->held ? h->held->set.label : (struct str){"", 0};
			journal_write(h->journal, &(struct journal_event){.event = "deny", .project = label, .count = -1,
			                                                   .reason = "the peer is another user or is gone"});
			answer_error(c, ERROR_DENIED, "the holder answers its own user only");
		}
	}
	uint32_t events = c->phase == PHASE_ANSWER ? EPOLLOUT : EPOLLIN;
	if (!watch(h, EPOLL_CTL_ADD, fd, events, tag(SOURCE_CLIENT, slot)))
		drop_client(h, slot);
	else
		on_client(h, slot); /* the request is often there already */
}

static void on_end(struct holder *h, uint32_t slot)
{
	if (slot >= h->running.room || h->running.slots[slot].pidfd < 0)
		return;
	const struct running *r = &h->running.slots[slot];
	struct str label = h->held ? h->held->set.label : (struct str){"", 0};
	journal_write(h->journal, &(struct journal_event){.event = "exit", .project = label, .command = running_command(r),
	                                                   .pid = r->pid, .count = -1});
	running_remove(&h->running, slot);
	if (h->running.count == 0)
		restart_idle(h);
}

uint64_t earlier(uint64_t a, uint64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

/* The earliest of the deadlines; a deadline that suspend has passed fires at once on resume. */
static void arm_timer(struct holder *h)
{
	uint64_t at = earlier(h->ending ? 0 : h->vigil.look_at, earlier(h->max_at, h->idle_at));
	if (at == h->armed_at)
		return;
	h->armed_at = at;
	struct itimerspec when = {.it_value = {(time_t)(at / SECOND_NS), (long)(at % SECOND_NS)}};
	(void)timerfd_settime(h->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void on_timer(struct holder *h)
{
	uint64_t now = clock_ns(CLOCK_BOOTTIME), ticks;
	(void)!read(h->timer, &ticks, sizeof ticks);
	h->armed_at = 0; /* it has fired; a deadline that was missed by a hair is set again */
	if (h->max_at && now >= h->max_at)
		wipe_all(h, h->held ? "max" : "no set arrived");
	else if (h->idle_at && now >= h->idle_at)
		wipe_all(h, "idle");
	else if (!h->ending)
		vigil_due(h, now);
}

/* Milliseconds until the first client is due, -1 for none. */
static int patience(const struct holder *h, uint64_t now)
{
	uint64_t first = 0;
	for (uint32_t i = 0; i < CLIENTS; i++)
		if (h->clients[i])
			first = earlier(first, h->clients[i]->drop_at);
	if (first == 0) /* with nobody left whose end could show that there is room again, look again soon */
		return h->listening || h->ending ? -1 : 100;
	return first <= now ? 0 : (int)((first - now) / 1000000 + 1);
}

static void drop_overdue(struct holder *h)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	for (uint32_t i = 0; i < CLIENTS; i++)
		if (h->clients[i] && h->clients[i]->drop_at && h->clients[i]->drop_at <= now)
			drop_client(h, i);
}

static bool has_clients(const struct holder *h)
{
	for (uint32_t i = 0; i < CLIENTS; i++)
		if (h->clients[i])
			return true;
	return false;
}

void serve(struct holder *h)
{
	while (!h->ending || has_clients(h)) {
		struct epoll_event event;
		struct signalfd_siginfo info;
		arm_timer(h);
		/* One event at a time: a slot that one event frees can't be meant by a stale second one. */
		int n = epoll_wait(h->epoll, &event, 1, patience(h, clock_ns(CLOCK_MONOTONIC)));
		drop_overdue(h);
		if (n <= 0) {
			if (n == 0 && !has_clients(h))
				set_listening(h, true);
			continue;
		}
		uint32_t index = (uint32_t)event.data.u64;
		switch ((enum source)(event.data.u64 >> 32)) {
		case SOURCE_LISTENER:
			accept_client(h);
			break;
		case SOURCE_TIMER:
			on_timer(h);
			break;
		case SOURCE_TERMINATE:
			(void)!read(h->terminate, &info, sizeof info);
			wipe_all(h, "terminated");
			break;
		case SOURCE_CLIENT:
			on_client(h, index);
			break;
		case SOURCE_RUNNING:
			on_end(h, index);
			break;
		case SOURCE_MONITOR:
			on_monitor(h);
			break;
		case SOURCE_VIGIL:
			on_vigil(h);
			break;
		}
	}
}
