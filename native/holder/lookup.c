/* Answers GET: values by name, for tazpod itself. Only against a proof: the session's key in the request, a passphrase that
 * was typed at this terminal a short time ago, or a connection that the monitor has brought. */
#include <stdlib.h>
#include <string.h>

#include "holder/serve.h"

/* Room for COUNT values of the set, which stays until they are sent. False where an error was answered. */
static bool begin_values(struct holder *h, struct client *c, uint32_t count)
{
	c->values = calloc(count + 1u, sizeof *c->values);
	if (!c->values) {
		answer_error(c, ERROR_MEMORY, "the holder is out of memory");
		return false;
	}
	c->held = h->held;
	c->held->uses++;
	return true;
}

static void add_value(struct client *c, const struct entry *e)
{
	if (e->size > 0)
		c->values[c->value_count++] = (struct slice){e->value, e->size};
}

/* Puts SIZES into the answer and the values behind it. Returns how many bytes they are; UINT64_MAX for a bad request.
 * A search in an order that is made once: 16,384 names in 16,384 entries would be 268 million comparisons, and nobody
 * else is served meanwhile. */
static uint64_t find_values(const struct set *set, const struct entry *const *sorted, struct client *c,
                            struct reader *r, uint16_t count)
{
	uint64_t total = 0;
	put_u32(&c->answer, count);
	for (uint16_t i = 0; i < count; i++) {
		struct str name = get_str(r, WIRE_MAX_NAME);
		const struct entry *e = r->bad ? NULL : set_find(set, sorted, name);
		put_u32(&c->answer, e ? e->size : SIZE_ABSENT);
		if (!e)
			continue;
		total += e->size;
		add_value(c, e);
	}
	return r->bad || r->left > 0 ? UINT64_MAX : total;
}

/* Whether all that is asked for may be known without a proof. */
static bool is_open(struct reader names, uint16_t count)
{
	bool open = true;
	for (uint16_t i = 0; i < count; i++)
		open = str_is(get_str(&names, WIRE_MAX_NAME), ENTRY_ABOUT) && open;
	return open;
}

/* False where an error was answered. */
static bool may_get(struct holder *h, struct client *c, const uint8_t *key, uint32_t key_size, bool open)
{
	const struct str get = {"get", 3};
	if (key_size > 0 && !is_key(h->held, key, key_size)) {
		note_denied(h, c, get, "a wrong key");
		answer_error(c, ERROR_PROOF, "the session was unlocked with another vault");
		return false;
	}
	if (key_size > 0 || c->trusted)
		return true;
	if (!may_ask(h, c, get))
		return false;
	if (open || is_proven(h, c))
		return true;
	note_denied(h, c, get, "no proof");
	answer_error(c, ERROR_PROOF, "a value leaves the session only against the passphrase");
	return false;
}

void answer_get(struct holder *h, struct client *c)
{
	struct reader r = {c->body, c->frame.length, false};
	uint32_t key_size;
	const uint8_t *key = get_bytes(&r, WIRE_MAX_PROOF, &key_size);
	uint16_t count = get_u16(&r);
	if (r.bad || count > SET_MAX_ENTRIES || (count == 0 && key_size == 0)) {
		answer_error(c, ERROR_BAD, "the request is not valid");
		return;
	}
	if (!may_get(h, c, key, key_size, is_open(r, count)))
		return;
	if (count == 0) /* the passphrase was typed: that is all there is to say */
		note_terminal(h, c, true, true);
	const struct entry **sorted = set_sorted(&h->held->set);
	if (!sorted) {
		answer_error(c, ERROR_MEMORY, "the holder is out of memory");
		return;
	}
	if (begin_values(h, c, count)) {
		uint8_t *names = c->body; /* the reader is in there until the answer is built */
		size_t size = c->frame.length;
		c->body = NULL;
		answer_begin(c);
		uint64_t total = find_values(&h->held->set, sorted, c, &r, count);
		frame_finish(&c->answer, FRAME_SIZES);
		uint8_t data[WIRE_HEADER];
		frame_encode(data, FRAME_DATA, (uint32_t)total);
		put_raw(&c->answer, data, sizeof data);
		explicit_bzero(names, size);
		free(names);
		if (total == UINT64_MAX)
			answer_error(c, ERROR_BAD, "the request is not valid");
		else if (total > UINT32_MAX) /* one large entry, asked for thousands of times */
			answer_error(c, ERROR_TOO_LARGE, "more was asked for than one frame can carry");
	}
	free(sorted);
}
