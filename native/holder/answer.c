#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "holder/journal.h"
#include "holder/sandbox.h"
#include "holder/serve.h"
#include "lib/base.h"

/* After the wipe only the answer to `lock` is still being sent; nobody may hold up the end. */
#define LAST_WORD_NS SECOND_NS

void drop_body(struct client *c)
{
	if (c->body && c->frame.type == FRAME_GET) /* there may be a key in it */
		explicit_bzero(c->body, c->frame.length);
	free(c->body);
	c->body = NULL;
}

void answer_begin(struct client *c)
{
	drop_body(c);
	c->phase = PHASE_ANSWER;
	c->sent = 0;
	frame_begin(&c->answer);
}

void answer_error(struct client *c, enum wire_error code, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	size_t size = n < 0 ? 0 : (size_t)n >= sizeof text ? sizeof text - 1 : (size_t)n;
	arena_wipe(&c->arena);
	c->value_count = 0;
	c->send_namespaces = false;
	answer_begin(c);
	put_u16(&c->answer, (uint16_t)code);
	put_str(&c->answer, text, size);
	frame_finish(&c->answer, FRAME_ERROR);
}

struct str held_label(const struct holder *h)
{
	return h->held ? h->held->set.label : (struct str){"", 0};
}

void note_denied(struct holder *h, struct client *c, struct str command, const char *reason)
{
	journal_write(h->journal, &(struct journal_event){.event = "deny", .project = held_label(h), .command = command,
	                                                   .pid = c->pid, .reason = reason, .count = -1});
}

void held_release(struct held *held)
{
	if (--held->uses > 0)
		return;
	set_free(&held->set);
	arena_wipe(&held->arena);
	for (size_t i = 0; i < held->kept_count; i++)
		arena_wipe(&held->kept[i]);
	free(held->kept);
	free(held);
}

void restart_idle(struct holder *h)
{
	bool runs = h->held && h->held->set.idle_s > 0 && h->running.count == 0;
	h->idle_at = runs ? clock_ns(CLOCK_BOOTTIME) + h->held->set.idle_s * SECOND_NS : 0;
}

void wipe_all(struct holder *h, const char *reason)
{
	if (h->ending)
		return;
	watch_last(h);
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	for (uint32_t i = 0; i < CLIENTS; i++) {
		struct client *c = h->clients[i];
		if (!c)
			continue;
		/* Whoever is still being sent values, or sends a set, is cut off: locked means locked. */
		arena_wipe(&c->arena);
		c->value_count = 0;
		if (c->held) {
			held_release(c->held);
			c->held = NULL;
		}
		c->drop_at = c->phase == PHASE_ANSWER && c->answer.used > 0 ? now + LAST_WORD_NS : now;
	}
	if (h->held) {
		journal_write(h->journal, &(struct journal_event){.event = "lock", .project = held_label(h), .reason = reason,
		                                                   .count = (int64_t)h->held->set.secret_count});
		held_release(h->held);
	}
	h->held = NULL;
	remove_tree(h->work, 0);
	if (socket_is_ours(h)) /* not the one of a holder that took the place of a lost one */
		(void)unlinkat(h->runtime, "socket", 0);
	close(h->listener);
	h->max_at = h->idle_at = 0;
	h->ending = true;
}

static bool same_owner(const struct held *a, const struct held *b)
{
	const struct entry *key = set_internal(&b->set, ENTRY_IDENTITY);
	return key && is_key(a, key->value, key->size);
}

/* A refresh goes on with the session that it was fetched for: what locked meanwhile stays locked, another owner's set
 * stays, and the ends that the passphrase was given for are not pushed back. */
static bool continues(const struct holder *h, const struct held *fresh)
{
	return h->held && (same_owner(h->held, fresh) || (!set_internal(&h->held->set, ENTRY_IDENTITY) &&
	                                                  !set_internal(&fresh->set, ENTRY_IDENTITY)));
}

static void set_deadlines(struct holder *h, const struct held *old)
{
	const struct set *set = &h->held->set;
	uint64_t max_at = set->max_s ? clock_ns(CLOCK_BOOTTIME) + set->max_s * SECOND_NS : 0;
	bool refresh = set->cause == CAUSE_REFRESH;
	h->max_at = refresh ? earlier(max_at, h->max_at) : max_at;
	if (!refresh || old->set.idle_s != set->idle_s)
		restart_idle(h);
}

