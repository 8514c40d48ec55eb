/* KEEP: what a command has made of a file that it was granted takes the place of the value, until the lock or the next set. */
#include <stdlib.h>
#include <string.h>

#include "holder/serve.h"
#include "lib/base.h"

/* Whether some command's file of that entry may be written back (set.h, MODE_WRITEBACK). */
static bool is_written_back(const struct set *set, uint32_t entry)
{
	for (uint32_t i = 0; i < set->op_count; i++) {
		const struct op op = set_op(set, i);
		if (op.type == RECORD_FILE && op.entry == entry && (op.mode & (MODE_WRITEBACK | MODE_TO_VAULT)))
			return true;
	}
	return false;
}

/* Where the memory of a new value is noted. That of the value before is free at once, unless it may be on its way to a
 * command. NULL where memory is full. */
static struct arena *place_of(struct held *held, const uint8_t *before)
{
	for (size_t i = 0; i < held->kept_count && held->uses == 1; i++) {
		struct arena *a = &held->kept[i];
		if (before >= a->data && before < a->data + a->mapped) {
			arena_wipe(a);
			return a;
		}
	}
	struct arena *kept = realloc(held->kept, (held->kept_count + 1) * sizeof *kept);
	if (!kept)
		return NULL;
	held->kept = kept;
	return &kept[held->kept_count++];
}

/* Whoever knows what the value is now was granted it; and of two commands that changed the same file the second one is told. */
void answer_keep(struct holder *h, struct client *c)
{
	struct set *set = &h->held->set;
	struct reader r = {c->arena.data, c->frame.length, false};
	struct str name = get_str(&r, WIRE_MAX_NAME);
	uint32_t given_size, now_size;
	const uint8_t *given = get_bytes(&r, SET_MAX_VALUE, &given_size), *now = get_bytes(&r, SET_MAX_VALUE, &now_size);
	if (r.bad || r.left > 0) {
		answer_error(c, ERROR_BAD, "the request is not valid");
		return;
	}
	if (!may_ask(h, c, name))
		return;
	const struct entry *found = set_entry(set, name);
	uint32_t at = found ? (uint32_t)(found - set->entries) : 0;
	if (!found || !is_written_back(set, at)) {
		note_denied(h, c, name, "not written back");
		answer_error(c, ERROR_DENIED, "%.*s is not kept: tazpod.yaml does not say so", (int)name.size, name.at);
		return;
	}
	struct entry *e = &set->entries[at];
	if (e->size != given_size || memcmp(e->value, given, given_size) != 0) {
		answer_error(c, ERROR_CHANGED, "another command or a pull changed it meanwhile");
		return;
	}
	struct arena *place = place_of(h->held, e->value);
	if (!place) {
		answer_error(c, ERROR_MEMORY, "the holder is out of memory");
		return;
	}
	*place = c->arena;
	c->arena = (struct arena){0};
	e->value = now;
	e->size = now_size;
	answer_begin(c);
	put_u8(&c->answer, 0);
	frame_finish(&c->answer, FRAME_OK);
}
