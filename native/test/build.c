#include <string.h>

#include "test/check.h"

void put_text(struct writer *w, const char *text)
{
	put_str(w, text, strlen(text));
}

void record_begin(struct build *b, uint8_t type)
{
	put_u8(&b->w, type);
	b->record = b->w.used;
	put_u32(&b->w, 0);
	b->records++;
}

void record_end(struct build *b)
{
	uint32_t length = (uint32_t)(b->w.used - b->record - 4);
	for (int i = 0; i < 4; i++)
		b->w.data[b->record + (size_t)i] = (uint8_t)(length >> (8 * i));
}

void add_meta(struct build *b)
{
	add_meta_of(b, SCOPE_TERMINAL, CAUSE_UNLOCK);
}

void add_meta_of(struct build *b, enum scope scope, enum cause cause)
{
	record_begin(b, RECORD_META);
	put_u32(&b->w, 1800);
	put_u32(&b->w, 43200);
	put_u32(&b->w, 1500);
	put_u8(&b->w, (uint8_t)scope);
	put_u8(&b->w, (uint8_t)cause);
	put_u8(&b->w, 1); /* lock on exit */
	put_u8(&b->w, 0); /* the passphrase was not typed */
	put_u32(&b->w, 300);
	put_u8(&b->w, 1);
	for (uint64_t i = 1; i <= 5; i++)
		put_u64(&b->w, i << 33);
	for (int i = 0; i < WIRE_DIGEST; i++)
		put_u8(&b->w, (uint8_t)i);
	put_text(&b->w, "shop");
	put_text(&b->w, "/home/me/shop");
	put_text(&b->w, "vault");
	put_u32(&b->w, 7);
	record_end(b);
}

void add_entry(struct build *b, uint8_t kind, const char *name, const void *value, uint32_t size)
{
	record_begin(b, RECORD_ENTRY);
	put_u8(&b->w, kind);
	put_text(&b->w, name);
	put_u32(&b->w, size);
	put_raw(&b->w, value, size);
	record_end(b);
}

void add_plan(struct build *b, const char *pattern, uint16_t umask)
{
	add_plan_until(b, pattern, umask, 0);
}

void add_plan_until(struct build *b, const char *pattern, uint16_t umask, uint32_t valid_s)
{
	record_begin(b, RECORD_PLAN);
	put_text(&b->w, pattern);
	put_u16(&b->w, umask);
	put_u32(&b->w, valid_s);
	record_end(b);
}

void add_file(struct build *b, uint32_t entry, const char *dir, const char *file, uint16_t mode, const char *env)
{
	record_begin(b, RECORD_FILE);
	put_u32(&b->w, entry);
	put_text(&b->w, dir);
	put_text(&b->w, file);
	put_u16(&b->w, mode);
	put_text(&b->w, env);
	record_end(b);
}

void add_value(struct build *b, uint32_t entry, const char *env)
{
	record_begin(b, RECORD_VALUE);
	put_u32(&b->w, entry);
	put_text(&b->w, env);
	record_end(b);
}

void add_bind(struct build *b, uint32_t entry, const char *target, uint16_t mode)
{
	record_begin(b, RECORD_BIND);
	put_u32(&b->w, entry);
	put_text(&b->w, target);
	put_u16(&b->w, mode);
	record_end(b);
}

void add_env(struct build *b, uint8_t flags, const char *name, const char *value)
{
	record_begin(b, RECORD_ENV);
	put_u8(&b->w, flags);
	put_text(&b->w, name);
	put_text(&b->w, value);
	record_end(b);
}

void add_missing(struct build *b, const char *name)
{
	record_begin(b, RECORD_MISSING);
	put_text(&b->w, name);
	record_end(b);
}

void add_end(struct build *b)
{
	uint32_t before = b->records;
	record_begin(b, RECORD_END);
	put_u32(&b->w, before);
	record_end(b);
}