static void answer_set(struct holder *h, struct client *c)
{
	struct held *fresh = calloc(1, sizeof *fresh);
	if (!fresh) {
		answer_error(c, ERROR_MEMORY, "the holder is out of memory");
		return;
	}
	const char *problem = set_parse(&fresh->set, c->arena.data, c->frame.length);
	if (problem) {
		free(fresh);
		answer_error(c, ERROR_BAD, "the set is not valid: %s", problem);
		return;
	}
	fresh->arena = c->arena;
	c->arena = (struct arena){0};
	fresh->uses = 1;
	bool refresh = fresh->set.cause == CAUSE_REFRESH;
	if (refresh && !continues(h, fresh)) {
		held_release(fresh);
		answer_error(c, ERROR_EMPTY, "the session that was to be refreshed has ended");
		return;
	}
	if (refresh && memcmp(h->held->set.digest, fresh->set.digest, WIRE_DIGEST) != 0) {
		held_release(fresh);
		answer_error(c, ERROR_STALE, "tazpod.yaml has changed since the passphrase was given");
		return;
	}
	bool same = h->held && same_owner(h->held, fresh);
	if (!continues(h, fresh))
		drop_monitor(h); /* of another owner's session: this one's put brings its own */
	struct held *old = h->held;
	h->held = fresh;
	if (!refresh)
		note_terminal(h, c, same, fresh->set.proven);
	set_deadlines(h, old);
	watch_new_set(h);
	bool monitor = take_monitor(h, c);
	vigil_new_set(h);
	if (old)
		held_release(old);
	journal_write(h->journal, &(struct journal_event){.event = refresh ? "refresh" : "unlock",
	                                                   .project = held_label(h), .pid = c->pid,
	                                                   .reason = refresh ? "done" : NULL,
	                                                   .count = (int64_t)fresh->set.secret_count});
	answer_begin(c);
	put_u8(&c->answer, monitor);
	frame_finish(&c->answer, FRAME_OK);
}

static void answer_state(struct holder *h, struct client *c)
{
	struct writer *w = &c->answer;
	const struct str none = {"", 0};
	const struct set *set = h->held ? &h->held->set : NULL;
	answer_begin(c);
	/* first what passes by itself (STATE_TIMES): what is behind it changes only when something happens */
	put_u64(w, ms_until(h->max_at));
	put_u64(w, ms_until(h->idle_at));
	put_u64(w, ms_until(h->try_at));
	put_u8(w, set ? 1 : 2);
	put_u8(w, h->held && !h->held->arena.secretmem ? 1 : 0);
	put_u8(w, h->privileged);
	put_u8(w, h->backing);
	put_u8(w, set && set->lock_on_exit);
	put_refresh(h, w);
	put_u32(w, set ? set->secret_count : 0);
	put_str(w, set ? set->label.at : none.at, set ? set->label.size : 0);
	put_str(w, set ? set->root.at : none.at, set ? set->root.size : 0);
	put_str(w, set ? set->provider.at : none.at, set ? set->provider.size : 0);
	running_encode(&h->running, w);
	frame_finish(w, FRAME_STATE);
}

void answer_request(struct holder *h, struct client *c)
{
	uint8_t type = c->frame.type;
	if (h->ending || (!h->held && type != FRAME_SET && type != FRAME_STATUS && type != FRAME_LOCK)) {
		answer_error(c, ERROR_EMPTY, "locked");
	} else if (c->trusted && type != FRAME_GET) {
		answer_error(c, ERROR_BAD, "a refresh asks for values and nothing else");
	} else if (type == FRAME_SET) {
		answer_set(h, c);
	} else if (type == FRAME_EXEC) {
		answer_exec(h, c);
	} else if (type == FRAME_GET) {
		answer_get(h, c);
	} else if (type == FRAME_RENEW) {
		answer_renew(h, c);
	} else if (type == FRAME_KEEP) {
		answer_keep(h, c);
	} else if (type == FRAME_STATUS) {
		answer_state(h, c);
	} else if (type == FRAME_LOCK) {
		uint8_t cause = c->frame.length == 1 ? c->body[0] : (uint8_t)LOCK_ASKED;
		answer_state(h, c);
		wipe_all(h, cause == LOCK_SUSPEND ? "the machine went to sleep" : cause == LOCK_SCREEN ? "the screen was locked" : "asked");
	} else {
		answer_error(c, ERROR_BAD, "a request of unknown type");
	}
}
