/* GET, on a holder with the usual set (fuzz_holder.c). */
#include <stdlib.h>
#include <string.h>

#include "holder/serve.h"
#include "lib/base.h"
#include "test/check.h"
#include "test/fuzz.h"

/* Answers a request with this body. Returns the client with its answer. */
static struct client *ask(struct holder *h, enum frame_type type, const struct writer *body)
{
	struct client *c = fuzz_client(-1);
	c->frame = (struct frame){WIRE_VERSION, (uint8_t)type, (uint32_t)body->used};
	c->body = allocate(body->used, 1); /* of its exact size: the sanitizer sees a read behind it */
	if (body->used > 0)
		memcpy(c->body, body->data, body->used);
	answer_request(h, c);
	return c;
}

static void done(struct holder *h, struct client *c)
{
	free(c->body);
	writer_free(&c->answer);
	free(c->values);
	if (c->held)
		held_release(c->held);
	free(c);
	fuzz_reset(h);
}

static enum wire_error error_of(const struct client *c)
{
	struct reader r = {c->answer.data + WIRE_HEADER, c->answer.used - WIRE_HEADER, false};
	return c->answer.data[3] == FRAME_ERROR && c->value_count == 0 ? (enum wire_error)get_u16(&r) : (enum wire_error)0;
}

static void put_key(struct writer *w, const char *key)
{
	put_u32(w, (uint32_t)strlen(key));
	put_raw(w, key, strlen(key));
}

static void check_values(struct holder *h)
{
	struct writer w = {0};
	put_key(&w, "KEY");
	put_u16(&w, 5);
	put_text(&w, "@identity");
	put_text(&w, "NONE");
	put_text(&w, "EMPTY");
	put_text(&w, "TOKEN");
	put_text(&w, "TOKEN");
	struct client *c = ask(h, FRAME_GET, &w);
	CHECK(c->answer.used == 2 * WIRE_HEADER + 6 * 4 && c->answer.data[3] == FRAME_SIZES);
	struct reader r = {c->answer.data + WIRE_HEADER, 24, false};
	static const uint32_t wanted[] = {5, 3, SIZE_ABSENT, 0, 3, 3};
	for (size_t i = 0; i < 6; i++)
		CHECK(get_u32(&r) == wanted[i]);
	CHECK(memcmp(r.at, "TZ\4\5\11\0\0\0", WIRE_HEADER) == 0); /* DATA of 9 bytes */
	CHECK(c->value_count == 3 && c->values[0].size == 3 && memcmp(c->values[0].at, "KEY", 3) == 0);
	CHECK(c->held == h->held && h->held->uses > 1);
	done(h, c);
	writer_free(&w);
}

/* COUNT is promised, ONE name of SIZE bytes follows. */
static enum wire_error refused(struct holder *h, uint16_t count, uint16_t size)
{
	struct writer w = {0};
	char name[300] = {0};
	memset(name, 'N', sizeof name - 1);
	put_key(&w, "KEY");
	put_u16(&w, count);
	put_str(&w, name, size);
	struct client *c = ask(h, FRAME_GET, &w);
	enum wire_error code = error_of(c);
	done(h, c);
	writer_free(&w);
	return code;
}

/* What a GET of this name with that key is answered with; 0: the value. */
static enum wire_error get(struct holder *h, const char *key, const char *name, bool trusted)
{
	struct writer w = {0};
	put_key(&w, key);
	put_u16(&w, name ? 1 : 0);
	if (name)
		put_text(&w, name);
	struct client *c = fuzz_client(-1);
	c->trusted = trusted;
	c->frame = (struct frame){WIRE_VERSION, FRAME_GET, (uint32_t)w.used};
	c->body = allocate(w.used, 1);
	memcpy(c->body, w.data, w.used);
	answer_request(h, c);
	enum wire_error code = error_of(c);
	done(h, c);
	writer_free(&w);
	return code;
}

static void check_proofs(struct holder *h)
{
	static const char *const closed[] = {"@identity", "@revoke", "TOKEN", "EMPTY", "NONE", "@about2", ""};
	for (size_t i = 0; i < sizeof closed / sizeof *closed; i++) {
		CHECK(get(h, "", closed[i], false) == ERROR_PROOF);
		CHECK(get(h, "KEX", closed[i], false) == ERROR_PROOF);
		CHECK(get(h, "KEYS", closed[i], true) == ERROR_PROOF); /* a wrong key is wrong for everybody */
		CHECK(get(h, "KEY", closed[i], false) == 0);
		CHECK(get(h, "", closed[i], true) == 0);
	}
	CHECK(get(h, "", "@about", false) == 0);
	CHECK(get(h, "KE", NULL, false) == ERROR_PROOF);
	CHECK(get(h, "", NULL, false) == ERROR_BAD);
	CHECK(get(h, "KEY", NULL, false) == 0);
}

void check_lookup(void)
{
	struct holder *h = fuzz_holder();
	struct writer empty = {0};
	check_values(h);
	CHECK(refused(h, 1, 255) == 0);
	CHECK(refused(h, 1, 256) == ERROR_BAD);
	CHECK(refused(h, 0, 1) == ERROR_BAD);
	check_proofs(h);
	CHECK(refused(h, 2, 255) == ERROR_BAD); /* one is promised and missing */
	CHECK(refused(h, 16385, 1) == ERROR_BAD);
	struct client *c = ask(h, FRAME_GET, &empty);
	CHECK(error_of(c) == ERROR_BAD);
	done(h, c);
}
