/* Every rule of PROTOCOL.md, "SET": one set that keeps it and one that breaks it. */
#include "protocol/set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base.h"
#include "test/check.h"

/* Parses the bytes from a copy of their exact size: the sanitizer sees a read behind them. Frees what it built. */
static const char *problem_of(struct build *b)
{
	struct set set;
	uint8_t *copy = allocate(b->w.used, 1);
	if (b->w.used > 0)
		memcpy(copy, b->w.data, b->w.used);
	const char *problem = set_parse(&set, copy, b->w.used);
	if (!problem)
		set_free(&set);
	else
		CHECK(!set.entries && !set.plans && !set.ops);
	free(copy);
	writer_free(&b->w);
	*b = (struct build){0};
	return problem;
}

/* META, an entry of each kind and a plan are in front of what CASES add. */
static struct build usual(void)
{
	struct build b = {0};
	add_meta(&b);
	add_entry(&b, ENTRY_SECRET, "TOKEN", "a\0b", 3);
	add_entry(&b, ENTRY_RENDERED, "./infra/x.tfvars", "", 0);
	add_entry(&b, ENTRY_INTERNAL, "@identity", "KEY", 3);
	add_plan(&b, "terraform", 077);
	return b;
}

#define ACCEPTED(add) \
	do { \
		struct build b = usual(); \
		add; \
		add_end(&b); \
		CHECK_TEXT(problem_of(&b), NULL); \
	} while (0)
#define REFUSED(add, why) \
	do { \
		struct build b = usual(); \
		add; \
		add_end(&b); \
		CHECK_TEXT(problem_of(&b), why); \
	} while (0)

static const char *repeat(char c, size_t count)
{
	static char text[40000];
	memset(text, c, count);
	text[count] = '\0';
	return text;
}

static void check_fields(void)
{
	struct build b = usual();
	struct set set;
	add_file(&b, 0, "aws", "credentials", 0600, "AWS_FILE");
	add_value(&b, 0, "TOKEN");
	add_bind(&b, 1, "/home/me/shop/infra/x.tfvars", 0400);
	add_env(&b, 1, "TF_IN_AUTOMATION", "1");
	add_missing(&b, "OTHER");
	add_plan_until(&b, "*", UMASK_KEEP, UINT32_MAX);
	add_end(&b);
	if (!CHECK(set_parse(&set, b.w.data, b.w.used) == NULL))
		return;
	CHECK(set.idle_s == 1800 && set.max_s == 43200 && set.refresh_s == 1500 && set.has_config);
	CHECK(set.scope == SCOPE_TERMINAL && set.cause == CAUSE_UNLOCK);
	CHECK(set.plans[0].valid_s == 0 && set.plans[1].valid_s == UINT32_MAX);
	CHECK(set.config.field[0] == 1ull << 33 && set.config.field[4] == 5ull << 33);
	CHECK(str_is(set.label, "shop") && str_is(set.root, "/home/me/shop") && str_is(set.provider, "vault"));
	CHECK(set.entry_count == 3 && set.secret_count == 7 && set.plan_count == 2 && set.op_count == 5);
	CHECK(set.entries[0].size == 3 && memcmp(set.entries[0].value, "a\0b", 3) == 0);
	CHECK(set.entries[2].kind == ENTRY_INTERNAL && str_is(set.entries[2].name, "@identity"));
	CHECK(set.plans[0].umask == 077 && set.plans[0].first == 0 && set.plans[0].count == 5);
	CHECK(set.plans[1].umask == UMASK_KEEP && set.plans[1].first == 5 && set.plans[1].count == 0);
	CHECK(set_op(&set, 0).type == RECORD_FILE && str_is(set_op(&set, 0).a, "aws") && str_is(set_op(&set, 0).b, "credentials"));
	CHECK(set_op(&set, 0).mode == 0600 && str_is(set_op(&set, 0).env, "AWS_FILE"));
	CHECK(set_op(&set, 1).type == RECORD_VALUE && str_is(set_op(&set, 1).env, "TOKEN"));
	CHECK(set_op(&set, 2).type == RECORD_BIND && set_op(&set, 2).entry == 1 && set_op(&set, 2).mode == 0400);
	CHECK(set_op(&set, 3).flags == 1 && str_is(set_op(&set, 3).env, "TF_IN_AUTOMATION") && str_is(set_op(&set, 3).b, "1"));
	CHECK(set_op(&set, 4).type == RECORD_MISSING && str_is(set_op(&set, 4).a, "OTHER"));
	CHECK(set_plan(&set, (struct str){"terraform", 9}) == &set.plans[0]);
	CHECK(set_plan(&set, (struct str){"tofu", 4}) == &set.plans[1]);
	CHECK(set_entry(&set, (struct str){"TOKEN", 5}) == &set.entries[0]);
	CHECK(set_entry(&set, (struct str){"TOKE", 4}) == NULL);
	CHECK(set_internal(&set, ENTRY_IDENTITY) == &set.entries[2] && set_internal(&set, "TOKEN") == NULL);
	const struct entry **sorted = set_sorted(&set);
	for (uint32_t i = 0; i < set.entry_count; i++)
		CHECK(set_find(&set, sorted, set.entries[i].name) == &set.entries[i]);
	CHECK(set_find(&set, sorted, (struct str){"TOKE", 4}) == NULL && set_find(&set, sorted, (struct str){"", 0}) == NULL);
	free(sorted);
	set_free(&set);
	writer_free(&b.w);
}

