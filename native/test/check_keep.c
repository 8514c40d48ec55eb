/* KEEP, on a holder with the usual set (fuzz_holder.c): KUBECONFIG is written back, TOKEN is not. */
#include <stdlib.h>
#include <string.h>

#include "lib/base.h"
#include "test/check.h"
#include "test/fuzz.h"

/* What is answered: 0 for OK. */
static enum wire_error keep(struct holder *h, const char *name, const char *given, const char *now, size_t cut)
{
	struct writer w = {0};
	put_text(&w, name);
	put_u32(&w, (uint32_t)strlen(given));
	put_raw(&w, given, strlen(given));
	put_u32(&w, (uint32_t)strlen(now));
	put_raw(&w, now, strlen(now));
	struct client *c = fuzz_client(-1);
	size_t size = w.used - cut;
	if (!arena_create(&c->arena, size))
		die_errno(EXIT_SYSTEM, NULL, "arena_create");
	memcpy(c->arena.data, w.data, size);
	c->frame = (struct frame){WIRE_VERSION, FRAME_KEEP, (uint32_t)size};
	answer_request(h, c);
	struct reader r = {c->answer.data + WIRE_HEADER, c->answer.used - WIRE_HEADER, false};
	enum wire_error code = c->answer.data[3] == FRAME_ERROR ? (enum wire_error)get_u16(&r) : (enum wire_error)0;
	arena_wipe(&c->arena);
	writer_free(&c->answer);
	free(c);
	writer_free(&w);
	return code;
}

static bool holds(const struct holder *h, const char *name, const char *value)
{
	const struct entry *e = set_entry(&h->held->set, (struct str){name, (uint16_t)strlen(name)});
	return e && e->size == strlen(value) && memcmp(e->value, value, e->size) == 0;
}

void check_keep(void)
{
	struct holder *h = fuzz_holder();
	CHECK(keep(h, "KUBECONFIG", "older", "new", 0) == ERROR_CHANGED);
	CHECK(keep(h, "KUBECONFIG", "", "new", 0) == ERROR_CHANGED);
	CHECK(keep(h, "TOKEN", "a", "new", 0) == ERROR_DENIED);
	CHECK(keep(h, "@identity", "KEY", "new", 0) == ERROR_DENIED);
	CHECK(keep(h, "NONE", "", "new", 0) == ERROR_DENIED);
	for (size_t cut = 1; cut < 20; cut++)
		CHECK(keep(h, "KUBECONFIG", "old", "new", cut) == ERROR_BAD);
	CHECK(holds(h, "KUBECONFIG", "old"));
	CHECK(keep(h, "KUBECONFIG", "old", "new", 0) == 0 && holds(h, "KUBECONFIG", "new"));
	CHECK(keep(h, "KUBECONFIG", "old", "third", 0) == ERROR_CHANGED); /* the second of two is told so */
	CHECK(keep(h, "KUBECONFIG", "new", "", 0) == 0 && holds(h, "KUBECONFIG", ""));
	CHECK(h->held->kept_count == 2); /* the fuzzers' use of the set: values may be on their way */
	h->held->uses--;
	CHECK(keep(h, "KUBECONFIG", "", "x", 0) == 0 && holds(h, "KUBECONFIG", "x") && h->held->kept_count == 2);
	h->held->uses++;
	fuzz_reset(h);
}
