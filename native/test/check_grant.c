#include "protocol/grant.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base.h"
#include "test/check.h"

static struct str text(const char *s)
{
	return (struct str){s, (uint16_t)strlen(s)};
}

static bool same(struct str a, struct str b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

/* As the holder encodes: a header of umask and number, then the operations. */
static struct writer encoded(const struct op *ops, const uint32_t *sizes, uint32_t count)
{
	struct writer w = {0};
	grant_encode_head(&w, &(struct grant){.umask = 077, .left_s = 179, .renewal = RENEWAL_FAILED, .count = count});
	for (uint32_t i = 0; i < count; i++)
		grant_encode_op(&w, &ops[i], sizes[i]);
	return w;
}

static void check_round_trip(void)
{
	const struct op ops[] = {{.type = RECORD_FILE, .a = text("aws"), .b = text("credentials"), .env = text("F"), .mode = 0600},
	                         {.type = RECORD_VALUE, .env = text("TOKEN")},
	                         {.type = RECORD_BIND, .a = text("/p/x.env"), .mode = 0400},
	                         {.type = RECORD_ENV, .env = text("N"), .b = text("v w"), .flags = 1}};
	const uint32_t sizes[] = {SET_MAX_VALUE, 0, 7, 0};
	struct writer w = encoded(ops, sizes, 4);
	struct grant grant;
	if (!CHECK(grant_parse(&grant, w.data, w.used)))
		return;
	CHECK(grant.umask == 077 && grant.count == 4 && grant.left_s == 179 && grant.renewal == RENEWAL_FAILED);
	for (uint32_t i = 0; i < 4; i++) {
		const struct grant_op *op = &grant.ops[i];
		CHECK(op->type == ops[i].type && op->size == sizes[i] && op->mode == ops[i].mode && op->flags == ops[i].flags);
		CHECK(same(op->a, ops[i].a) && same(op->b, ops[i].b) && same(op->env, ops[i].env));
	}
	grant_free(&grant);
	CHECK(!grant.ops && grant.count == 0);
	for (size_t size = 0; size < w.used; size++) { /* cut anywhere: refused, and nothing is read behind the cut */
		uint8_t *part = allocate(size, 1);
		memcpy(part, w.data, size);
		CHECK(!grant_parse(&grant, part, size));
		free(part);
	}
	put_u8(&w, 0);
	CHECK(!grant_parse(&grant, w.data, w.used)); /* a byte too many */
	writer_free(&w);
}

static bool refused_as(uint8_t renewal, uint32_t count, uint8_t type, uint32_t size)
{
	struct writer w = {0};
	struct grant grant;
	put_u16(&w, 0);
	put_u32(&w, GRANT_NO_END);
	put_u8(&w, renewal);
	put_u32(&w, count);
	put_u8(&w, type);
	put_u32(&w, size);
	put_str(&w, "A", 1);
	bool bad = !grant_parse(&grant, w.data, w.used);
	if (!bad)
		grant_free(&grant);
	writer_free(&w);
	return bad;
}

static bool refused(uint32_t count, uint8_t type, uint32_t size)
{
	return refused_as(RENEWAL_IN_TIME, count, type, size);
}

void check_grant(void)
{
	check_round_trip();
	CHECK(!refused(1, RECORD_VALUE, 5));
	CHECK(!refused_as(RENEWAL_NONE, 1, RECORD_VALUE, 5));
	CHECK(refused_as(RENEWAL_NONE + 1, 1, RECORD_VALUE, 5));
	CHECK(refused(2, RECORD_VALUE, 5)); /* one is promised and missing */
	CHECK(refused(0, RECORD_VALUE, 5)); /* one that was not promised */
	CHECK(refused(UINT32_MAX, RECORD_VALUE, 5));
	CHECK(refused(SET_MAX_OPS + 1, RECORD_VALUE, 5));
	CHECK(refused(1, RECORD_VALUE, SET_MAX_VALUE + 1));
	static const uint8_t other[] = {0, RECORD_META, RECORD_ENTRY, RECORD_PLAN, RECORD_MISSING, RECORD_END, 10, 255};
	for (size_t i = 0; i < sizeof other; i++)
		CHECK(refused(1, other[i], 5));
}