static void check_order(void)
{
	struct build own = {0};
	CHECK_TEXT(problem_of(&own), "END is missing");
	add_end(&own);
	CHECK_TEXT(problem_of(&own), "META must be the first record, once");
	add_entry(&own, ENTRY_SECRET, "A", "", 0);
	add_meta(&own);
	add_end(&own);
	CHECK_TEXT(problem_of(&own), "META must be the first record, once");
	REFUSED(add_meta(&b), "META must be the first record, once");
	REFUSED(add_entry(&b, ENTRY_SECRET, "B", "", 0), "an ENTRY after a PLAN");
	add_meta(&own);
	add_env(&own, 0, "A", "");
	add_end(&own);
	CHECK_TEXT(problem_of(&own), "an operation outside a PLAN");
	add_meta(&own);
	CHECK_TEXT(problem_of(&own), "END is missing");
	REFUSED(b.records++, "END does not fit the records before it");
	own = usual();
	add_end(&own);
	add_plan(&own, "late", UMASK_KEEP);
	CHECK_TEXT(problem_of(&own), "END does not fit the records before it");
	REFUSED((record_begin(&b, 10), record_end(&b)), "a record of unknown type");
	REFUSED((record_begin(&b, 0), record_end(&b)), "a record of unknown type");
	add_meta(&own); /* the smallest set */
	add_end(&own);
	CHECK_TEXT(problem_of(&own), NULL);
}

#define BAD_LENGTH "a record is not as long as its fields, or a field is over its bound"

static void check_lengths(void)
{
	REFUSED((add_missing(&b, "A"), put_u8(&b.w, 0), record_end(&b)), BAD_LENGTH);
	REFUSED((add_missing(&b, "A"), b.w.used--, record_end(&b)), BAD_LENGTH);
	struct build own = usual();
	add_end(&own);
	size_t whole = own.w.used;
	for (size_t cut = 1; cut < whole; cut++) { /* a set that ends anywhere is refused */
		struct build part = usual();
		add_end(&part);
		part.w.used = whole - cut;
		CHECK(problem_of(&part) != NULL);
	}
	CHECK_TEXT(problem_of(&own), NULL);
	ACCEPTED((record_begin(&b, RECORD_MISSING), put_u16(&b.w, 255), put_raw(&b.w, repeat('n', 255), 255), record_end(&b)));
	REFUSED(add_missing(&b, repeat('n', 256)), BAD_LENGTH);
	ACCEPTED(add_plan(&b, repeat('p', 255), UMASK_KEEP));
	REFUSED(add_plan(&b, repeat('p', 256), UMASK_KEEP), BAD_LENGTH);
	ACCEPTED(add_env(&b, 0, "A", repeat('v', SET_MAX_ENV)));
	REFUSED(add_env(&b, 0, "A", repeat('v', SET_MAX_ENV + 1)), BAD_LENGTH);
	char target[SET_MAX_PATH + 2];
	memset(target, '/', sizeof target);
	target[SET_MAX_PATH] = '\0';
	ACCEPTED(add_bind(&b, 0, target, 0600));
	target[SET_MAX_PATH] = '/';
	target[SET_MAX_PATH + 1] = '\0';
	REFUSED(add_bind(&b, 0, target, 0600), BAD_LENGTH);
	ACCEPTED(add_file(&b, 0, repeat('d', 255), "f", 0600, ""));
	REFUSED(add_file(&b, 0, repeat('d', 256), "f", 0600, ""), BAD_LENGTH);
}

