#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "holder/journal.h"
#include "holder/serve.h"
#include "lib/base.h"
#include "protocol/grant.h"

/* --only: by secret name, by the target of a bind, or by its last component. */
static bool is_named(const struct set *set, const struct op *op, struct str name)
{
	struct str own = op->type == RECORD_MISSING ? op->a : set->entries[op->entry].name;
	if (str_same(own, name))
		return true;
	return op->type == RECORD_BIND && op->a.size > name.size && op->a.at[op->a.size - name.size - 1] == '/' &&
	       memcmp(op->a.at + op->a.size - name.size, name.at, name.size) == 0;
}

struct request {
	struct str command;
	struct str only[WIRE_MAX_ONLY];
	bool seen[WIRE_MAX_ONLY];
	uint16_t only_count;
	bool has_config;
	struct config_id config;
};

static bool read_request(const struct client *c, struct request *out)
{
	struct reader r = {c->body, c->frame.length, false};
	*out = (struct request){.has_config = get_u8(&r) == 1};
	out->config = get_config_id(&r);
	out->command = get_str(&r, WIRE_MAX_NAME);
	uint16_t count = get_u16(&r);
	if (r.bad || count > WIRE_MAX_ONLY || out->command.size == 0)
		return false;
	for (; out->only_count < count; out->only_count++)
		out->only[out->only_count] = get_str(&r, SET_MAX_PATH);
	return !r.bad && r.left == 0;
}

static bool is_wanted(const struct set *set, const struct op *op, struct request *q)
{
	if (q->only_count == 0)
		return true;
	bool wanted = false;
	for (uint16_t i = 0; i < q->only_count; i++)
		if (is_named(set, op, q->only[i]))
			wanted = q->seen[i] = true;
	return wanted;
}

/* What the plan grants, selected into OPS. Returns the number, or -1 after an error was answered. */
static int64_t select_ops(struct holder *h, struct client *c, struct request *q, const struct plan *plan, struct op *ops)
{
	const struct set *set = &h->held->set;
	int64_t count = 0;
	bool wanted = true; /* whether the operation before was */
	for (uint32_t i = 0; plan && i < plan->count; i++) {
		const struct op op = set_op(set, plan->first + i);
		if (op.type != RECORD_ENV)
			wanted = is_wanted(set, &op, q);
		if (!wanted && (op.type != RECORD_ENV || (op.flags & ENV_GOES_WITH_PREVIOUS)))
			continue;
		if (op.type == RECORD_MISSING) {
			note_denied(h, c, q->command, "a secret is missing");
			answer_error(c, ERROR_MISSING, "%.*s needs the secret %.*s, which the last pull did not find; nothing was started",
			             (int)q->command.size, q->command.at, (int)op.a.size, op.a.at);
			return -1;
		}
		ops[count++] = op;
	}
	for (uint16_t i = 0; i < q->only_count; i++)
		if (!q->seen[i]) {
			answer_error(c, ERROR_UNKNOWN, "--only %.*s: %.*s is not granted that; name a secret or a bind that it gets",
			             (int)(q->only[i].size < 200 ? q->only[i].size : 200), q->only[i].at, (int)q->command.size,
			             q->command.at);
			return -1;
		}
	return count;
}

static bool add_running(struct holder *h, struct client *c, struct str command, const struct str *names, uint16_t count)
{
	int slot = running_add(&h->running, c->pidfd, c->pid, command, names, count);
	c->pidfd = -1;
	if (slot < 0)
		return false;
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)SOURCE_RUNNING << 32 | (uint32_t)slot};
	if (epoll_ctl(h->epoll, EPOLL_CTL_ADD, h->running.slots[slot].pidfd, &event) != 0) {
		running_remove(&h->running, (uint32_t)slot);
		return false;
	}
	h->idle_at = 0; /* idle time does not pass while a command runs */
	return true;
}

static void grant(struct holder *h, struct client *c, const struct request *q, const struct plan *plan,
                  const struct op *ops, uint32_t count, struct str *names)
{
	const struct set *set = &h->held->set;
	uint32_t named = 0, valued = 0;
	uint64_t total = 0;
	for (uint32_t i = 0; i < count; i++) {
		if (ops[i].type == RECORD_ENV)
			continue;
		const struct entry *e = &set->entries[ops[i].entry];
		bool known = false; /* delivered twice, named once; a plan that delivers twice does so in one row */
		for (uint32_t n = named > 64 ? named - 64 : 0; n < named && !known; n++)
			known = str_same(names[n], e->name);
		if (!known)
			names[named++] = e->name;
		total += e->size;
		valued++;
	}
	if (total > UINT32_MAX || named > UINT16_MAX) {
		answer_error(c, ERROR_TOO_LARGE, "the command is granted more than one frame can carry");
		return;
	}
	if (!add_running(h, c, q->command, names, (uint16_t)named)) {
		answer_error(c, ERROR_MEMORY, "too many commands are running");
		return;
	}
	journal_write(h->journal, &(struct journal_event){.event = "grant", .project = held_label(h), .command = q->command,
	                                                   .pid = c->pid, .names = names, .name_count = named, .count = -1});
	c->held = h->held;
	c->held->uses++;
	c->send_namespaces = true;
	struct writer *w = &c->answer;
	uint8_t *body = c->body; /* the request's strings live there until the answer is built */
	c->body = NULL;
	answer_begin(c);
	grant_encode_head(w, &(struct grant){.umask = plan ? plan->umask : UMASK_KEEP, .left_s = seconds_left(h, plan),
	                                     .renewal = renewal_of(h), .count = count});
	c->values = calloc(valued + 1u, sizeof *c->values);
	for (uint32_t i = 0; i < count; i++) {
		const struct entry *e = ops[i].type == RECORD_ENV ? NULL : &set->entries[ops[i].entry];
		grant_encode_op(w, &ops[i], e ? e->size : 0);
		if (e && e->size > 0 && c->values)
			c->values[c->value_count++] = (struct slice){e->value, e->size};
	}
	frame_finish(w, FRAME_GRANT);
	uint8_t data[WIRE_HEADER];
	frame_encode(data, FRAME_DATA, (uint32_t)total);
	put_raw(w, data, sizeof data);
	free(body);
	if (!c->values)
		answer_error(c, ERROR_MEMORY, "the holder is out of memory");
}

void answer_exec(struct holder *h, struct client *c)
{
	struct request q;
	if (!read_request(c, &q)) {
		answer_error(c, ERROR_BAD, "the request is not valid");
		return;
	}
	const struct set *set = &h->held->set;
	if (!may_ask(h, c, q.command))
		return;
	if (q.has_config != set->has_config || (q.has_config && !config_id_same(&q.config, &set->config))) {
		answer_error(c, ERROR_STALE, "tazpod.yaml has changed since the last pull");
		return;
	}
	const struct plan *plan = set_plan(set, q.command);
	size_t most = plan ? plan->count : 0;
	struct op *ops = calloc(most + 1, sizeof *ops);
	struct str *names = calloc(most + 1, sizeof *names);
	int64_t count = ops && names ? select_ops(h, c, &q, plan, ops) : -1;
	if (!ops || !names)
		answer_error(c, ERROR_MEMORY, "the holder is out of memory");
	else if (count >= 0 && is_overdue(h, seconds_left(h, plan)))
		/* before anything is noted or granted: the command asks again */
		answer_error(c, ERROR_OVERDUE, "the secrets should have been fetched anew");
	else if (count >= 0)
		grant(h, c, &q, plan, ops, (uint32_t)count, names);
	free(ops);
	free(names);
}