static const char *entry_of(uint32_t size)
{
	uint8_t *value = allocate(size, 1);
	struct build b = {0};
	add_meta(&b);
	add_entry(&b, ENTRY_SECRET, "A", value, size);
	add_end(&b);
	free(value);
	return problem_of(&b);
}

static const char *entry_named(size_t length)
{
	struct build b = {0};
	add_meta(&b);
	add_entry(&b, ENTRY_SECRET, repeat('e', length), "", 0);
	add_end(&b);
	return problem_of(&b);
}

/* What is handed over at the lock has to fit into a socket at once. */
static const char *revoke_of(enum entry_kind kind, uint32_t size)
{
	uint8_t *value = allocate(size, 1);
	struct build b = {0};
	add_meta(&b);
	add_entry(&b, (uint8_t)kind, ENTRY_REVOKE, value, size);
	add_end(&b);
	free(value);
	return problem_of(&b);
}

static void check_entries(void)
{
	struct build b = {0};
	CHECK_TEXT(entry_named(255), NULL);
	CHECK_TEXT(entry_named(256), BAD_LENGTH);
	CHECK_TEXT(entry_of(0), NULL);
	CHECK_TEXT(entry_of(SET_MAX_VALUE), NULL);
	CHECK_TEXT(entry_of(SET_MAX_VALUE + 1), BAD_LENGTH);
	CHECK_TEXT(revoke_of(ENTRY_INTERNAL, SET_MAX_REVOKE), NULL);
	CHECK_TEXT(revoke_of(ENTRY_INTERNAL, SET_MAX_REVOKE + 1), "the entry @revoke is larger than 65,536 bytes");
	CHECK_TEXT(revoke_of(ENTRY_SECRET, SET_MAX_REVOKE + 1), NULL); /* somebody's own name */
	add_meta(&b);
	add_entry(&b, 3, "A", "", 0);
	add_end(&b);
	CHECK_TEXT(problem_of(&b), "an ENTRY of unknown kind");
	add_meta(&b);
	add_entry(&b, ENTRY_SECRET, "", "", 0);
	add_end(&b);
	CHECK_TEXT(problem_of(&b), "an ENTRY without a name");
	add_meta(&b);
	add_entry(&b, ENTRY_SECRET, "A", "1", 1);
	add_entry(&b, ENTRY_SECRET, "B", "2", 1);
	add_entry(&b, ENTRY_INTERNAL, "A", "3", 1);
	add_end(&b);
	CHECK_TEXT(problem_of(&b), "two entries with one name");
}

/* META with one byte of it changed; offset counts from its body. */
static const char *meta_with(size_t offset, uint8_t value)
{
	struct build b = {0};
	add_meta(&b);
	b.w.data[5 + offset] = value;
	add_end(&b);
	return problem_of(&b);
}

static void check_rules(void)
{
	for (size_t at = 12; at < 15; at++) { /* scope, cause, hasConfig */
		CHECK_TEXT(meta_with(at, 0), NULL);
		CHECK_TEXT(meta_with(at, 1), NULL);
		CHECK_TEXT(meta_with(at, 2), "META has an unknown scope, cause or flag");
	}
	REFUSED(add_plan(&b, "", 0), "a PLAN without a pattern or with a wrong umask");
	REFUSED(add_plan(&b, "x", 01000), "a PLAN without a pattern or with a wrong umask");
	ACCEPTED(add_plan(&b, "x", 0777));
	REFUSED(add_plan(&b, "terraform", 0), "two plans for one command");
	static const char *const bad_parts[] = {"", ".", "..", "a/b", "a b", "a\n", "\xc3\xa4", "a\\", "$a", "~"};
	for (size_t i = 0; i < sizeof bad_parts / sizeof *bad_parts; i++) {
		REFUSED(add_file(&b, 0, bad_parts[i], "f", 0600, ""), "a FILE with a name that is not allowed");
		REFUSED(add_file(&b, 0, "d", bad_parts[i], 0600, ""), "a FILE with a name that is not allowed");
	}
	REFUSED(add_file(&b, 0, "work", "f", 0600, ""), "a FILE with a name that is not allowed");
	REFUSED(add_file(&b, 0, ".binds", "0", 0600, ""), "a FILE with a name that is not allowed");
	ACCEPTED(add_file(&b, 0, "work2", ".dockerconfigjson", 0600, ""));
	ACCEPTED(add_file(&b, 1, "A-Z_0.9", "work", 0700, "_A9"));
	REFUSED(add_file(&b, 0, "d", "f", 0600, "9A"), "a FILE with a variable name that is not one");
	ACCEPTED(add_file(&b, 1, "d", "f", 0600 | MODE_WRITEBACK | MODE_TO_VAULT, ""));
	REFUSED(add_bind(&b, 0, "/x", 0600 | MODE_WRITEBACK), "a mode wider than 0700");
	REFUSED(add_file(&b, 0, "d", "f", 0640, ""), "a mode wider than 0700");
	REFUSED(add_file(&b, 0, "d", "f", 04600, ""), "a mode wider than 0700");
	REFUSED(add_bind(&b, 0, "/x", 0601), "a mode wider than 0700");
	REFUSED(add_bind(&b, 0, "x/y", 0600), "a BIND whose target is not an absolute path");
	REFUSED(add_bind(&b, 0, "/", 0600), "a BIND whose target is not an absolute path");
	REFUSED(add_bind(&b, 0, "", 0600), "a BIND whose target is not an absolute path");
	static const char *const bad_names[] = {"", "9", "A-B", "A=B", "A B", "\xc3\x84"};
	for (size_t i = 0; i < sizeof bad_names / sizeof *bad_names; i++) {
		REFUSED(add_value(&b, 0, bad_names[i]), "a VALUE with a variable name that is not one");
		REFUSED(add_env(&b, 0, bad_names[i], ""), "an ENV with a variable name or flag that is not one");
	}
	REFUSED(add_env(&b, 4, "A", ""), "an ENV with a variable name or flag that is not one");
	REFUSED(add_value(&b, 3, "A"), "an operation names an entry that is not there");
	REFUSED(add_value(&b, UINT32_MAX, "A"), "an operation names an entry that is not there");
	REFUSED(add_value(&b, 2, "A"), "an operation grants an internal entry");
	REFUSED(add_file(&b, 2, "d", "f", 0600, ""), "an operation grants an internal entry");
	REFUSED(add_bind(&b, 2, "/home/me/shop/x", 0600), "an operation grants an internal entry");
	REFUSED((add_file(&b, 0, "d", "f", 0600, ""), add_env(&b, 0, "A", ""), add_file(&b, 1, "d", "f", 0600, "")),
	        "two files of one plan at one place");
	ACCEPTED((add_file(&b, 0, "d", "f", 0600, ""), add_plan(&b, "tofu", 0), add_file(&b, 0, "d", "f", 0600, "")));
}

static const char *many(uint32_t entries, uint32_t plans, uint32_t ops)
{
	struct build b = {0};
	char name[16];
	add_meta(&b);
	for (uint32_t i = 0; i < entries; i++) {
		snprintf(name, sizeof name, "E%u", i);
		add_entry(&b, ENTRY_SECRET, name, "", 0);
	}
	for (uint32_t i = 0; i < plans; i++) {
		snprintf(name, sizeof name, "p%u", i);
		add_plan(&b, name, 0);
	}
	for (uint32_t i = 0; i < ops; i++)
		add_missing(&b, "M");
	add_end(&b);
	return problem_of(&b);
}

static void check_amounts(void)
{
	CHECK_TEXT(many(SET_MAX_ENTRIES, 0, 0), NULL);
	CHECK_TEXT(many(SET_MAX_ENTRIES + 1, 0, 0), "more than 16,384 entries");
	CHECK_TEXT(many(0, SET_MAX_PLANS, 0), NULL);
	CHECK_TEXT(many(0, SET_MAX_PLANS + 1, 0), "more than 512 plans");
	CHECK_TEXT(many(0, 1, SET_MAX_OPS), NULL);
	CHECK_TEXT(many(0, 1, SET_MAX_OPS + 1), "more than 65,536 operations");
}

void check_set(void)
{
	check_fields();
	check_order();
	check_lengths();
	check_entries();
	check_rules();
	check_amounts();
}
